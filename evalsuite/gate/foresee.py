"""What a policy could settle at all: the samples a suite has against those that each rule would need.

Miller 2024, Eq. 9 and 10, with a power of 0.8. Each rule says how far from its limit the truth is supposed to lie, and
how much one sample varies there at most.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evalsuite.gate.decide import terms_of
from evalsuite.plan.steps import Plan
from evalsuite.plugins import Rule
from evalsuite.records import Foreseen, Metric, Outlook, Suppose, Supposed, Terms, declaration
from evalsuite.spec.policy import Policy


def foresee(
    policy: Policy, metrics: Mapping[str, Metric], counts: Mapping[str, int], suppose: Suppose
) -> tuple[Foreseen, ...]:
    """The outlook of every rule, where `metrics` will be measured on `counts` samples by entry."""
    terms = terms_of(policy)
    return tuple(
        _foreseen(rule, declaration(rule.metric, metrics.values()), counts, suppose, terms) for rule in policy.rules
    )


def foreseen(plans: Sequence[Plan], suppose: Suppose, *, policy: Policy | None = None) -> list[tuple[str, Foreseen]]:
    """The outlook of every rule of every plan's policy, by the samples that the plan counts; by the spec's name."""
    found = []
    for planned in plans:
        chosen = policy or planned.resolved.policy
        counts = {step.entry: step.cost.samples for step in planned.steps if step.entry and step.role == "candidate"}
        if chosen is not None:
            metrics = planned.resolved.metrics
            found += [(planned.name, seen) for seen in foresee(chosen, metrics, counts, suppose)]
    return found


def _foreseen(rule: Rule, metric: Metric | None, counts: Mapping[str, int], suppose: Suppose, terms: Terms) -> Foreseen:
    from evalsuite.stats.intervals.power import PairedVariance, minimum_detectable_effect, sample_size

    found = rule.supposed(suppose, metric)
    # How many samples each slice has is known once they are drawn.
    if rule.by_slice or (metric is not None and metric.is_slice):
        found = "cannot be foreseen"
    n = counts.get(metric.entry) if metric is not None and metric.entry is not None else None
    if not isinstance(found, Supposed):
        return Foreseen(rule.rule, rule.metric, rule.severity, found)
    if n is None:
        return Foreseen(rule.rule, rule.metric, rule.severity, "cannot be foreseen")
    confidence, least = rule.asked(terms)
    confidence = confidence if found.two_sided else 2 * confidence - 1
    variance = PairedVariance(found.variance)
    needed = max(least, sample_size(found.gap, variance, confidence=confidence))
    settles = minimum_detectable_effect(n, variance, confidence=confidence)
    outlook: Outlook = "can be settled" if n >= needed else "only a larger gap" if n >= least else "too few samples"
    return Foreseen(rule.rule, rule.metric, rule.severity, outlook, n, found.gap, needed, settles)
