"""What a candidate is compared with: the base that it adapts, or the model that its spec names as `reference`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from evalsuite.errors import NotFound
from evalsuite.models.base import Base, find_model
from evalsuite.plan import Cost, Plan, Reference, Step
from evalsuite.plan.make import natural_reference
from evalsuite.records import Reply, StepKind
from evalsuite.registry.aliases import aliases_file, read_aliases
from evalsuite.spec.card import Card
from evalsuite.spec.load import load_document
from evalsuite.spec.project import project_of
from evalsuite.spec.resolved import ResolvedSpec
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
        raise NotFound(unknown(resolved, "reference", named, store))
    return _on_record(named, run, resolved, store)


def awaited(plan: Plan, names: Sequence[str]) -> str | None:
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


def unknown(resolved: ResolvedSpec, what: str, name: str, store: Store) -> str:
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
