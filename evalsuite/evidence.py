"""What the store knows about a plan's candidate, gathered for the gate: results, baseline, facts."""

from __future__ import annotations

from dataclasses import replace

from evalsuite.evaluate.compare import compare
from evalsuite.gate.decide import decide
from evalsuite.plan import NO_REFERENCE, Plan
from evalsuite.plan.resolve_plan import no_baseline
from evalsuite.records import MEASURED, Evidence, Results, results_of
from evalsuite.spec.resolved import ResolvedSpec
from evalsuite.store import Store, read
from evalsuite.store.connect import opened
from evalsuite.trust import with_health


def evidence(plan: Plan, store: Store) -> Evidence:
    """What the store knows of candidate, baseline, base and author; raises NotFound when the baseline is unknown."""
    with opened(store) as held:
        return _evidence(plan, held)


def _evidence(plan: Plan, store: Store) -> Evidence:
    measured = plan.digests(*MEASURED, roles=("candidate",))
    candidate = with_health(read.results_of(store, plan.name, measured), plan, store)
    author = read.results_of(store, "author", plan.digests("score", roles=("author",)))
    base = read.results_of(store, "base", plan.digests("score", "probe", "style", roles=("base",)))
    its = plan.reference
    base = replace(base, name=None if its.own else its.name, missing=its.missing)
    baseline = base
    policy = plan.resolved.policy
    if policy is not None and policy.baseline != "base":
        if plan.baseline is None:
            raise no_baseline(plan.resolved, policy.baseline, store)
        # The plan's own, whose digests are in that of its verdict: what another run measures meanwhile is not read.
        baseline = read.results_of(store, policy.baseline, plan.baseline.digests)
    candidate, baseline, base, author = (_declared(its, plan) for its in (candidate, baseline, base, author))
    return Evidence(candidate, baseline, base, author, plan.facts, seed=plan.resolved.suite.seed)


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
