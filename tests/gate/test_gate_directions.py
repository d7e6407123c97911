"""A rule knows which way its metric is better: the worse candidate fails, the better passes, nonsense is refused."""

from __future__ import annotations

from math import log
from typing import Any, Literal

import numpy as np
import pytest
from pydantic import ValidationError

from evalsuite.gate.decide import decide, foresee
from evalsuite.gate.rules.ceiling import Ceiling
from evalsuite.gate.rules.contamination import ContaminationRule
from evalsuite.gate.rules.floor import Floor
from evalsuite.gate.rules.judge_health import JudgeHealth
from evalsuite.gate.rules.latency import Latency
from evalsuite.gate.rules.max_flips import MaxFlips
from evalsuite.gate.rules.non_inferior import NonInferior
from evalsuite.gate.rules.superior import Superior
from evalsuite.gate.rules.win_rate import WinRate
from evalsuite.plugins import Rule, find
from evalsuite.records import (
    Direction,
    Evidence,
    Facts,
    Metric,
    Result,
    Results,
    RuleOutcome,
    Suppose,
    Terms,
    TrainingPoint,
)
from evalsuite.spec.policy import Policy

TERMS = Terms()
N = 60
IDS = [f"{number:03}" for number in range(N)]
NOISE = np.random.default_rng(4).normal(0, 0.02, N)

Side = Literal["worse", "better"]


def verdict(rule: Rule, evidence: Evidence) -> RuleOutcome:
    [outcome] = decide(Policy(schema_version=1, name="p", rules=(rule,)), evidence).outcomes
    return outcome


def measured(metric: Metric, value: float) -> Evidence:
    """The candidate's result alone, with a narrow interval."""
    result = Result(metric.name, value, value - 0.01, value + 0.01, N)
    return Evidence(Results("mine", {metric.name: result}, metrics={metric.name: metric}), Results("base"))


def scored(metric: Metric, ours: Any, base: Any, **more: Any) -> Evidence:
    """Scores of both on the same samples."""
    metrics = {metric.name: metric, **more.pop("metrics", {})}
    columns = ({metric.name: dict(zip(IDS, map(float, values), strict=True))} for values in (ours, base))
    pairs = zip(("mine", "base"), columns, strict=True)
    return Evidence(*(Results(name, scores=its, metrics=metrics, **more) for name, its in pairs))


def paired(direction: Direction, side: Side, *, high: float | None = 1.0) -> Evidence:
    """Scores around one half; the candidate's 0.3 on the better or the worse side of the base's."""
    metric = Metric("book.figure", "book", direction, high=high)
    step = 0.3 if (direction == "higher") == (side == "better") else -0.3
    return scored(metric, 0.5 + step + NOISE, 0.5 + NOISE[::-1])


def flipped(direction: Direction, side: Side) -> Evidence:
    """Answers of which 20 of 60 changed, all for the better or all for the worse."""
    few, many = [1.0] * 20 + [0.0] * 40, [1.0] * 40 + [0.0] * 20
    up = (direction == "higher") == (side == "better")
    return scored(Metric("book.figure", "book", direction), many if up else few, few if up else many)


def on_scale(direction: Direction, side: Side, *, name: str = "book.figure") -> Evidence:
    return measured(Metric(name, "book", direction), 0.9 if (direction == "higher") == (side == "better") else 0.1)


def won(direction: Direction, side: Side) -> Evidence:
    metric = Metric("duel.win_rate", "duel", direction)
    wins = {key: float(place % 10 < (9 if side == "better" else 1)) for place, key in enumerate(IDS)}
    result = Result(metric.name, sum(wins.values()) / N, sum(wins.values()) / N - 0.1, sum(wins.values()) / N + 0.1, N)
    metrics = {metric.name: metric}
    return Evidence(Results("mine", {metric.name: result}, {metric.name: wins}, metrics=metrics), Results("base"))


def styled(direction: Direction, side: Side) -> Evidence:
    names = ("style.fidelity", "style.score")
    metrics = {name: Metric(name, "style", direction) for name in names}
    columns = {"mine": 0.9 if side == "better" else 0.2, "base": 0.1, "author": 1.0}
    scores = {name: {"style.score": dict.fromkeys(IDS, value)} for name, value in columns.items()}
    value = (columns["mine"] - 0.1) / 0.9
    results = {"style.fidelity": Result("style.fidelity", value, value - 0.01, value + 0.01, N)}
    mine, base, author = (Results(name, scores=its, metrics=metrics) for name, its in scores.items())
    return Evidence(Results("mine", results, mine.scores, metrics=metrics), base, base, author)


