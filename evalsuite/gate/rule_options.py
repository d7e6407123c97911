"""What rules share: their options, counted facts held against limits, and one rule over several metrics."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field

from evalsuite.gate.words import declaration_of
from evalsuite.plugins import Rule
from evalsuite.records import Answer, Evidence, Metric, Outlook, RuleOutcome, Severity, Suppose, Supposed, Terms
from evalsuite.spec.document import Document


class RuleOptions(Document):
    """How much a rule weighs, and where it differs from its policy's confidence and smallest sample.

    Every rule is one of these; what it does not override of `plugins.Rule` is answered here.
    """

    version: ClassVar[int] = 0
    severity: Annotated[Severity, Field(description="block: it must pass; warn: it is only told")] = "block"
    confidence: Annotated[float | None, Field(gt=0.5, lt=1, description="the policy's unless given")] = None
    minimum_n: Annotated[int | None, Field(ge=1, description="the policy's unless given")] = None

    @property
    def by_slice(self) -> bool:
        """False: the rule is about its metric as a whole."""
        return False

    @property
    def looks_every(self) -> int | None:
        """None: every sample is to be measured before the rule is looked at."""
        return None

    def asked(self, terms: Terms) -> tuple[float, int]:
        """The confidence and the smallest n that count for this rule."""
        return self.confidence or terms.confidence, self.minimum_n or terms.minimum_n

    def problems(self, metric: Metric) -> list[str]:
        """Nothing speaks against holding the rule against any metric."""
        return []

    def supposed(self, suppose: Suppose, metric: Metric | None) -> Supposed | Outlook:
        """Nobody knows how many samples would settle the rule."""
        return "cannot be foreseen"


class Counted(RuleOptions):
    """A rule about what is counted and not sampled: nothing of it is left to chance."""

    def supposed(self, suppose: Suppose, metric: Metric | None) -> Supposed | Outlook:
        """No number of samples makes it surer."""
        return "counted"


class Sliced(RuleOptions):
    """A rule that can be held against each slice of its metric."""

    every: Annotated[
        Literal["subject", "slice"] | None,
        Field(description="hold the rule against each slice of its metric (a subject, say); all of them must keep it"),
    ] = None

    @property
    def by_slice(self) -> bool:
        """Whether `every` is given."""
        return self.every is not None

    def of(self, metric: str) -> Self:
        """The same rule about one slice."""
        return self.model_copy(update={"metric": metric, "every": None})


class Sequential(RuleOptions):
    """A rule that may be settled before every sample is judged."""

    sequential: Annotated[
        bool, Field(description="judge in random order and stop as soon as an anytime-valid bound settles the rule")
    ] = False
    batch: Annotated[int, Field(ge=1, description="how many samples are judged between two looks")] = 10

    @property
    def looks_every(self) -> int | None:
        """After how many samples it wants to be looked at again, to be settled early; None without `sequential`."""
        return self.batch if self.sequential else None


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


_GRAVITY = {"pass": 0, "undecided": 1, "fail": 2, "invalid": 3}


def gravest(rule: Rule, check: Callable[[str], RuleOutcome], evidence: Evidence) -> RuleOutcome:
    """The outcome of the metric that looks worst; undecided when the candidate has none that fits the rule's pattern.

    What fits and makes no sense for the rule (bits where it holds a share) is not what it is about.
    """
    fitting = [name for name in evidence.candidate.by_metric if fnmatchcase(name, rule.metric)]
    known = {name: declaration_of(name, evidence) for name in fitting}
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
    from evalsuite.stats.intervals.power import holm

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
            found[place] = mark_unsure(
                found[place], f"{len(tested) - 1} other slices (Holm-adjusted p = {p_value:.2g})"
            )
    # Of equally grave ones the one that is nearest to failing, before adjusting makes many of them alike.
    worst = max((found[place] for place in order), key=lambda its: _GRAVITY[its.answer])
    held = sum(outcome.answer == "pass" for outcome in found)
    return replace(worst, sentence=f"{held} of {len(found)} slices of {rule.metric} hold; worst: {worst.sentence}")


def mark_unsure(outcome: RuleOutcome, beside: str) -> RuleOutcome:
    """A failure that is not sure enough beside others, told so."""
    return replace(outcome, answer="undecided", sentence=f"{outcome.sentence}; not sure enough beside {beside}")
