"""From a resolved spec to its plan: the one place where all that a plan rests on is looked up, always alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from evalsuite.data.fetch import fetch_data
from evalsuite.errors import NotFound
from evalsuite.models.checkpoints.base import Base
from evalsuite.plan.compared_with import opponents, reference_of, run_called, why_unknown
from evalsuite.plan.dependencies import base_of_spec, built_on, in_order, known_adapter
from evalsuite.plan.digests import training_digest
from evalsuite.plan.make import make_plan
from evalsuite.plan.steps import Baseline, Plan
from evalsuite.records import MEASURED, Adapter, Facts
from evalsuite.spec.run_spec import ResolvedSpec
from evalsuite.store import Store, read
from evalsuite.store.read import SpecRun


@dataclass(frozen=True)
class Around:
    """What a plan is looked up in: the store, and the plans of other specs by name, whose adapters it may build on."""

    store: Store
    before: Mapping[str, Plan] = field(default_factory=dict)
    download: bool = False


def resolve_plans(
    specs: Sequence[ResolvedSpec], store: Store, *, download: bool = False, as_recorded: bool = False
) -> list[Plan]:
    """The plan of every spec as things stand; nothing is trained, asked or written.

    In a round of all the specs meet each other; `as_recorded`, each meets those whom it met in its latest run.
    """
    bases: dict[str, Base] = {}
    alone: dict[str, Plan] = {}
    for resolved in in_order(specs):
        fetch_data(resolved, download=download)
        key = resolved.spec.model_dump_json(include={"base_model"})
        if key not in bases:
            bases[key] = base_of_spec(resolved, download=download)
        alone[resolved.spec.name] = resolve_plan(resolved, bases[key], Around(store, alone, download))
    plans = [alone[resolved.spec.name] for resolved in specs]
    return [met(plan, plans, store, as_recorded=as_recorded) for plan in plans]


def resolve_plan(resolved: ResolvedSpec, base: Base, around: Around, *, earlier: Plan | None = None) -> Plan:
    """The plan of a spec as things stand: adapter, what that builds on, reference, baseline, facts.

    Of an `earlier` plan the adapter, what that builds on, reference and opponents are kept, as far as they are there.
    """
    store = around.store
    settled = earlier is not None and earlier.built_on.waits_for is None
    below = (
        earlier.built_on
        if earlier is not None and settled
        else built_on(resolved, base, plans=around.before, store=store, download=around.download)
    )
    step = earlier.step("train") if earlier is not None and settled else None
    training = step.digest if step is not None else training_digest(resolved, base, below)
    adapter = earlier.adapter if earlier is not None else None
    adapter = adapter or known_adapter(resolved, base, training, store)
    reference = (
        earlier.reference
        if earlier is not None
        else reference_of(resolved, base, plans=around.before, store=store, download=around.download)
    )
    met_before = earlier.opponents if earlier is not None else {}
    baseline, facts = baseline_of(resolved, store), _recorded_facts(adapter, training, store)
    return make_plan(Plan(resolved, base, adapter, (), below, met_before, baseline, facts, reference))


def met(plan: Plan, plans: Sequence[Plan], store: Store, *, as_recorded: bool = False) -> Plan:
    """The plan with those whom it is compared with besides base and author, as they are now; else the same plan.

    A pairing may name other specs, of `plans` or on record, and a policy may have one as its baseline.
    """
    found, policy = opponents(plan, plans, store, as_recorded=as_recorded), plan.resolved.policy
    if not found and not plan.opponents and (policy is None or policy.baseline == "base"):
        return plan
    return resolve_plan(plan.resolved, plan.base, Around(store), earlier=replace(plan, opponents=found))


def baseline_of(resolved: ResolvedSpec, store: Store) -> Baseline | None:
    """The results that the policy's baseline stands for; None for the base model, or when there are none yet."""
    name = resolved.policy.baseline if resolved.policy is not None else "base"
    found = run_called(resolved, name, store) if name != "base" else None
    return Baseline(name, _measured(found, store)) if found is not None else None


def no_baseline(resolved: ResolvedSpec, name: str, store: Store) -> NotFound:
    """The error of a policy whose baseline has no results, with what there is instead."""
    return NotFound(why_unknown(resolved, "gate's baseline", name, store))


def _recorded_facts(adapter: Adapter | None, training: str | None, store: Store) -> Facts:
    """What is on record of how the adapter was made, and its size on this disk; the plan adds what scoring costs."""
    if adapter is None:
        return Facts()
    size = _size(adapter)
    known = read.training_facts(store, training) if training is not None and store.results.exists() else None
    if known is None:
        return Facts(adapter_bytes=size)
    return Facts(known.wall_seconds, known.trained_parameters, size, known.curve)


def _size(adapter: Adapter) -> int:
    return sum(file.stat().st_size for file in adapter.path.rglob("*") if file.is_file())


def _measured(spec: SpecRun, store: Store) -> tuple[str, ...]:
    steps = read.steps_of(store, spec)
    return tuple(
        step.digest for step in steps if step.role == "candidate" and step.kind in MEASURED and step.finished_at
    )