def told(worse: Facts, better: Facts) -> Any:
    def of(direction: Direction, side: Side) -> Evidence:
        return Evidence(Results("mine"), Results("base"), facts=worse if side == "worse" else better)

    return of


def curve(*losses: float) -> Facts:
    return Facts(curve=tuple(TrainingPoint(10 * step, None, loss) for step, loss in enumerate(losses, 1)))


def named(name: str) -> Any:
    return lambda direction, side: on_scale(direction, side, name=name)


FIGURE = "book.figure"
TABLE: list[tuple[dict[str, Any], Direction, Any]] = [
    ({"rule": "floor", "metric": FIGURE, "at_least": 0.5}, "higher", on_scale),
    ({"rule": "ceiling", "metric": FIGURE, "at_most": 0.5}, "lower", on_scale),
    ({"rule": "non_inferior", "metric": FIGURE, "margin": 0.05}, "higher", paired),
    ({"rule": "non_inferior", "metric": FIGURE, "margin": 0.05}, "lower", paired),
    ({"rule": "non_inferior", "metric": FIGURE, "margin": 0.05, "sequential": True}, "higher", paired),
    ({"rule": "non_inferior", "metric": FIGURE, "margin": 0.05, "sequential": True}, "lower", paired),
    ({"rule": "non_inferior", "metric": FIGURE, "margin": 0.05}, "higher", flipped),
    ({"rule": "non_inferior", "metric": FIGURE, "margin": 0.05}, "lower", flipped),
    ({"rule": "superior", "metric": FIGURE, "by": 0.1}, "higher", paired),
    ({"rule": "superior", "metric": FIGURE, "by": 0.1}, "lower", paired),
    ({"rule": "superior", "metric": FIGURE}, "lower", flipped),
    ({"rule": "max_flips", "metric": FIGURE, "at_most": 0.1}, "higher", flipped),
    ({"rule": "max_flips", "metric": FIGURE, "at_most": 0.1}, "lower", flipped),
    ({"rule": "fidelity", "metric": "style.fidelity"}, "higher", styled),
    ({"rule": "fidelity", "metric": "style.fidelity", "sequential": True}, "higher", styled),
    ({"rule": "win_rate", "metric": "duel.win_rate"}, "higher", won),
    ({"rule": "win_rate", "metric": "duel.win_rate", "sequential": True}, "higher", won),
    (
        {"rule": "judge_health", "metric": "judge.a.consistency", "at_least": 0.5},
        "higher",
        named("judge.a.consistency"),
    ),
    ({"rule": "judge_health", "metric": "judge.a.unparsed", "at_most": 0.5}, "lower", named("judge.a.unparsed")),
    ({"rule": "contamination", "at_most": 0.5}, "lower", named("overlap.facts")),
    ({"rule": "memorisation", "at_most": 0.5}, "lower", named("memorisation.verbatim")),
    ({"rule": "latency", "metric": "latency.facts", "at_most_seconds": 0.5}, "lower", named("latency.facts")),
    ({"rule": "overfit"}, "lower", told(curve(0.5, 0.4, 0.6), curve(0.5, 0.4))),
    ({"rule": "cost", "at_most_seconds": 60}, "lower", told(Facts(train_seconds=90), Facts(train_seconds=9))),
    ({"rule": "size", "at_most_mb": 1}, "lower", told(Facts(adapter_bytes=9_000_000), Facts(adapter_bytes=9_000))),
]


def rule_of(options: dict[str, Any]) -> Rule:
    found: Rule = find("rules")[options["rule"]](**options)
    return found


@pytest.mark.parametrize(("options", "direction", "evidence"), TABLE)
def test_the_clearly_worse_fails_and_the_clearly_better_passes(
    options: dict[str, Any], direction: Direction, evidence: Any
) -> None:
    rule = rule_of(options)
    broken = "invalid" if options["rule"] in ("contamination", "judge_health") else "fail"
    found = {side: verdict(rule, evidence(direction, side)) for side in ("worse", "better")}
    assert {side: outcome.answer for side, outcome in found.items()} == {"worse": broken, "better": "pass"}


