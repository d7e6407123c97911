"""What the store knows about a plan's candidate, gathered for the gate: results, baseline, facts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from evalsuite.errors import NotFound
from evalsuite.evaluate.compare import compare
from evalsuite.gate.decide import decide
from evalsuite.paired import MEASURED
from evalsuite.plan import NO_REFERENCE, Baseline, Plan
from evalsuite.plan.reference import run_called, unknown
from evalsuite.records import Evidence, Facts, Results, results_of
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
    author = read.results_of(store, "author", plan.digests("score", roles=("author",)))
    base = read.results_of(store, "base", plan.digests("score", "probe", "style", roles=("base",)))
    its = plan.reference
    base = replace(base, name=None if its.own else its.name, missing=its.missing)
    baseline = base
    policy = plan.resolved.policy
    if policy is not None and policy.baseline != "base":
        found = baseline_of(plan.resolved, store)
        if found is None:
            raise NotFound(unknown(plan.resolved, "gate's baseline", policy.baseline, store))
        baseline = read.results_of(store, policy.baseline, found.digests)
    candidate, baseline, base, author = (_declared(its, plan) for its in (candidate, baseline, base, author))
    return Evidence(candidate, baseline, base, author, facts_of(plan, store), seed=plan.resolved.suite.seed)


def uncompared(resolved: ResolvedSpec) -> list[str]:
    """What the rules will say that compare, where the spec names nothing to compare with; known before anything runs.

    The gate is asked itself: each rule sees a candidate of which nothing is known but what cannot be compared.
    """
    spec, policy = resolved.spec, resolved.policy
    if policy is None or spec.adapts or spec.reference is not None:
        return []
    base, author = Results("base", missing=NO_REFERENCE), Results("author")
    candidate = results_of(spec.name, compare(resolved.suite, base, Results(spec.name), author=author))
    candidate = replace(candidate, metrics={**resolved.metrics, **candidate.metrics})
    baseline = base if policy.baseline == "base" else Results(policy.baseline)
    found = decide(policy, Evidence(candidate, baseline, base, author))
    return [f"{its.rule}: {its.sentence}" for its in found.outcomes if its.answer == "invalid"]


def _declared(results: Results, plan: Plan) -> Results:
    """The results with what the suite says of its metrics, those that are yet to be measured among them."""
    told = {name: metric for name, metric in plan.resolved.metrics.items() if not metric.is_pattern}
    return replace(results, metrics={**told, **results.metrics})


def baseline_of(resolved: ResolvedSpec, store: Store) -> Baseline | None:
    """The results that the policy's baseline stands for; None for the base model, or when there are none yet."""
    name = resolved.policy.baseline if resolved.policy is not None else "base"
    found = run_called(resolved, name, store) if name != "base" else None
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


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
