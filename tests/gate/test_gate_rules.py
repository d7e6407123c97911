"""The gate: each rule passes, fails or says that it does not know yet, in a sentence that a person can act on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from evalsuite.gate.decide import decide
from evalsuite.gate.rule_options import RuleOptions
from evalsuite.gate.rules.ceiling import Ceiling
from evalsuite.gate.rules.floor import Floor
from evalsuite.gate.rules.non_inferior import NonInferior
from evalsuite.records import Answer, Evidence, Metric, Result, Results, RuleOutcome, Terms, Verdict
from evalsuite.spec.policy import Policy

DECLARED = {"m": Metric("m")}
BASE = Results("base")
TERMS = Terms()


def plain(outcome: RuleOutcome) -> RuleOutcome:
    """The outcome without the figures that have tests of their own."""
    return replace(outcome, p_value=None, needed=None)


def only(candidate: Results) -> Evidence:
    return Evidence(candidate, BASE)


def against(candidate: Results, baseline: Results) -> Evidence:
    return Evidence(candidate, baseline)


def measured(value: float | None, low: float | None, high: float | None, n: int = 100, **more: Any) -> Results:
    return Results("mine", by_metric={"m": Result("m", value, low, high, n, **more)})


def floor(at_least: float = 0.8, **options: Any) -> Floor:
    return Floor(rule="floor", metric="m", at_least=at_least, **options)


def ceiling(at_most: float = 0.1, **options: Any) -> Ceiling:
    return Ceiling(**{"rule": "ceiling", "metric": "m", "at_most": at_most, **options})


@pytest.mark.parametrize(
    ("interval", "answer", "sentence"),
    [
        ((0.9, 0.85, 0.95), "pass", "m is 0.900 [0.850, 0.950] over 100 samples; at least 0.8 is wanted"),
        ((0.9, 0.8, 0.95), "pass", "m is 0.900 [0.800, 0.950] over 100 samples; at least 0.8 is wanted"),
        ((0.7, 0.6, 0.79), "fail", "m is 0.700 [0.600, 0.790] over 100 samples; at least 0.8 is wanted"),
        ((0.82, 0.77, 0.87), "undecided",
         "m is 0.820 [0.770, 0.870] over 100 samples; at least 0.8 is wanted; "
         "about 1,178 more samples (1,278 in all) would settle it"),
        ((0.8, 0.7, 0.9), "undecided",
         "m is 0.800 [0.700, 0.900] over 100 samples; at least 0.8 is wanted; more samples would hardly settle it"),
    ],
)  # fmt: skip
def test_a_floor_wants_the_whole_interval_above_it(interval: Any, answer: Answer, sentence: str) -> None:
    value, low, high = interval
    expected = RuleOutcome("floor", "m", answer, sentence, value, low, high, 100)
    assert plain(floor().check(only(measured(*interval)), TERMS)) == expected


@pytest.mark.parametrize(
    ("interval", "answer", "sentence"),
    [
        ((0.03, 0.0, 0.1), "pass", "m is 0.030 [0.000, 0.100] over 100 samples; at most 0.1 is wanted"),
        ((0.3, 0.2, 0.4), "fail", "m is 0.300 [0.200, 0.400] over 100 samples; at most 0.1 is wanted"),
        ((0.1, 0.05, 0.15), "undecided",
         "m is 0.100 [0.050, 0.150] over 100 samples; at most 0.1 is wanted; more samples would hardly settle it"),
        ((0.2, 0.1, 0.3), "undecided",
         "m is 0.200 [0.100, 0.300] over 100 samples; at most 0.1 is wanted; "
         "about 105 more samples (205 in all) would settle it"),
    ],
)  # fmt: skip
def test_a_ceiling_wants_the_whole_interval_below_it(interval: Any, answer: Answer, sentence: str) -> None:
    value, low, high = interval
    expected = RuleOutcome("ceiling", "m", answer, sentence, value, low, high, 100)
    assert plain(ceiling().check(only(measured(*interval)), TERMS)) == expected


@pytest.mark.parametrize("interval", [(0.9, 0.85, 0.95), (0.1, 0.0, 0.2)])
def test_too_few_samples_decide_nothing_however_clear_they_look(interval: Any) -> None:
    found = floor(minimum_n=30).check(only(measured(*interval, n=29)), TERMS)
    assert found.answer == "undecided"
    assert found.sentence.endswith(
        "over 29 samples; at least 0.8 is wanted, over at least 30 samples; "
        "about 1 more sample (30 in all) would settle it"
    )
    assert floor(minimum_n=29).check(only(measured(*interval, n=29)), TERMS).answer in ("pass", "fail")


@pytest.mark.parametrize(
    ("results", "sentence"),
    [
        (BASE, "m has no value: it was not measured"),
        (measured(None, None, None, 0, reason="8 unscored: no answer"), "m has no value: 8 unscored: no answer"),
    ],
)
@pytest.mark.parametrize("rule", [floor(), ceiling()])
def test_a_metric_that_was_not_measured_is_undecided(rule: Any, results: Results, sentence: str) -> None:
    assert rule.check(only(results), TERMS) == RuleOutcome(rule.rule, "m", "undecided", sentence)


def test_a_value_without_an_interval_is_undecided() -> None:
    sentence = "m is 0.900 without an interval, which decides nothing"
    expected = RuleOutcome("floor", "m", "undecided", sentence, value=0.9, n=100)
    assert floor().check(only(measured(0.9, None, None)), TERMS) == expected


def paired(lost: int, gained: int, n: int) -> tuple[Results, Results]:
    """Candidate and baseline on n samples, so many of them lost and gained."""
    base = [1.0] * lost + [0.0] * gained + [1.0] * (n - lost - gained)
    ours = [0.0] * lost + [1.0] * gained + [1.0] * (n - lost - gained)
    candidate, baseline = ({str(number): value for number, value in enumerate(values)} for values in (ours, base))
    mine = Results("mine", scores={"m": candidate}, metrics=DECLARED)
    return mine, Results("base", scores={"m": baseline}, metrics=DECLARED)


def non_inferior(**options: Any) -> NonInferior:
    return NonInferior(**{"rule": "non_inferior", "metric": "m", "margin": 0.05, **options})


@pytest.mark.parametrize(
    ("counts", "answer", "start", "end"),
    [
        ((0, 0, 200), "pass", "m stayed the same against base [-0.0", "a loss of at most 0.05 is allowed"),
        ((2, 8, 200), "pass", "m rose 0.030 against base [", "a loss of at most 0.05 is allowed"),
        ((2, 0, 200), "pass", "m fell 0.010 against base [-0.0", "a loss of at most 0.05 is allowed"),
        ((60, 2, 200), "fail", "m fell 0.290 against base [-0.", "a loss of at most 0.05 is allowed"),
        ((12, 6, 200), "undecided", "m fell 0.030 against base [-0.0", "more samples (1,385 in all) would settle it"),
    ],
)
def test_non_inferiority_holds_the_bound_of_the_difference_against_the_margin(
    counts: Any, answer: Answer, start: str, end: str
) -> None:
    lost, gained, n = counts
    found = non_inferior().check(against(*paired(*counts)), TERMS)
    assert (found.rule, found.metric, found.answer, found.n) == ("non_inferior", "m", answer, n)
    assert found.value == pytest.approx((gained - lost) / n)
    assert found.sentence.startswith(start)
    assert found.sentence.endswith(end)
    assert "over 200 samples; a loss of at most 0.05 is allowed" in found.sentence


def test_the_whole_sentence_of_an_undecided_non_inferiority() -> None:
    found = non_inferior().check(against(*paired(12, 6, 200)), TERMS)
    assert found.low is not None
    assert found.high is not None
    bounds = f"[{found.low:+.3f}, {found.high:+.3f}]"
    assert found.sentence.startswith(
        f"m fell 0.030 against base {bounds} over 200 samples; a loss of at most 0.05 is allowed; about "
    )
    assert "+" in bounds or found.high < 0


def test_a_higher_confidence_asks_for_more() -> None:
    pair = paired(3, 0, 200)
    assert non_inferior(confidence=0.6).check(against(*pair), TERMS).answer == "pass"
    assert non_inferior(confidence=0.9999, margin=0.02).check(against(*pair), TERMS).answer == "undecided"


def test_too_few_pairs_are_undecided_with_the_number_that_is_wanted() -> None:
    found = non_inferior(minimum_n=20).check(against(*paired(0, 19, 19)), TERMS)
    assert found.answer == "undecided"
    assert found.sentence.endswith(
        "a loss of at most 0.05 is allowed, and at least 20 samples are wanted; "
        "about 1 more sample (20 in all) would settle it"
    )


@pytest.mark.parametrize("scores", [{}, {"m": {}}, {"m": {"other": 1.0}}])
def test_without_common_samples_non_inferiority_is_undecided(scores: Any) -> None:
    _, base = paired(0, 0, 30)
    found = non_inferior().check(against(Results("mine", scores=scores), base), TERMS)
    sentence = "m has no sample that both mine and base were scored on"
    assert found == RuleOutcome("non_inferior", "m", "undecided", sentence)


def test_one_common_sample_is_an_answer_not_an_accident() -> None:
    assert non_inferior(minimum_n=1).check(against(*paired(1, 0, 1)), TERMS).answer in ("fail", "undecided")


def test_groups_weigh_as_one() -> None:
    ours, base = paired(0, 0, 40)
    ours = replace(ours, scores={"m": dict.fromkeys(ours.scores["m"], 1.0)})
    base = Results("base", scores={"m": {key: float(int(key) % 2 == 0) for key in base.scores["m"]}})
    grouped = replace(ours, groups={"m": {key: str(int(key) % 2) for key in ours.scores["m"]}})
    alone, together = (non_inferior().check(against(found, base), TERMS) for found in (ours, grouped))
    assert alone.answer == "pass"
    assert together.low is not None
    assert alone.low is not None
    assert together.low < alone.low


class Says(RuleOptions):
    """A rule that has made up its mind."""

    rule: str = "says"
    metric: str = "m"
    answer: Answer

    def check(self, evidence: Evidence, terms: Terms) -> RuleOutcome:
        return RuleOutcome("says", "m", self.answer, f"it says {self.answer}")


@pytest.mark.parametrize(
    ("answers", "verdict"),
    [
        (["pass"], "pass"),
        (["pass", "pass"], "pass"),
        (["pass", "undecided"], "undecided"),
        (["undecided", "fail", "pass"], "fail"),
        (["fail", "invalid", "undecided"], "invalid"),
        (["invalid", "pass"], "invalid"),
    ],
)
def test_the_gravest_answer_is_the_verdict_and_every_rule_is_told(answers: list[Answer], verdict: Answer) -> None:
    policy = Policy.model_construct(
        name="p",
        confidence=0.95,
        multiplicity="holm",
        minimum_n=20,
        rules=tuple(Says(answer=answer) for answer in answers),
    )
    found = decide(policy, only(BASE))
    assert (found.answer, found.policy) == (verdict, "p")
    assert [outcome.answer for outcome in found.outcomes] == answers
    assert found.reasons == tuple(f"it says {answer}" for answer in answers if answer != "pass")


def test_a_policy_of_several_rules_is_decided_on_all_of_them() -> None:
    ours, base = paired(60, 2, 200)
    ours = replace(
        ours, by_metric={"m": Result("m", 0.9, 0.85, 0.95, 200), "harm": Result("harm", 0.9, 0.85, 0.95, 200)}
    )
    policy = Policy(schema_version=1, name="release", rules=(floor(), ceiling(metric="harm"), non_inferior()))
    evidence = against(ours, base)
    verdict = decide(policy, evidence)
    terms = Terms(rivals=3, corrected=True)
    assert verdict == Verdict("fail", "release", tuple(rule.check(evidence, terms) for rule in policy.rules))
    assert [outcome.answer for outcome in verdict.outcomes] == ["pass", "fail", "fail"]
    assert len(verdict.reasons) == 2


def test_the_baseline_of_a_policy_is_named_in_its_sentence() -> None:
    ours, base = paired(2, 0, 100)
    named = Results("production", scores=base.scores)
    assert " against production [" in non_inferior().check(against(ours, named), TERMS).sentence