def test_the_table_has_every_rule_in_every_direction_that_it_takes() -> None:
    assert {options["rule"] for options, _, _ in TABLE} == set(find("rules"))
    for name in ("non_inferior", "superior", "max_flips"):
        assert {direction for options, direction, _ in TABLE if options["rule"] == name} == {"higher", "lower"}


LOSS = Metric("book.nats_per_token", "book", "lower", high=None, unit="nats")


def wrecked() -> Evidence:
    """Perplexity rose from 2.3 to 2,764, on texts of different length."""
    before, after = log(2.3) + NOISE, log(2764) + NOISE[::-1]
    weights = {LOSS.name: {key: 20.0 + place for place, key in enumerate(IDS)}}
    return scored(LOSS, after, before, weights=weights)


def test_a_perplexity_that_rose_from_2_to_2764_is_a_loss_and_no_gain() -> None:
    kept = verdict(NonInferior(rule="non_inferior", metric=LOSS.name, margin=0.05), wrecked())
    assert kept.answer == "fail"
    assert kept.sentence.startswith("book.nats_per_token rose 7.09 nats against base [+7.09, +7.1")
    assert kept.sentence.endswith("] over 60 samples, where less is better; a loss of at most 0.05 is allowed")
    assert kept.value == pytest.approx(7.09, abs=0.02)
    assert kept.low is not None
    assert kept.high is not None
    assert kept.low < kept.value < kept.high
    better = verdict(Superior(rule="superior", metric=LOSS.name, by=0.1), wrecked())
    assert better.answer == "fail"
    assert better.sentence.endswith(", where less is better; a gain of more than 0.1 is wanted")


def test_samples_that_count_differently_do_so_in_the_gate_as_in_the_comparison() -> None:
    from evalsuite.evaluate.pairwise.difference import difference

    evidence = wrecked()
    found = verdict(NonInferior(rule="non_inferior", metric=LOSS.name, margin=0.05, confidence=0.975), evidence)
    compared = difference(LOSS, evidence.candidate, baseline=evidence.baseline)
    assert compared is not None
    assert (found.value, found.low, found.high) == pytest.approx((compared.difference, compared.low, compared.high))


@pytest.mark.parametrize("kind", ["non_inferior", "superior", "max_flips"])
@pytest.mark.parametrize(
    ("metrics", "sentence"),
    [
        ({}, "nobody declared whether more or less of m is better"),
        ({"m": Metric("m", direction="neither")}, "neither more nor less of m is better"),
    ],
)
def test_where_neither_way_is_better_or_nobody_says_so_nothing_passes(
    kind: str, metrics: dict[str, Metric], sentence: str
) -> None:
    limit: dict[str, Any] = {"non_inferior": {"margin": 0.1}, "superior": {}, "max_flips": {"at_most": 0.1}}[kind]
    scores = {"m": dict.fromkeys(IDS, 1.0)}
    evidence = Evidence(*(Results(name, scores=scores, metrics=metrics) for name in ("mine", "base")))
    found = verdict(rule_of({"rule": kind, "metric": "m", **limit}), evidence)
    assert found.answer == "undecided"
    assert found.sentence.startswith(sentence)


SHARE, HARM = Metric("facts.accuracy", "facts"), Metric("facts.harm", "facts", "lower")
RATIO = Metric("duel.length_ratio", "duel", "neither", high=None, unit="ratio")
SECONDS = Metric("latency.facts", "facts", "lower", high=None, unit="seconds")


