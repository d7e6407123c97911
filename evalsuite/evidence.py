"""What the store knows about a plan's candidate, gathered for the gate: results, baseline, facts."""

from __future__ import annotations

from evalsuite.plan import Plan
from evalsuite.plan.resolve_plan import no_baseline
from evalsuite.records import MEASURED, Evidence
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
    base, author = (
        read.results_of(store, role, plan.digests("score", "probe", roles=(role,))) for role in ("base", "author")
    )
    baseline = base
    policy = plan.resolved.policy
    if policy is not None and policy.baseline != "base":
        if plan.baseline is None:
            raise no_baseline(plan.resolved, policy.baseline, store)
        # The plan's own, whose digests are in that of its verdict: what another run measures meanwhile is not read.
        baseline = read.results_of(store, policy.baseline, plan.baseline.digests)
    return Evidence(candidate, baseline, base, author, plan.facts, seed=plan.resolved.suite.seed)
