"""The rules beyond floor, ceiling and non-inferiority: each on evidence small enough to check by hand."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from evalsuite import plugins
from evalsuite.gate.rules.contamination import ContaminationRule
from evalsuite.gate.rules.cost import CostRule
from evalsuite.gate.rules.fidelity import Fidelity
from evalsuite.gate.rules.floor import Floor
from evalsuite.gate.rules.judge_health import JudgeHealth
from evalsuite.gate.rules.latency import Latency
from evalsuite.gate.rules.max_flips import MaxFlips
from evalsuite.gate.rules.memorisation import Memorisation
from evalsuite.gate.rules.overfit import Overfit
from evalsuite.gate.rules.size import Size
from evalsuite.gate.rules.superior import Superior
from evalsuite.gate.rules.win_rate import WinRate
from evalsuite.records import Answer, Evidence, Facts, Metric, Result, Results, Terms, TrainingPoint

TERMS = Terms()
NOTHING = Facts()
DECLARED = {"m": Metric("m"), "style.score": Metric("style.score", "style")}


def results(*found: Result, subject: str = "mine", **scores: dict[str, float]) -> Results:
    return Results(subject, {result.metric: result for result in found}, scores, metrics=DECLARED)


def about(*found: Result, facts: Facts = NOTHING, base: tuple[Result, ...] = ()) -> Evidence:
    return Evidence(results(*found), results(*base, subject="base"), facts=facts)


def right(lost: int, gained: int, n: int) -> Evidence:
    """Candidate and base on n answers, so many lost and gained; the others right in both."""
    base = [1.0] * lost + [0.0] * gained + [1.0] * (n - lost - gained)
    ours = [0.0] * lost + [1.0] * (n - lost)
    columns = ({f"{number:04}": value for number, value in enumerate(values)} for values in (ours, base))
    return Evidence(
        *(
            Results(name, scores={"m": column}, metrics=DECLARED)
            for name, column in zip(("mine", "base"), columns, strict=True)
        )
    )


def test_superiority_wants_the_bound_above_the_gain() -> None:
    def rule(by: float) -> Superior:
        return Superior(rule="superior", metric="m", by=by)

    assert rule(0.02).check(right(12, 30, 200), TERMS).answer == "pass"
    assert rule(0.08).check(right(12, 30, 200), TERMS).answer == "undecided"
    assert rule(0.5).check(right(12, 30, 200), TERMS).answer == "fail"
    found = rule(0.02).check(right(12, 30, 200), TERMS)
    assert found.sentence.startswith("m rose 0.090 against base [+0.03")
    assert found.sentence.endswith("over 200 samples; a gain of more than 0.02 is wanted")


@pytest.mark.parametrize(("lost", "answer"), [(9, "pass"), (16, "undecided"), (60, "fail")])
def test_flips_count_what_was_lost_whatever_was_gained(lost: int, answer: Answer) -> None:
    found = MaxFlips(rule="max_flips", metric="m", at_most=0.1).check(right(lost, 30, 200), TERMS)
    assert (found.answer, found.value, found.metric) == (answer, lost / 200, "m")
    assert found.sentence.startswith(f"the share of m lost against base is {lost / 200:.3f} [")


def test_what_is_neither_right_nor_wrong_cannot_flip() -> None:
    grades = {"1": 0.5, "2": 1.0}
    evidence = Evidence(results(m=grades), results(m=grades, subject="base"))
    found = MaxFlips(rule="max_flips", metric="m", at_most=0.1).check(evidence, TERMS)
    assert found.answer == "undecided"
    assert "neither right nor wrong" in found.sentence


@pytest.mark.parametrize(
    ("interval", "answer"), [((0.7, 0.6, 0.8), "pass"), ((0.5, 0.4, 0.6), "undecided"), ((0.2, 0.1, 0.3), "fail")]
)
def test_a_win_rate_must_surely_be_above_one_half(interval: Any, answer: Answer) -> None:
    found = WinRate(rule="win_rate", metric="duel.win_rate").check(about(Result("duel.win_rate", *interval, 60)), TERMS)
    assert found.answer == answer


def test_fidelity_without_a_value_says_why() -> None:
    missing = Result("style.fidelity", None, None, None, 60, reason="the author does not score above the base")
    found = Fidelity(rule="fidelity", metric="style.fidelity").check(about(missing), TERMS)
    assert (found.answer, found.sentence) == (
        "undecided",
        "style.fidelity has no value: the author does not score above the base",
    )


def test_a_bad_judge_makes_the_verdict_invalid_not_failed() -> None:
    def rule(**limit: float) -> JudgeHealth:
        return JudgeHealth(rule="judge_health", metric="judge.strict.consistency", **limit)

    evidence = about(Result("judge.strict.consistency", 0.61, 0.52, 0.69, 120))
    assert rule(at_least=0.8).check(evidence, TERMS).answer == "invalid"
    assert rule(at_least=0.5).check(evidence, TERMS).answer == "pass"
    assert rule(at_most=0.3).check(evidence, TERMS).answer == "invalid"
    for limits in ({}, {"at_least": 0.5, "at_most": 0.9}):
        with pytest.raises(ValidationError, match="one limit"):
            rule(**limits)


def test_one_contaminated_entry_makes_the_verdict_invalid_and_is_named() -> None:
    rule = ContaminationRule(rule="contamination")
    shares = [Result("overlap.facts", 0.0, 0.0, 0.0, 5), Result("overlap.sums", 0.03, 0.03, 0.03, 200)]
    found = rule.check(about(*shares), TERMS)
    assert (found.answer, found.metric) == ("invalid", "overlap.sums")
    assert found.sentence.endswith("(the worst of 2 that fit overlap.*)")
    assert rule.check(about(shares[0]), TERMS).answer == "pass"
    assert rule.check(about(), TERMS).answer == "undecided"


def test_memorisation_is_a_ceiling_on_every_measure_of_it() -> None:
    rule = Memorisation(rule="memorisation", at_most=0.01)
    clean = Result("memorisation.verbatim", 0.0, 0.0, 0.009, 400)
    some = Result("memorisation.longest", 0.003, 0.0, 0.014, 400)
    recited = Result("memorisation.verbatim", 0.2, 0.16, 0.24, 400)
    assert rule.check(about(clean), TERMS).answer == "pass"
    assert rule.check(about(clean, some), TERMS).answer == "undecided"
    assert rule.check(about(recited, some), TERMS).answer == "fail"


def curve(*losses: float) -> Facts:
    return Facts(curve=tuple(TrainingPoint(10 * step, None, loss) for step, loss in enumerate(losses, 1)))


def test_a_loss_that_rose_again_is_overfitting() -> None:
    rule = Overfit(rule="overfit", at_most=0.05)
    risen = rule.check(about(facts=curve(0.5, 0.412, 0.466)), TERMS)
    assert (risen.answer, risen.sentence) == (
        "fail",
        "the held-out loss rose from 0.412 at step 20 to 0.466; a rise of at most 5% is allowed",
    )
    best = rule.check(about(facts=curve(0.5, 0.412)), TERMS)
    assert (best.answer, best.sentence) == (
        "pass",
        "the held-out loss ended at its best, 0.412; a rise of at most 5% is allowed",
    )
    assert rule.check(about(), TERMS).answer == "undecided"


@pytest.mark.parametrize(
    ("rule", "facts", "answer", "sentence"),
    [
        (Size(rule="size", at_most_mb=20), Facts(adapter_bytes=3_500_000), "pass",
         "the adapter's size is 3.50 MB; at most 20 MB is allowed"),
        (Size(rule="size", at_most_mb=2, at_most_parameters=10), Facts(adapter_bytes=3_500_000, trained_parameters=9),
         "fail", "the adapter's size is 3.50 MB; at most 2 MB is allowed"),
        (Size(rule="size", at_most_parameters=10), Facts(), "undecided",
         "the number of trained parameters is not known, and at most 10 is allowed"),
        (CostRule(rule="cost", at_most_seconds=60), Facts(train_seconds=61.5), "fail",
         "the training's wall time is 61.5 s; at most 60 s is allowed"),
        (CostRule(rule="cost", at_most_dollars=2), Facts(money=1.25), "pass",
         "the money for scoring is $1.25; at most $2.00 is allowed"),
    ],
)  # fmt: skip
def test_counted_facts_are_never_undecided_but_for_being_unknown(
    rule: Any, facts: Facts, answer: Answer, sentence: str
) -> None:
    found = rule.check(about(facts=facts), TERMS)
    assert (found.answer, found.sentence) == (answer, sentence)


@pytest.mark.parametrize("kind", [Size, CostRule, Latency])
def test_a_rule_without_a_limit_is_refused(kind: Any) -> None:
    tag = {Size: "size", CostRule: "cost", Latency: "latency"}[kind]
    more = {"metric": "latency.style"} if kind is Latency else {}
    with pytest.raises(ValidationError, match="limit"):
        kind(rule=tag, **more)


def test_latency_by_the_clock_and_against_the_baseline() -> None:
    ours, theirs = Result("latency.style", 0.30, 0.28, 0.32, 60), Result("latency.style", 0.20, 0.19, 0.21, 60)
    evidence = about(ours, base=(theirs,))

    def rule(**limit: float) -> Latency:
        return Latency(rule="latency", metric="latency.style", **limit)

    assert rule(at_most_seconds=0.5).check(evidence, TERMS).answer == "pass"
    assert rule(at_most_seconds=0.1).check(evidence, TERMS).answer == "fail"
    assert rule(at_most_times=2.0).check(evidence, TERMS).answer == "pass"
    assert rule(at_most_times=1.2).check(evidence, TERMS).answer == "fail"
    assert rule(at_most_times=1.5).check(evidence, TERMS).answer == "undecided"
    assert rule(at_most_times=1.5).check(about(ours), TERMS).answer == "undecided"


def test_money_is_told_where_a_sample_has_a_price() -> None:
    evidence = about(Result("style.score", 0.82, 0.77, 0.87, 100), facts=Facts(prices={"style": 0.01, "s": 5.0}))
    found = Floor(rule="floor", metric="style.score", at_least=0.8).check(evidence, TERMS)
    assert (found.needed, found.money) == (1278, pytest.approx(11.78))
    assert found.sentence.endswith("about 1,178 more samples (1,278 in all) would settle it, for about $11.78")


def test_another_confidence_stretches_the_interval() -> None:
    evidence = about(Result("m", 0.9, 0.82, 0.95, 100))
    floor = Floor(rule="floor", metric="m", at_least=0.8)
    assert floor.check(evidence, Terms(confidence=0.95)).answer == "pass"
    sure = floor.check(evidence, Terms(confidence=0.99))
    assert sure.answer == "undecided"
    assert sure.low == pytest.approx(0.9 - 0.08 * 2.5758293 / 1.9599640)
    assert floor.model_copy(update={"confidence": 0.95}).check(evidence, Terms(confidence=0.99)).answer == "pass"


@pytest.mark.parametrize("low", [0.1, 0.3, 0.49, 0.51, 0.7])
@pytest.mark.parametrize("side", ["floor", "ceiling"])
def test_the_p_value_is_small_exactly_when_the_rule_fails(low: float, side: str) -> None:
    kind = plugins.find("rules")[side]
    limit = {"at_least": 0.5} if side == "floor" else {"at_most": 0.5}
    for width in (0.05, 0.2, 0.28):
        evidence = about(Result("m", low + width / 3, low, low + width, 100))
        found = kind(rule=side, metric="m", **limit).check(evidence, TERMS)
        assert (found.answer == "fail") == (found.p_value < 0.05)


def test_every_rule_answers_nothing_where_nothing_was_measured() -> None:
    options: dict[str, dict[str, Any]] = {
        "floor": {"metric": "m", "at_least": 0.5},
        "ceiling": {"metric": "m", "at_most": 0.5},
        "non_inferior": {"metric": "m", "margin": 0.1},
        "superior": {"metric": "m"},
        "max_flips": {"metric": "m", "at_most": 0.1},
        "fidelity": {"metric": "m.fidelity"},
        "win_rate": {"metric": "m.win_rate"},
        "judge_health": {"metric": "judge.x.y", "at_least": 0.5},
        "contamination": {},
        "memorisation": {"at_most": 0.1},
        "overfit": {},
        "cost": {"at_most_seconds": 1},
        "latency": {"metric": "latency.m", "at_most_seconds": 1},
        "size": {"at_most_mb": 1},
    }
    assert set(options) == set(plugins.find("rules"))
    for name, kind in plugins.find("rules").items():
        for sequential in ({}, {"sequential": True}) if "sequential" in kind.model_fields else ({},):
            found = kind(rule=name, severity="warn", **options[name], **sequential).check(about(), TERMS)
            assert (found.rule, found.answer, found.severity) == (name, "undecided", "warn")
