"""The one decision: a policy's rules against the evidence; and what a policy could settle at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from evalsuite.gate.rule_options import mark_unsure
from evalsuite.gate.words import declaration_of
from evalsuite.plan.steps import Plan
from evalsuite.plugins import Rule
from evalsuite.records import (
    Answer,
    Evidence,
    Foreseen,
    Metric,
    Outlook,
    Result,
    Results,
    RuleOutcome,
    Suppose,
    Supposed,
    Terms,
    Verdict,
    declaration,
)
from evalsuite.spec.judging import ResolvedJudge
from evalsuite.spec.policy import Policy

_GRAVEST: tuple[Answer, ...] = ("invalid", "fail", "undecided", "pass")


def required_figures(judges: Mapping[str, ResolvedJudge]) -> list[tuple[str, float]]:
    """The metric and the limit of each figure that the documents of these judges require."""
    required = {name: its.judge.required for name, its in judges.items()}
    return [
        (f"judge.{judge}.{figure}", limit)
        for judge, its in required.items()
        if its is not None
        for figure, limit in its.figures.items()
    ]


def with_required(verdict: Verdict, judges: Mapping[str, ResolvedJudge], candidate: Results) -> Verdict:
    """The verdict with one outcome more for each figure that a judge's document requires; the gravest answer counts.

    Surely below is invalid, not surely above is undecided, and so is a figure that nobody measured.
    """
    figures = required_figures(judges)
    outcomes = tuple(_held(metric, limit, candidate.by_metric.get(metric)) for metric, limit in figures)
    answers = {verdict.answer, *(outcome.answer for outcome in outcomes)}
    answer = next(word for word in _GRAVEST if word in answers)
    return replace(verdict, answer=answer, outcomes=(*verdict.outcomes, *outcomes))


def _held(metric: str, limit: float, found: Result | None) -> RuleOutcome:
    if found is None or found.value is None:
        why = found.reason if found is not None else "it judged nothing here"
        return RuleOutcome("required", metric, "undecided", f"{metric} of at least {limit:g} is required: {why}")
    low = found.low if found.low is not None else found.value
    high = found.high if found.high is not None else found.value
    answer: Answer = "pass" if low >= limit else "invalid" if high < limit else "undecided"
    sentence = f"{metric} is {found.value:.3f} [{low:.3f}, {high:.3f}] over {found.n} labels; "
    sentence += f"the judge's document requires at least {limit:g}"
    return RuleOutcome("required", metric, answer, sentence, found.value, low, high, found.n)


_GRAVEST_FIRST: tuple[Answer, ...] = ("invalid", "fail", "undecided", "pass")


def decide(policy: Policy, evidence: Evidence) -> Verdict:
    """Invalid when a blocking rule finds the evidence so, else fail, else undecided when one says so, else pass."""
    terms = terms_of(policy)
    outcomes = _adjusted(policy, [check_rule(rule, evidence, terms) for rule in policy.rules])
    answers = {outcome.answer for outcome in outcomes if outcome.severity == "block"}
    answer: Answer = next((found for found in _GRAVEST_FIRST if found in answers), "pass")
    return Verdict(answer, policy.name, outcomes, evidence.baseline.subject)


def check_rule(rule: Rule, evidence: Evidence, terms: Terms) -> RuleOutcome:
    """What the rule finds; undecided with the reason where it makes no sense for what its metric turned out to be."""
    # Most of that is refused before anything runs; what another harness measures is known only now.
    metric = declaration_of(rule.metric, evidence)
    problems = rule.problems(metric) if metric is not None else []
    if problems:
        return RuleOutcome(rule.rule, rule.metric, "undecided", "; ".join(problems), severity=rule.severity)
    return rule.check(evidence, terms)


def terms_of(policy: Policy) -> Terms:
    """What the policy asks of its rules."""
    blocking = sum(rule.severity == "block" for rule in policy.rules)
    corrected = policy.multiplicity != "none"
    return Terms(policy.confidence, policy.minimum_n, rivals=max(1, blocking), corrected=corrected)


def _adjusted(policy: Policy, outcomes: Sequence[RuleOutcome]) -> tuple[RuleOutcome, ...]:
    """The outcomes, failures that do not stand beside the other blocking rules turned into undecided."""
    from evalsuite.stats.intervals.power import benjamini_hochberg, holm

    tested = [index for index, found in enumerate(outcomes) if found.severity == "block" and found.p_value is not None]
    if policy.multiplicity == "none" or not tested:
        return tuple(outcomes)
    adjust = holm if policy.multiplicity == "holm" else benjamini_hochberg
    scaled = [_on_policy_scale(policy, index, outcomes[index]) for index in tested]
    adjusted = dict(zip(tested, (float(value) for value in adjust(scaled)), strict=True))
    name = "Holm" if policy.multiplicity == "holm" else "Benjamini-Hochberg"
    found = list(outcomes)
    for index, p_value in adjusted.items():
        if found[index].answer in ("fail", "invalid") and p_value > 1 - policy.confidence:
            beside = f"{len(tested) - 1} other rules ({name}-adjusted p = {p_value:.2g})"
            found[index] = mark_unsure(found[index], beside)
    return tuple(found)


def _on_policy_scale(policy: Policy, index: int, outcome: RuleOutcome) -> float:
    # A rule with a confidence of its own fails at its own level; on one scale all levels are the policy's.
    own = policy.rules[index].asked(terms_of(policy))[0]
    assert outcome.p_value is not None
    return min(1.0, max(0.0, outcome.p_value * (1 - policy.confidence) / (1 - own)))


def foresee(
    policy: Policy, metrics: Mapping[str, Metric], counts: Mapping[str, int], suppose: Suppose
) -> tuple[Foreseen, ...]:
    """The outlook of every rule, where `metrics` will be measured on `counts` samples by entry."""
    terms = terms_of(policy)
    return tuple(
        _foreseen(rule, declaration(rule.metric, metrics.values()), counts, suppose, terms) for rule in policy.rules
    )


def foresee_plans(
    plans: Sequence[Plan], suppose: Suppose, *, policy: Policy | None = None
) -> list[tuple[str, Foreseen]]:
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
