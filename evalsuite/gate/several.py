"""One rule over several metrics, or over the slices of one: each is checked and the gravest answer speaks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fnmatch import fnmatchcase

from evalsuite.gate.words import declared
from evalsuite.plugins import Rule
from evalsuite.records import Evidence, Metric, RuleOutcome, Terms

_GRAVITY = {"pass": 0, "undecided": 1, "fail": 2, "invalid": 3}


def gravest(rule: Rule, check: Callable[[str], RuleOutcome], evidence: Evidence) -> RuleOutcome:
    """The outcome of the metric that looks worst; undecided when the candidate has none that fits the rule's pattern.

    What fits and makes no sense for the rule (bits where it holds a share) is not what it is about.
    """
    fitting = [name for name in evidence.candidate.by_metric if fnmatchcase(name, rule.metric)]
    known = {name: declared(name, evidence) for name in fitting}
    names = [name for name, metric in known.items() if metric is None or not rule.problems(metric)]
    if not names:
        sentence = f"{rule.metric} has no value: it was not measured"
        return RuleOutcome(rule.rule, rule.metric, "undecided", sentence, severity=rule.severity)
    found = [check(name) for name in names]
    worst = max(found, key=lambda outcome: (_GRAVITY[outcome.answer], outcome.value or 0.0))
    if len(names) == 1:
        return worst
    return replace(worst, sentence=f"{worst.sentence} (the worst of {len(names)} that fit {rule.metric})")


def slices_of(metric: str, evidence: Evidence) -> tuple[Metric, ...]:
    """The declared slices of a metric that candidate or baseline has, by name."""
    known = {**evidence.baseline.metrics, **evidence.candidate.metrics}
    return tuple(known[name] for name in sorted(known) if known[name].parent == metric and known[name].is_slice)


def each_slice(rule: Rule, of: Callable[[str], Rule], evidence: Evidence, terms: Terms) -> RuleOutcome:
    """The rule held against each slice of its metric (`of` makes it one about a slice); the worst slice speaks.

    All must pass, which needs no correction. Failures are adjusted for the number of slices (Holm 1979): one that does
    not stand beside the others is undecided.
    """
    from evalsuite.stats.multiplicity import holm

    slices = slices_of(rule.metric, evidence)
    if not slices:
        sentence = f"{rule.metric} has no slices: its samples have no subject, or were scored before these were kept"
        return RuleOutcome(rule.rule, rule.metric, "undecided", sentence, severity=rule.severity)
    found = [of(metric.name).check(evidence, terms) for metric in slices]
    order = sorted(range(len(found)), key=lambda place: 1.0 if (p := found[place].p_value) is None else p)
    tested = [place for place, outcome in enumerate(found) if outcome.p_value is not None]
    adjusted = holm([found[place].p_value or 0.0 for place in tested]) if tested else ()
    for place, p_value in zip(tested, (float(value) for value in adjusted), strict=True):
        found[place] = replace(found[place], p_value=p_value)
        if found[place].answer in ("fail", "invalid") and p_value > 1 - rule.asked(terms)[0]:
            found[place] = doubted(found[place], f"{len(tested) - 1} other slices (Holm-adjusted p = {p_value:.2g})")
    # Of equally grave ones the one that is nearest to failing, before adjusting makes many of them alike.
    worst = max((found[place] for place in order), key=lambda its: _GRAVITY[its.answer])
    held = sum(outcome.answer == "pass" for outcome in found)
    return replace(worst, sentence=f"{held} of {len(found)} slices of {rule.metric} hold; worst: {worst.sentence}")


def doubted(outcome: RuleOutcome, beside: str) -> RuleOutcome:
    """A failure that is not sure enough beside others, told so."""
    return replace(outcome, answer="undecided", sentence=f"{outcome.sentence}; not sure enough beside {beside}")
