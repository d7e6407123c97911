"""The decision: severity, correction for many rules, and the two error rates that it promises."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from evalsuite.gate.decide import decide
from evalsuite.gate.rules.floor import Floor
from evalsuite.gate.rules.non_inferior import NonInferior
from evalsuite.records import Evidence, Metric, Result, Results, by_name
from evalsuite.spec.policy import Policy


def floors(count: int, *, severity: str = "block", **options: object) -> Policy:
    rules = tuple(Floor(rule="floor", metric=f"m{i}", at_least=0.5, severity=severity) for i in range(count))
    return Policy(schema_version=1, name="p", rules=rules, **options)


def evidence(*results: Result) -> Evidence:
    return Evidence(Results("mine", {result.metric: result for result in results}), Results("base"))


def below(metric: str, *, by: float) -> Result:
    """A result whose interval ends below 0.5, so that its floor fails with a p-value near 2 P(Z > by)."""
    return Result(metric, 0.5 - by * 0.01, 0.4, 0.5 - by * 0.01 + 1.959964 * 0.01, 100)


def above(metric: str) -> Result:
    return Result(metric, 0.9, 0.85, 0.95, 100)


def test_a_failure_that_is_barely_one_does_not_stand_beside_many_rules() -> None:
    found = evidence(below("m0", by=2.1), *(above(f"m{i}") for i in range(1, 5)))
    for multiplicity, answer in (("none", "fail"), ("holm", "undecided"), ("bh", "undecided")):
        verdict = decide(floors(5, multiplicity=multiplicity), found)
        assert verdict.answer == answer
    sentence = decide(floors(5), found).outcomes[0].sentence
    assert sentence.endswith("; not sure enough beside 4 other rules (Holm-adjusted p = 0.18)")
    assert sentence.startswith("m0 is 0.479 [0.400, 0.499] over 100 samples; at least 0.5 is wanted")


def test_a_clear_failure_stays_one_beside_any_number_of_rules() -> None:
    found = evidence(below("m0", by=4.0), *(above(f"m{i}") for i in range(1, 20)))
    assert decide(floors(20), found).answer == "fail"


def test_passes_need_no_correction() -> None:
    barely = Result("m0", 0.52, 0.5, 0.54, 100)
    assert decide(floors(5), evidence(barely, *(above(f"m{i}") for i in range(1, 5)))).answer == "pass"


def test_a_rule_that_warns_blocks_nothing_and_is_told() -> None:
    warns = Floor(rule="floor", metric="m0", at_least=0.5, severity="warn")
    policy = Policy(schema_version=1, name="p", rules=(*floors(2).rules[1:], warns))
    verdict = decide(policy, evidence(below("m0", by=9.0), above("m1")))
    assert verdict.answer == "pass"
    assert [(outcome.answer, outcome.severity, outcome.blocks) for outcome in verdict.outcomes] == [
        ("pass", "block", False),
        ("fail", "warn", False),
    ]
    assert len(verdict.reasons) == 1


def test_a_policy_of_warnings_only_is_refused() -> None:
    with pytest.raises(ValidationError, match="every rule only warns"):
        floors(2, severity="warn")


def test_the_verdict_names_what_it_compared_with() -> None:
    found = Evidence(Results("mine", {"m0": above("m0")}), Results("production"))
    assert decide(floors(1), found).baseline == "production"


RULES = 6
ITEMS = 150
DRAWS = 250


def drawn(generator: np.random.Generator, lost: list[float]) -> Evidence:
    """Six metrics of right and wrong answers; of metric i the candidate loses `lost[i]` and gains 0.06."""
    ours: dict[str, dict[str, float]] = {}
    base: dict[str, dict[str, float]] = {}
    for number, rate in enumerate(lost):
        before = (generator.random(ITEMS) < 0.7).astype(float)
        flips = generator.random(ITEMS)
        # Lost among the right ones, gained among the wrong ones, so that the true difference is known.
        after = np.where((before > 0) & (flips < rate / 0.7), 0.0, before)
        after = np.where((before == 0) & (flips < 0.06 / 0.3), 1.0, after)
        ours[f"m{number}"] = {f"{i:03}": float(value) for i, value in enumerate(after)}
        base[f"m{number}"] = {f"{i:03}": float(value) for i, value in enumerate(before)}
    metrics = by_name(Metric(name) for name in ours)
    return Evidence(Results("mine", scores=ours, metrics=metrics), Results("base", scores=base))


def policy(multiplicity: str) -> Policy:
    rules = tuple(NonInferior(rule="non_inferior", metric=f"m{i}", margin=0.06) for i in range(RULES))
    return Policy(schema_version=1, name="p", multiplicity=multiplicity, rules=rules)


def test_the_chance_to_release_what_breaks_one_rule_is_at_most_alpha() -> None:
    """One metric sits exactly on its margin, the others are fine: the worst case of a wrong release."""
    generator = np.random.default_rng(1)
    answers = [decide(policy("holm"), drawn(generator, [0.12] + [0.0] * 5)).answer for _ in range(DRAWS)]
    # Binomial(250, 0.05) is at most 20 with probability 0.98.
    assert answers.count("pass") <= 20


def test_the_chance_to_fail_what_keeps_every_rule_is_at_most_alpha_and_without_correction_it_is_not() -> None:
    """Every metric sits exactly on its margin: the worst case of a wrong failure."""
    generator = np.random.default_rng(2)
    found = [drawn(generator, [0.12] * RULES) for _ in range(DRAWS)]
    failed = {name: sum(decide(policy(name), one).answer == "fail" for one in found) for name in ("holm", "none")}
    assert failed["holm"] <= 20
    assert failed["none"] >= 38
