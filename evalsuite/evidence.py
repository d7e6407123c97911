"""What the store knows about a plan's candidate, gathered for the gate: results, baseline, facts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from evalsuite.errors import NotFound
from evalsuite.paired import MEASURED
from evalsuite.plan import Baseline, Plan
from evalsuite.records import Evidence, Facts, Results
from evalsuite.registry.aliases import aliases_file, read_aliases
from evalsuite.spec.card import Card
from evalsuite.spec.load import load_document
from evalsuite.spec.project import project_of
from evalsuite.spec.resolved import ResolvedSpec
from evalsuite.store import Store, read
from evalsuite.store.connect import reading
from evalsuite.store.read import SpecRun
from evalsuite.trust import with_health


def evidence(plan: Plan, store: Store) -> Evidence:
    """What the store knows of candidate, baseline, base and author; raises NotFound when the baseline is unknown."""
    with reading(store):
        return _evidence(plan, store)


def _evidence(plan: Plan, store: Store) -> Evidence:
    measured = plan.digests(*MEASURED, roles=("candidate",))
    candidate = with_health(read.results_of(store, plan.name, measured), measured, store)
    base, author = (
        read.results_of(store, role, plan.digests("score", "probe", roles=(role,))) for role in ("base", "author")
    )
    baseline = base
    policy = plan.resolved.policy
    if policy is not None and policy.baseline != "base":
        found = baseline_of(plan.resolved, store)
        if found is None:
            raise NotFound(_unknown(plan.resolved, policy.baseline, store))
        baseline = read.results_of(store, policy.baseline, found.digests)
    candidate, baseline, base, author = (_declared(its, plan) for its in (candidate, baseline, base, author))
    return Evidence(candidate, baseline, base, author, facts_of(plan, store), seed=plan.resolved.suite.seed)


def _declared(results: Results, plan: Plan) -> Results:
    """The results with what the suite says of its metrics, those that are yet to be measured among them."""
    told = {name: metric for name, metric in plan.resolved.metrics.items() if not metric.is_pattern}
    return replace(results, metrics={**told, **results.metrics})


def baseline_of(resolved: ResolvedSpec, store: Store) -> Baseline | None:
    """The results that the policy's baseline stands for; None for the base model, or when there are none yet."""
    name = resolved.policy.baseline if resolved.policy is not None else "base"
    if name == "base" or not store.results.exists():
        return None
    released = _released(resolved, name)
    if released is None:
        found = next((spec for spec in read.latest_specs(store) if spec.spec == name), None)
    else:
        # An alias stands for weights, so only results of exactly these weights speak for it.
        found = read.spec_of_adapter(store, released[1])
    return Baseline(name, _measured(found, store)) if found is not None else None


def facts_of(plan: Plan, store: Store) -> Facts:
    """What is known of the candidate besides its scores."""
    step = plan.step("train")
    training = read.training_facts(store, step.digest) if step is not None and step.digest else None
    costs = {step.entry: step.cost for step in plan.steps if step.entry and step.role == "candidate"}
    return Facts(
        train_seconds=training.wall_seconds if training else None,
        trained_parameters=training.trained_parameters if training else None,
        adapter_bytes=_size(plan.adapter.path) if plan.adapter is not None else None,
        curve=training.curve if training else (),
        money=sum(step.cost.money for step in plan.steps),
        prices={entry: cost.money / cost.samples for entry, cost in costs.items() if cost.samples and cost.money},
    )


def _measured(spec: SpecRun, store: Store) -> tuple[str, ...]:
    steps = read.steps_of(store, spec)
    return tuple(
        step.digest for step in steps if step.role == "candidate" and step.kind in MEASURED and step.finished_at
    )


def _released(resolved: ResolvedSpec, alias: str) -> tuple[str, str] | None:
    """The label and the weights' digest of the card that an alias of the project's registry stands for."""
    registry = project_of(resolved.file) / "adapters_registry"
    known = read_aliases(registry).aliases.get(alias)
    if known is None:
        return None
    # This card alone is read: another one's trouble is not this gate's.
    file = registry / known.now.name / f"{known.now.version}.yaml"
    if not file.is_file():
        raise NotFound(f"{aliases_file(registry)}  {alias} stands for {known.now.label}, but there is no card {file}")
    return known.now.label, load_document(Card, file).weights.digest


def _unknown(resolved: ResolvedSpec, name: str, store: Store) -> str:
    released = _released(resolved, name)
    if released is not None:
        return (
            f"{resolved.file}  the baseline {name} is {released[0]}, whose weights have no results in {store.folder}; "
            "run its spec with them, or take another store"
        )
    known = ", ".join(spec.spec for spec in read.latest_specs(store)) if store.results.exists() else ""
    return (
        f"{resolved.file}  the gate's baseline {name!r} is no alias of adapters_registry/ and no spec with results; "
        f"there are: {known or 'none'}"
    )


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
