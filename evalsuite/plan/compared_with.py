"""Whom a candidate is compared with: its reference, and the opponents of its pairings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from evalsuite.data.evaluation.prompts import answers_to
from evalsuite.errors import NotFound
from evalsuite.models.checkpoints.base import Base, find_model
from evalsuite.plan.make import natural_reference
from evalsuite.plan.steps import Cost, Opponent, Plan, Reference, Step
from evalsuite.records import Reply, StepKind
from evalsuite.registry.cards import aliases_file, find_card, read_aliases
from evalsuite.spec.card import Card
from evalsuite.spec.loading.load import load_document
from evalsuite.spec.loading.lookup import project_of
from evalsuite.spec.run_spec import ResolvedSpec
from evalsuite.spec.suite import Answers, Pairing
from evalsuite.store import Store, read
from evalsuite.store.read import SpecRun

# What is measured of a reference; pairs are of its own with somebody else.
_OF_REFERENCE: tuple[StepKind, ...] = ("score", "probe", "style")


def reference_of(
    resolved: ResolvedSpec, base: Base, *, plans: Mapping[str, Plan], store: Store, download: bool = False
) -> Reference:
    """What the spec's candidate is compared with, as things stand; `plans` are those of the specs before it.

    A name is an alias of the project's registry, otherwise a spec of `plans`, otherwise one on record in the store.
    Raises NotFound for a name that is none of these or has no results, and ModelError for a base that is not there.
    """
    named = resolved.spec.reference
    if named is None:
        return natural_reference(resolved, base)
    if not isinstance(named, str):
        found = find_model(named, beside=resolved.file, download=download)
        own = resolved.spec.adapts and found.answers == base.answers
        return Reference(named.id, (found.digest, None), found, own=own)
    if named in plans and released_as(resolved, named) is None:
        return _beside(plans[named], resolved, store)
    run = run_called(resolved, named, store)
    if run is None:
        raise NotFound(why_unknown(resolved, "reference", named, store))
    return _on_record(named, run, resolved, store)


def spec_waited_for(plan: Plan, names: Sequence[str]) -> str | None:
    """The spec among `names` whose results the plan's candidate is compared with; None for a base or a release."""
    named = plan.resolved.spec.reference
    if not isinstance(named, str) or named not in names or released_as(plan.resolved, named) is not None:
        return None
    return named


def run_called(resolved: ResolvedSpec, name: str, store: Store) -> SpecRun | None:
    """The run that a name stands for: an alias of the project's registry, else a spec; None when there is none."""
    if not store.results.exists():
        return None
    released = released_as(resolved, name)
    if released is None:
        return next((spec for spec in read.latest_specs(store) if spec.spec == name), None)
    # An alias stands for weights, so only results of exactly these weights speak for it.
    return read.spec_of_adapter(store, released[1])


def released_as(resolved: ResolvedSpec, alias: str) -> tuple[str, str] | None:
    """The label and the weights' digest of the card that an alias of the project's registry stands for."""
    registry = project_of(resolved.file) / "adapters_registry"
    known = read_aliases(registry).aliases.get(alias)
    if known is None:
        return None
    # This card alone is read: another one's trouble is not this spec's.
    file = registry / known.now.name / f"{known.now.version}.yaml"
    if not file.is_file():
        raise NotFound(f"{aliases_file(registry)}  {alias} stands for {known.now.label}, but there is no card {file}")
    return known.now.label, load_document(Card, file).weights.digest


def why_unknown(resolved: ResolvedSpec, what: str, name: str, store: Store) -> str:
    """Why a name has no results to compare with, and what to do; `what` says what it is named as."""
    released = released_as(resolved, name)
    if released is not None:
        return (
            f"{resolved.file}  the {what} {name} is {released[0]}, whose weights have no results in {store.folder}; "
            "run its spec with them, or take another store"
        )
    known = ", ".join(spec.spec for spec in read.latest_specs(store)) if store.results.exists() else ""
    return (
        f"{resolved.file}  the {what} {name!r} is no alias of adapters_registry/ and no spec with results; "
        f"there are: {known or 'none'}"
    )


def _beside(other: Plan, resolved: ResolvedSpec, store: Store) -> Reference:
    """A spec of the same run: what it says now, not what it said before it was trained again."""
    # What they cost is that spec's.
    steps = tuple(
        replace(step, role="base", cost=Cost())
        for step in other.steps
        if step.role == "candidate" and step.kind in _OF_REFERENCE
    )
    done = read.finished(store, [step.digest for step in steps if step.digest])
    pending = other.resolved.spec.adapts and other.adapter is None
    weights = None if pending else (other.base.digest, other.adapter.digest if other.adapter else None)
    replies = _replies([step for step in steps if step.digest in done], resolved, store)
    return Reference(other.name, weights, steps=steps, replies=replies)


def _on_record(name: str, run: SpecRun, resolved: ResolvedSpec, store: Store) -> Reference:
    steps = tuple(
        Step(kind, step.digest, step.entry, "base")
        for step in read.steps_of(store, run)
        for kind in _OF_REFERENCE
        if step.kind == kind and step.role == "candidate" and step.finished_at is not None
    )
    weights = (run.base_digest, run.adapter_digest)
    return Reference(name, weights, steps=steps, replies=_replies(steps, resolved, store))


def _replies(steps: Sequence[Step], resolved: ResolvedSpec, store: Store) -> dict[str, tuple[Reply, ...]]:
    """What the steps say to the judged sets of a suite."""
    judged = {entry.name for entry in resolved.suite.judged}
    return {
        step.entry: tuple(read.replies_of(store, step.digest))
        for step in steps
        if step.kind == "score" and step.entry in judged and step.entry is not None and step.digest is not None
    }


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
        return _replies_beside(beside, entry, store)
    latest = {spec.spec: spec for spec in read.latest_specs(store)} if store.results.exists() else {}
    if name in latest:
        return _recorded(name, name, latest[name], entry, store)
    return _released(name, entry, plan, latest, store)


def _replies_beside(other: Plan, entry: Pairing, store: Store) -> Opponent:
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
