"""The one decision: a policy's rules against the evidence."""

from __future__ import annotations

from evalsuite.records import Answer, Results, Verdict
from evalsuite.spec.policy import Policy


def decide(policy: Policy, candidate: Results, *, baseline: Results) -> Verdict:
    """Invalid when a rule finds the evidence so, else fail, else undecided when a rule says so, else pass."""
    outcomes = tuple(rule.check(candidate, baseline) for rule in policy.rules)
    answers = {outcome.answer for outcome in outcomes}
    order: tuple[Answer, ...] = ("invalid", "fail", "undecided", "pass")
    answer = next(found for found in order if found in answers)
    return Verdict(answer, policy.name, outcomes)