@pytest.mark.parametrize(
    ("rule", "metric", "problems"),
    [
        (Floor(rule="floor", metric="m", at_least=0.5), HARM,
         ["less is better in facts.harm, so that at_least would ask for the worse; use `ceiling` with `at_most`"]),
        (Floor(rule="floor", metric="m", at_least=0), SHARE,
         ["facts.accuracy is never below 0, so at_least 0 can never fail; raise it"]),
        (Floor(rule="floor", metric="m", at_least=80), SHARE,
         ["facts.accuracy is never above 1, so at_least 80 can never pass; lower it"]),
        (Floor(rule="floor", metric="m", at_least=0.8), RATIO, []),
        (Ceiling(rule="ceiling", metric="m", at_most=0.5), SHARE,
         ["more is better in facts.accuracy, so that at_most would block the better; use `floor` with `at_least`"]),
        (Ceiling(rule="ceiling", metric="m", at_most=1), HARM,
         ["facts.harm is never above 1, so at_most 1 can never fail; lower it"]),
        (Ceiling(rule="ceiling", metric="m", at_most=-1), HARM,
         ["facts.harm is never below 0, so at_most -1 can never pass; raise it"]),
        (Ceiling(rule="ceiling", metric="m", at_most=0), HARM, []),
        (NonInferior(rule="non_inferior", metric="m", margin=1), SHARE,
         ["no two values of facts.accuracy are more than 1 apart, so margin 1 can never fail; lower it"]),
        (NonInferior(rule="non_inferior", metric="m", margin=0.1), RATIO,
         ["neither more nor less of duel.length_ratio is better, so nothing counts as a loss; hold it with `floor` and "
          "`ceiling`"]),
        (NonInferior(rule="non_inferior", metric="m", margin=5), LOSS, []),
        (NonInferior(rule="non_inferior", metric="m", margin=5, sequential=True), LOSS,
         ["the scores of book.nats_per_token have no declared end on both sides, without which nothing can be settled "
          "early; leave out `sequential`"]),
        (Superior(rule="superior", metric="m", by=1), SHARE,
         ["no two values of facts.accuracy are more than 1 apart, so by 1 can never pass; lower it"]),
        (MaxFlips(rule="max_flips", metric="m", at_most=0.1), LOSS,
         ["the scores of book.nats_per_token are not right (1) or wrong (0), so that none can flip; use "
          "`non_inferior`"]),
        (MaxFlips(rule="max_flips", metric="m", at_most=0.1), HARM, []),
        (WinRate(rule="win_rate", metric="m"), SECONDS,
         ["latency.facts is no share from 0 to 1, which this rule is about; use `floor` or `ceiling`"]),
        (WinRate(rule="win_rate", metric="m"), HARM,
         ["less is better in facts.harm, so that at_least would ask for the worse; use `ceiling` with `at_most`"]),
        (JudgeHealth(rule="judge_health", metric="judge.a.b", at_least=0.9), HARM,
         ["less is better in facts.harm, so that at_least would ask for the worse; use `at_most`"]),
        (ContaminationRule(rule="contamination", at_most=1), HARM,
         ["facts.harm is never above 1, so at_most 1 can never fail; lower it"]),
        (Latency(rule="latency", metric="latency.facts", at_most_seconds=2), SECONDS, []),
    ],
)  # fmt: skip
def test_a_rule_that_makes_no_sense_for_its_metric_says_why_and_what_to_do(
    rule: Rule, metric: Metric, problems: list[str]
) -> None:
    assert rule.problems(metric) == problems


def test_what_a_metric_turns_out_to_be_is_held_against_the_rule_when_it_is_decided() -> None:
    found = verdict(Floor(rule="floor", metric=HARM.name, at_least=0.5), measured(HARM, 0.9))
    assert (found.answer, found.sentence.split(",")[0]) == ("undecided", "less is better in facts.harm")


def test_scores_beyond_their_declared_ends_are_not_bet_on() -> None:
    rule = NonInferior(rule="non_inferior", metric="m", margin=0.05, sequential=True)
    evidence = scored(Metric("m"), [5.0] * N, [1.0] * N)
    assert verdict(rule, evidence).answer == "pass"
    grown = Evidence(evidence.candidate, evidence.baseline, partial=True)
    assert "beyond the declared ends" in verdict(rule, grown).sentence


def by_subject(lost: dict[str, int], *, each: int = 40, direction: Direction = "higher") -> Evidence:
    """Answers to `each` questions of every subject, so many of them lost, with a result of every subject."""
    parent = Metric("facts.accuracy", "facts", direction)
    parts = {
        name: Metric(f"facts.accuracy.{name}", "facts", direction, parent=parent.name, slice=name) for name in lost
    }
    slices, ours, base, results = {}, {}, {}, {}
    for subject, gone in lost.items():
        for number in range(each):
            key = f"{subject}-{number}"
            slices[key], base[key], ours[key] = subject, float(direction == "higher"), float(direction == "higher")
            if number < gone:
                ours[key] = 1 - base[key]
        value = sum(ours[key] for key in ours if slices[key] == subject) / each
        results[parts[subject].name] = Result(parts[subject].name, value, value - 0.02, value + 0.02, each)
    metrics = {parent.name: parent, **{part.name: part for part in parts.values()}}
    columns = {"mine": ours, "base": base}
    return Evidence(
        *(
            Results(name, results, {parent.name: scores}, metrics=metrics, slices={parent.name: slices})
            for name, scores in columns.items()
        )
    )


