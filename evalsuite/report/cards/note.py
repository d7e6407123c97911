"""The release note: what changed, what got worst, what it cost and what was not tested, beside the verdict."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from evalsuite.plan.steps import Plan
from evalsuite.records import Comparison, Reply, Result, metric_of
from evalsuite.report.cards.run_card import RunCard, run_cards
from evalsuite.report.cards.verdict import SIGNS
from evalsuite.report.tables import (
    better_word,
    change,
    change_word,
    duration,
    figure,
    is_working,
    moved_samples,
    p_value,
)
from evalsuite.spec.policy import VerdictFile
from evalsuite.spec.suite import JudgedSet, Pairing
from evalsuite.store import Store, read

_TEMPLATE = Path(__file__).parent / "note.html.j2"
_WORST = 8
_LONGEST = 600


@dataclass(frozen=True)
class Flip:
    """An item that the base had right and the candidate has wrong."""

    metric: str
    question: str
    wanted: str
    before: str
    after: str


@dataclass(frozen=True)
class Note:
    """All that a release note shows about one spec."""

    verdict: VerdictFile
    description: str
    facts: tuple[tuple[str, str], ...]
    changes: tuple[tuple[str, ...], ...]
    results: tuple[tuple[str, ...], ...]
    flips: tuple[Flip, ...]
    lost: int
    cost: tuple[tuple[str, str], ...]
    untested: tuple[str, ...]


def note(plan: Plan, document: VerdictFile, store: Store) -> Note:
    """The note of a spec whose results are in the store."""
    card = run_cards(plan.name, store)[0]
    flips = _flips(plan, store)
    return Note(
        verdict=document,
        description=plan.resolved.spec.description or "",
        facts=tuple(card.facts()),
        changes=tuple(_change(found, card) for found in card.comparisons if not is_working(card.metrics, found.metric)),
        results=tuple(_figures(result, card) for result in card.results if not is_working(card.metrics, result.metric)),
        flips=tuple(flips[:_WORST]),
        lost=len(flips),
        cost=_cost(plan, card),
        untested=_untested(plan, card, document),
    )


def html(notes: list[Note]) -> str:
    """A page that needs nothing from outside; all that comes from documents and models is escaped."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))
    return template.render(notes=notes, signs=SIGNS)


def _change(found: Comparison, card: RunCard) -> tuple[str, ...]:
    """The difference in its metric's own direction: what it is, and how many samples became better and worse."""
    samples = moved_samples(found, card.metrics)
    better, worse = ("–", "–") if samples is None else map(str, samples)
    word = change_word(found, card.metrics)
    return found.metric, change(found), word, p_value(found.p_value), str(found.n), better, worse


def _figures(result: Result, card: RunCard) -> tuple[str, ...]:
    better = better_word(metric_of(card.metrics, result.metric))
    note = result.reason or result.detail or ""
    return result.metric, figure(result), better, str(result.n), str(result.unscored), note


def _flips(plan: Plan, store: Store) -> list[Flip]:
    """Every benchmark item lost against the base, items of the benchmark that lost most first."""
    by_entry = []
    for entry in plan.resolved.suite.benchmarks:
        steps = [plan.step("score", entry.name, role) for role in ("base", "candidate")]
        digests = [step.digest for step in steps if step is not None and step.digest]
        if len(digests) < len(steps):
            continue
        metric = entry.metrics[0].name
        found = [read.results_of(store, "", [digest]) for digest in digests]
        base, ours = (results.scores.get(metric, {}) for results in found)
        gain = metric_of(found[-1].metrics, metric).gain
        before, after = ({reply.sample_id: reply for reply in read.replies_of(store, digest)} for digest in digests)
        lost = sorted(key for key in base.keys() & ours.keys() if (gain(ours[key] - base[key]) or 0) < 0)
        lost = [key for key in lost if key in before and key in after]
        by_entry.append([_flip(metric, before[key], after[key]) for key in lost])
    return [flip for flips in sorted(by_entry, key=len, reverse=True) for flip in flips]


def _flip(metric: str, before: Reply, after: Reply) -> Flip:
    return Flip(metric, *(_short(text) for text in (after.prompt, after.target, before.text, after.text)))


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} …"


def _cost(plan: Plan, card: RunCard) -> tuple[tuple[str, str], ...]:
    calls = sum(step.cost.judge_calls for step in plan.steps)
    money = sum(step.cost.money for step in plan.steps)
    scoring = sum(step.seconds or 0.0 for step in card.steps if step.kind != "train")
    training = card.training.wall_seconds if card.training is not None else None
    return (
        ("training", duration(training) if training is not None else "none here"),
        ("scoring", duration(scoring)),
        ("judge calls", f"{calls:,} at most"),
        ("money", f"${money:,.2f} by the documents' prices" if money else "none by the documents' prices"),
    )


def _untested(plan: Plan, card: RunCard, document: VerdictFile) -> tuple[str, ...]:
    """What a reader might take for tested and is not."""
    suite = plan.resolved.suite
    asked = {rule.metric for rule in document.rules}
    told = [
        f"{rule.metric}: {rule.sentence}"
        for rule in document.rules
        if rule.answer == "undecided" and rule.value is None
    ]
    told += [
        f"{result.metric}: {result.unscored} samples were not scored ({result.reason or 'no reason given'})"
        for result in card.results
        if result.unscored
    ]
    depended = {metric_of(card.metrics, metric).entry for metric in asked}
    entries = [entry for entry in suite.entries if entry not in depended]
    if entries:
        told.append(f"measured, but no rule depends on it: {', '.join(entries)}")
    judged: list[JudgedSet | Pairing] = [*suite.judged, *suite.pairings]
    offline = sorted(item.name for item in judged if plan.resolved.judges[item.judge].judge.kind == "offline")
    if offline:
        told.append(f"{', '.join(offline)}: graded by the offline judge, which sees form and not sense")
    if not any(rule.rule == "judge_health" for rule in document.rules) and (suite.judged or suite.pairings):
        told.append("whether the judge agrees with people or with itself: no rule asks for it")
    if plan.step("overlap", None, "candidate") is None:
        told.append("whether test items stand in the training data: the training rows are not known")
    learned = [metric for probe in suite.probes if probe.wants.reads_training for metric in probe.metrics]
    if not any(metric.covers(wanted) or fnmatch(metric.name, wanted) for metric in learned for wanted in asked):
        told.append("whether training rows can be drawn out of the adapter: no rule asks for it")
    return tuple(told)
