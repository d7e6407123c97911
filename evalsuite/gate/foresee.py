"""What a policy could settle at all: the samples a suite has against those that each rule would need.

Miller 2024, Eq. 9 and 10, with a power of 0.8. The truth is supposed to lie some distance (`gap`) on the good side of a
rule's limit; the variance is that of right and wrong answers there, the largest that scores from 0 to 1 can have.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evalsuite.gate.decide import terms_of
from evalsuite.gate.need import entry_of
from evalsuite.plan import Plan
from evalsuite.plugins import Rule
from evalsuite.records import Foreseen, Outlook, Terms
from evalsuite.spec.policy import Policy

_LEAST_VARIANCE = 0.02 * 0.98


@dataclass(frozen=True, slots=True)
class Suppose:
    """What is supposed of the truth: its distance from a limit, and the share of answers that training changes."""

    gap: float = 0.1
    flips: float = 0.1


def foresee(policy: Policy, counts: Mapping[str, int], suppose: Suppose) -> tuple[Foreseen, ...]:
    """The outlook of every rule, with `counts` samples by entry."""
    terms = terms_of(policy)
    return tuple(_foreseen(rule, counts, suppose, terms) for rule in policy.rules)


def foreseen(plans: Sequence[Plan], suppose: Suppose, *, policy: Policy | None = None) -> list[tuple[str, Foreseen]]:
    """The outlook of every rule of every plan's policy, by the samples that the plan counts; by the spec's name."""
    found = []
    for planned in plans:
        chosen = policy or planned.resolved.policy
        counts = {step.entry: step.cost.samples for step in planned.steps if step.entry and step.role == "candidate"}
        found += [(planned.name, seen) for seen in foresee(chosen, counts, suppose)] if chosen is not None else []
    return found


def _foreseen(rule: Rule, counts: Mapping[str, int], suppose: Suppose, terms: Terms) -> Foreseen:
    from evalsuite.stats.power import PairedVariance, minimum_detectable_effect, sample_size

    name = str(getattr(rule, "rule", "?"))
    entry = entry_of(rule.metric, counts)
    supposed = _supposed(rule, suppose)
    if supposed is None or entry is None:
        return Foreseen(name, rule.metric, rule.severity, "counted")
    gap, variance, two_sided = supposed
    confidence = getattr(rule, "confidence", None) or terms.confidence
    confidence = confidence if two_sided else 2 * confidence - 1
    least = getattr(rule, "minimum_n", None) or terms.minimum_n
    n = counts[entry]
    needed = max(least, sample_size(gap, PairedVariance(variance), confidence=confidence))
    settles = minimum_detectable_effect(n, PairedVariance(variance), confidence=confidence)
    outlook: Outlook = "can be settled" if n >= needed else "only a larger gap" if n >= least else "too few samples"
    return Foreseen(name, rule.metric, rule.severity, outlook, n, gap, needed, settles)


def _supposed(rule: Any, suppose: Suppose) -> tuple[float, float, bool] | None:
    """The gap, the variance of one sample, and whether the rule's interval is two-sided; None for counted rules."""
    if hasattr(rule, "margin"):
        # The hope of a non-inferiority rule is that nothing changed, so the margin itself is the gap.
        return rule.margin, suppose.flips, False
    if hasattr(rule, "by"):
        return suppose.gap, suppose.flips, False
    if str(getattr(rule, "rule", "")) in ("contamination", "overfit"):
        return None
    if getattr(rule, "at_least", None) is not None:
        gap = min(suppose.gap, 1 - rule.at_least) or suppose.gap
        return gap, _variance(rule.at_least + gap), True
    if getattr(rule, "at_most", None) is not None:
        gap = min(suppose.gap, rule.at_most) or suppose.gap
        return gap, _variance(rule.at_most - gap), True
    return None


def _variance(share: float) -> float:
    return max(_LEAST_VARIANCE, share * (1 - share)) if 0 <= share <= 1 else 0.25
