"""A counted fact held against its limits: no sampling, no interval, so the answer is pass or fail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evalsuite.records import Answer, RuleOutcome, Severity


@dataclass(frozen=True, slots=True)
class Known:
    """A figure (None: nobody recorded it), its limit, and both in words."""

    what: str
    value: float | None
    at_most: float
    shown: str
    allowed: str


def judge_known(rule: str, metric: str, facts: Sequence[Known], severity: Severity) -> RuleOutcome:
    """Fail when a figure is above its limit, undecided when one is not known, otherwise pass."""
    above = [fact for fact in facts if fact.value is not None and fact.value > fact.at_most]
    unknown = [fact for fact in facts if fact.value is None]
    told = above or unknown or list(facts)
    sentence = "; ".join(
        f"{fact.what} is not known, and at most {fact.allowed} is allowed"
        if fact.value is None
        else f"{fact.what} is {fact.shown}; at most {fact.allowed} is allowed"
        for fact in told
    )
    answer: Answer = "fail" if above else "undecided" if unknown else "pass"
    return RuleOutcome(rule, metric, answer, sentence, value=told[0].value, severity=severity)
