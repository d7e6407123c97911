"""Whom a plan's pairings name: the replies that each opponent gave, as far as they are on record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from evalsuite.data.answers import answers_to
from evalsuite.plan import Opponent, Plan
from evalsuite.registry.aliases import read_aliases
from evalsuite.registry.cards import find_card
from evalsuite.spec.project import project_of
from evalsuite.spec.suite import Answers, Pairing
from evalsuite.store import Store, read

# These need no record: their replies are part of every plan.
ALWAYS = ("base", "author")


def opponents(
    plan: Plan, plans: Sequence[Plan], store: Store, *, as_recorded: bool = False
) -> dict[tuple[str, str], Opponent]:
    """By pairing and name, those whom the plan's candidate meets beside base and author; never itself.

    A name is a spec of `plans`, otherwise one on record in the store, otherwise an alias of the project's registry.
    One whose replies are not on record has none, and a reason. In a round of all it meets the others of `plans`, or
    (`as_recorded`) those whom it met in its latest run: what a run compared is not compared less for being read alone.
    """
    found = {}
    rounds = _rounds(plan, plans, store, as_recorded=as_recorded)
    for entry in plan.resolved.suite.pairings:
        for name, answers in (*_named(entry), *((name, None) for name in rounds.get(entry.name, ()))):
            seen = _answered(plan, entry, answers) if answers else _found(name, entry, plan, plans, store)
            if seen is not None:
                found[entry.name, name] = seen
    return found


def _named(entry: Pairing) -> Iterator[tuple[str, Answers | None]]:
    for name, given in zip(entry.opponents, entry.against, strict=True):
        if name not in ALWAYS:
            yield name, given if isinstance(given, Answers) else None


def _rounds(plan: Plan, plans: Sequence[Plan], store: Store, *, as_recorded: bool) -> dict[str, list[str]]:
    """By pairing that goes in a round of all, the others whom the candidate meets there besides those it names."""
    entries = [entry for entry in plan.resolved.suite.pairings if entry.rounds == "all"]
    recorded = read.met_last(store, plan.name) if entries and as_recorded else None
    found = {}
    for entry in entries:
        if recorded is None:
            others = [other.name for other in plans if entry in other.resolved.suite.pairings]
        else:
            others = [who for pairing, who in recorded if pairing == entry.name]
        # Each two meet once: both orders are judged anyway.
        found[entry.name] = [name for name in others if name > plan.name and name not in entry.opponents]
    return found


def _answered(plan: Plan, entry: Pairing, answers: Answers) -> Opponent:
    file = plan.resolved.suite_data[f"{entry.name}/{answers.label}"]
    judged = next(item for item in plan.resolved.suite.judged if item.name == entry.of)
    return Opponent(answers.label, answers.label, answers_to(file, plan.resolved.suite_data[judged.name]))


def _found(name: str, entry: Pairing, plan: Plan, plans: Sequence[Plan], store: Store) -> Opponent | None:
    if name == plan.name:
        return None
    beside = next((other for other in plans if other.name == name), None)
    if beside is not None:
        return _beside(beside, entry, store)
    latest = {spec.spec: spec for spec in read.latest_specs(store)} if store.results.exists() else {}
    if name in latest:
        return _recorded(name, name, latest[name], entry, store)
    return _released(name, entry, plan, latest, store)


def _beside(other: Plan, entry: Pairing, store: Store) -> Opponent:
    """A spec of the same run: what it says now, not what it said before it was trained again."""
    step = other.step("score", entry.of, "candidate")
    weights = other.adapter.digest if other.adapter else other.base.digest
    if step is None:
        return Opponent(other.name, other.name, reason=f"its suite has no judged set {entry.of!r}")
    if step.digest is None or step.digest not in read.finished(store, [step.digest]):
        return Opponent(other.name, other.name, reason="it is not scored yet")
    return Opponent(other.name, other.name, tuple(read.replies_of(store, step.digest)), weights)


def _recorded(name: str, player: str, spec: read.SpecRun, entry: Pairing, store: Store) -> Opponent:
    wanted = ("score", entry.of, "candidate")
    steps = [step for step in read.steps_of(store, spec) if (step.kind, step.entry, step.role) == wanted]
    if not steps or steps[0].finished_at is None:
        return Opponent(name, player, reason=f"run {spec.run_id} has no replies of {spec.spec} to {entry.of!r}")
    weights = spec.adapter_digest
    return Opponent(name, player, tuple(read.replies_of(store, steps[0].digest)), weights)


def _released(
    name: str, entry: Pairing, plan: Plan, latest: Mapping[str, read.SpecRun], store: Store
) -> Opponent | None:
    """What an alias stands for: the replies that exactly those weights gave last."""
    registry = _registry(plan)
    if name not in read_aliases(registry).aliases:
        known = ", ".join([*latest, *read_aliases(registry).aliases]) or "none"
        return Opponent(name, name, reason=f"no spec and no alias is called so; on record: {known}")
    card = find_card(registry, name)
    runs = read.runs_of_adapter(store, card.weights.digest) if store.results.exists() else []
    if not runs:
        return Opponent(name, card.label, reason=f"{card.label} was never scored in {store.folder}; run its spec")
    current = card.name in latest and latest[card.name].adapter_digest == card.weights.digest
    if current and card.name == plan.name and _same(plan, card.weights.digest):
        return None
    return _recorded(name, card.name if current else card.label, runs[0], entry, store)


def _same(plan: Plan, weights: str) -> bool:
    return plan.adapter is not None and plan.adapter.digest == weights


def _registry(plan: Plan) -> Path:
    return project_of(plan.resolved.file) / "adapters_registry"
