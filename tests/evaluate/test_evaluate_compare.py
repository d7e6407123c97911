"""Candidate against baseline: paired differences, fidelity to the author, answers lost and gained."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evalsuite.evaluate.pairwise.comparison import compare
from evalsuite.evaluate.pairwise.difference import difference, differences
from evalsuite.evaluate.probes.flips import FlipsProbe
from evalsuite.records import Metric, Results, Score
from evalsuite.spec.suite import Benchmark, JudgedSet, Suite

FLIPS = FlipsProbe(probe="flips", of=("facts",))


def results(subject: str, groups: dict[str, dict[str, str]] | None = None, **scores: list[float]) -> Results:
    """Results with scores for samples 0, 1, ...; `facts__accuracy` is the metric facts.accuracy."""
    named = {metric.replace("__", "."): dict(_numbered(values)) for metric, values in scores.items()}
    return declared(Results(subject, scores=named, groups=groups or {}))


def declared(found: Results) -> Results:
    """Results whose every metric is a share of the benchmark before its last word, more being better."""
    metrics = {name: Metric(name, entry=name.rpartition(".")[0] or None) for name in found.scores}
    return replace(found, metrics=metrics)


def _numbered(values: list[float]) -> list[tuple[str, float]]:
    return [(f"{number:03}", value) for number, value in enumerate(values)]


def test_a_planted_difference_is_found_with_its_interval() -> None:
    ours = results("mine", facts__accuracy=[1, 1, 1, 0, 1, 0, 1, 1, 0, 1])
    theirs = results("base", facts__accuracy=[1, 0, 1, 0, 1, 0, 0, 1, 0, 1])
    found = difference(Metric("facts.accuracy"), ours, baseline=theirs)
    assert found is not None
    assert (found.metric, found.baseline, found.n, found.gained, found.lost) == ("facts.accuracy", "base", 10, 2, 0)
    assert found.difference == pytest.approx(0.2)
    assert found.low < 0.2 < found.high


def test_what_two_tokenisers_count_differently_is_not_compared() -> None:
    loss = Metric("book.nats_per_token", direction="lower", high=None, unit="nats")
    ours, theirs = (
        Results("mine", scores={loss.name: {"a": 2.0, "b": 3.0}}, weights={loss.name: weights})
        for weights in ({"a": 40.0, "b": 9.0}, {"a": 55.0, "b": 12.0})
    )
    assert difference(loss, ours, baseline=theirs) is None
    assert difference(loss, ours, baseline=ours) is not None


def test_only_common_samples_are_compared() -> None:
    ours = Results("mine", scores={"m": {"a": 1.0, "b": 1.0, "c": 0.0}})
    theirs = Results("base", scores={"m": {"b": 0.0, "c": 0.0, "d": 1.0}})
    found = difference(Metric("m"), ours, baseline=theirs)
    assert found is not None
    assert (found.n, found.difference) == (2, 0.5)


def test_without_a_common_sample_there_is_no_difference() -> None:
    ours, theirs = Results("mine", scores={"m": {"a": 1.0}}), Results("base", scores={"m": {"b": 1.0}, "x": {"a": 1.0}})
    assert difference(Metric("m"), ours, baseline=theirs) is None
    assert difference(Metric("x"), ours, baseline=theirs) is None
    assert differences(declared(ours), theirs) == []


def test_differences_come_by_metric_name() -> None:
    ours, theirs = (results(name, b=[1.0, 0.0], a=[0.5, 0.5]) for name in ("mine", "base"))
    assert [found.metric for found in differences(ours, theirs)] == ["a", "b"]


def test_a_group_of_samples_is_one_piece_of_evidence() -> None:
    scores = {"m": [1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0]}
    groups = {"m": {f"{number:03}": str(number // 4) for number in range(8)}}
    base = results("base", m=[0.0] * 8)
    alone = difference(Metric("m"), results("mine", **scores), baseline=base)
    grouped = difference(Metric("m"), results("mine", groups, **scores), baseline=base)
    assert alone is not None
    assert grouped is not None
    assert alone.difference == grouped.difference == 0.5
    assert grouped.high - grouped.low > alone.high - alone.low


SUITE = Suite(
    schema_version=1,
    name="s",
    judged=(JudgedSet(name="style", data="x", rubric="r", judge="j"),),
    benchmarks=(Benchmark.model_validate({"name": "facts", "task": {"kind": "multiple_choice"}, "data": "x"}),),
    probes=(FLIPS,),
)


@pytest.mark.parametrize(("candidate", "fidelity"), [(0.9, 1.0), (0.1, 0.0), (0.5, 0.5), (0.7, 0.75)])
def test_fidelity_is_where_the_candidate_stands_between_base_and_author(candidate: float, fidelity: float) -> None:
    wobble = [0.02, -0.02] * 20
    base, ours, author = (
        results(name, style__score=[level + shift for shift in wobble])
        for name, level in (("base", 0.1), ("mine", candidate), ("author", 0.9))
    )
    found = compare(SUITE, base, ours, author=author).results[0]
    assert found.metric == "style.fidelity"
    assert found.value == pytest.approx(fidelity, abs=1e-9)
    assert found.low is not None
    assert found.high is not None
    assert found.low <= found.value <= found.high
    assert found.n == 40
    assert found.detail == f"score: base 0.100, candidate {candidate:.3f}, author 0.900"


def test_fidelity_without_a_distance_between_base_and_author_has_a_reason_and_no_value() -> None:
    same = [0.5] * 10
    base, ours, author = (results(name, style__score=same) for name in ("base", "mine", "author"))
    found = compare(SUITE, base, ours, author=author).results[0]
    assert (found.value, found.low, found.high, found.n) == (None, None, None, 10)
    assert found.reason


def test_fidelity_without_a_common_sample_has_a_reason() -> None:
    empty = Results("x")
    found = compare(SUITE, empty, empty, author=empty).results[0]
    assert found.reason == "no sample was scored for candidate, base and author alike"


def planted(lost: int, gained: int, n: int = 100) -> tuple[Results, Results]:
    """Base and candidate on a benchmark where so many answers were lost and gained."""
    base = [1.0] * lost + [0.0] * gained + [1.0] * (n - lost - gained)
    ours = [0.0] * lost + [1.0] * gained + [1.0] * (n - lost - gained)
    return results("base", facts__accuracy=base), results("mine", facts__accuracy=ours)


def test_the_worked_example_of_flips() -> None:
    outcome = FLIPS.measure(*planted(lost=10, gained=2))
    lost, gained, kept = outcome.results
    assert (lost.metric, lost.value, lost.n) == ("flips.facts", 0.1, 100)
    assert lost.detail == "10 lost, 2 gained; exact McNemar p = 0.0386; lost: 000, 001, 002, 003, 004 and 5 more"
    assert (gained.metric, gained.value) == ("flips.facts.gained", 0.02)
    assert (kept.metric, kept.value, kept.detail) == (
        "flips.facts.kept",
        -0.08,
        "undecided within 0.05; about 789 samples would settle it",
    )
    (compared,) = outcome.comparisons
    assert (compared.metric, compared.gained, compared.lost) == ("flips.facts.kept", 2, 10)
    assert compared.p_value == pytest.approx(0.0385742, abs=1e-7)
    assert outcome.scores[:1] == (Score("000", "flips.facts", 1.0),)
    assert sum(score.value or 0 for score in outcome.scores) == 10


def test_nothing_lost_is_a_rate_of_zero_with_an_honest_interval() -> None:
    result, _, kept = FLIPS.measure(*planted(lost=0, gained=0)).results
    assert kept.detail is not None
    assert kept.detail.startswith("non-inferior within 0.05 (p = 0.0")
    assert (result.value, result.low, result.detail) == (0.0, 0.0, "0 lost, 0 gained; exact McNemar p = 1")
    assert result.high is not None
    assert 0.03 < result.high < 0.05


def test_a_loss_surely_beyond_the_margin_is_worse() -> None:
    assert FLIPS.measure(*planted(lost=40, gained=0)).results[2].detail == "worse by more than 0.05"


def test_answers_lost_together_with_others_of_their_group_are_named_first() -> None:
    base, ours = planted(lost=3, gained=0)
    grouped = replace(ours, groups={"facts.accuracy": {"001": "towns", "002": "towns"}})
    detail = FLIPS.measure(base, grouped).results[0].detail
    assert detail is not None
    assert detail.endswith("lost: 001, 002, 000")


def test_flips_of_a_benchmark_are_not_those_of_one_with_a_longer_name() -> None:
    base, ours = (
        declared(Results(name, scores={"facts.hard.accuracy": {"a": 1.0}, "facts.accuracy": {"a": value}}))
        for name, value in (("base", 1.0), ("mine", 0.0))
    )
    assert FLIPS.measure(base, ours).results[0].value == 1.0


@pytest.mark.parametrize(
    ("base", "ours"),
    [
        (Results("base"), Results("mine")),
        (results("base", facts__accuracy=[1.0]), Results("mine")),
        (
            Results("base", scores={"facts.accuracy": {"a": 1.0}}),
            declared(Results("mine", scores={"facts.accuracy": {"b": 1.0}})),
        ),
    ],
)
def test_flips_without_common_samples_have_a_reason(base: Results, ours: Results) -> None:
    outcome = FLIPS.measure(base, ours)
    assert outcome.scores == ()
    assert outcome.results[0].reason == "facts has no sample scored for base and candidate both"


def test_flips_of_graded_scores_have_a_reason() -> None:
    base, ours = results("base", facts__accuracy=[1.0, 0.5]), results("mine", facts__accuracy=[1.0, 0.0])
    assert FLIPS.measure(base, ours).results[0].reason == "facts has scores that are neither right nor wrong"


def test_a_comparison_holds_fidelities_probes_and_differences() -> None:
    base, ours = planted(lost=3, gained=1)
    outcome = compare(SUITE, base, ours, author=Results("author"))
    assert [found.metric for found in outcome.results] == [
        "style.fidelity",
        "flips.facts",
        "flips.facts.gained",
        "flips.facts.kept",
    ]
    assert [found.metric for found in outcome.comparisons] == ["facts.accuracy", "flips.facts.kept"]
    assert len(outcome.scores) == 100