LOST = {"law": 0, "medicine": 1, "trades": 20, "history": 0}


@pytest.mark.parametrize("direction", ["higher", "lower"])
def test_every_subject_must_keep_the_rule_and_the_worst_is_named(direction: Direction) -> None:
    rule = NonInferior(rule="non_inferior", metric="facts.accuracy", margin=0.2, every="subject")
    found = verdict(rule, by_subject(LOST, direction=direction))
    moved = "fell" if direction == "higher" else "rose"
    assert (found.answer, found.metric, found.n) == ("fail", "facts.accuracy.trades", 40)
    assert found.sentence.startswith(
        f"3 of 4 slices of facts.accuracy hold; worst: facts.accuracy.trades {moved} 0.500 against base ["
    )
    kept = verdict(rule, by_subject({**LOST, "trades": 0}, direction=direction))
    assert kept.answer == "pass"
    assert kept.sentence.startswith("4 of 4 slices of facts.accuracy hold; worst: facts.accuracy.medicine")
    # The mean over all subjects would have hidden it.
    mean = NonInferior(rule="non_inferior", metric="facts.accuracy", margin=0.2)
    assert verdict(mean, by_subject(LOST, direction=direction)).answer == "pass"


def test_a_failure_that_many_slices_would_bring_by_chance_is_undecided() -> None:
    rule = MaxFlips(rule="max_flips", metric="facts.accuracy", at_most=0.05, every="subject")
    alone = verdict(rule, by_subject({"trades": 7}))
    assert alone.answer == "fail"
    beside = verdict(rule, by_subject({"trades": 7, **{f"subject {number}": 0 for number in range(9)}}))
    assert beside.answer == "undecided"
    assert "not sure enough beside 9 other slices (Holm-adjusted p = " in beside.sentence


def test_one_slice_can_be_held_alone_and_by_its_result() -> None:
    evidence = by_subject(LOST)
    one = verdict(NonInferior(rule="non_inferior", metric="facts.accuracy.trades", margin=0.2), evidence)
    assert (one.answer, one.n) == ("fail", 40)
    floor = verdict(Floor(rule="floor", metric="facts.accuracy", at_least=0.8, every="slice"), evidence)
    assert floor.sentence.startswith("3 of 4 slices of facts.accuracy hold; worst: facts.accuracy.trades is 0.500 [")


def test_a_subject_with_too_few_samples_is_undecided_and_counts() -> None:
    found = verdict(
        Floor(rule="floor", metric="facts.accuracy", at_least=0.5, every="subject"), by_subject({"law": 0}, each=10)
    )
    assert (found.answer, found.sentence[:44]) == ("undecided", "0 of 1 slices of facts.accuracy hold; worst:")


def test_a_metric_without_slices_is_undecided_and_slices_are_not_settled_early() -> None:
    rule = Floor(rule="floor", metric="facts.accuracy", at_least=0.5, every="subject")
    assert verdict(rule, measured(SHARE, 0.9)).sentence.startswith("facts.accuracy has no slices")
    with pytest.raises(ValidationError, match="leave out `sequential`"):
        NonInferior(rule="non_inferior", metric="m", margin=0.1, every="subject", sequential=True)


def test_each_rule_foresees_on_its_metrics_own_scale_or_says_that_nobody_can() -> None:
    wide = Metric("exam.points", "exam", high=10.0, unit="points")
    rules = (
        NonInferior(rule="non_inferior", metric="facts.accuracy", margin=0.1),
        NonInferior(rule="non_inferior", metric="exam.points", margin=1),
        NonInferior(rule="non_inferior", metric=LOSS.name, margin=0.1),
        Floor(rule="floor", metric="facts.accuracy", at_least=0.5, every="subject"),
        Floor(rule="floor", metric="unheard.of", at_least=0.5),
        ContaminationRule(rule="contamination"),
    )
    policy = Policy(schema_version=1, name="p", rules=rules)
    metrics = {metric.name: metric for metric in (SHARE, wide, LOSS)}
    seen = foresee(policy, metrics, {"facts": 62, "exam": 62, "book": 62}, Suppose())
    assert [its.outlook for its in seen] == [
        "can be settled", "can be settled", "cannot be foreseen", "cannot be foreseen", "cannot be foreseen", "counted",
    ]  # fmt: skip
    assert [its.needed for its in seen[:2]] == [62, 62]
