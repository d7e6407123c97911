"""Where verdicts come to be: decided by one function, kept by digest, and read from there by all who show them."""

from __future__ import annotations

from evalsuite.errors import NotFound
from evalsuite.execute import local
from evalsuite.pipeline.evidence import evidence
from evalsuite.plan.resolve_plan import no_baseline
from evalsuite.plan.steps import Plan, Step, step_row
from evalsuite.records import RuleOutcome, Verdict
from evalsuite.store import Store, read, write


def verdict_on(plan: Plan, store: Store) -> Verdict:
    """The verdict on a plan's candidate: the stored one, or else decided now from what is on record, and stored.

    Raises NotFound when steps of the plan have no results yet, or its baseline has none.
    """
    known = stored_verdict(plan, store)
    if known is not None:
        return known
    missing = unmeasured(plan, store)
    if missing:
        # Of an adapter that was not applied nothing is measured, and that is the verdict.
        found = _verdict(plan, store)
        if found is not None and found.answer == "invalid":
            return found
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise NotFound(
            f"{plan.resolved.file}  {plan.name} has no results for {missing[0].label}{more}; `evalsuite run` makes them"
        )
    return decided(plan, store)


def stored_verdict(plan: Plan, store: Store) -> Verdict | None:
    """The verdict that was decided on all that the plan's rules read; None when none was."""
    step = _decision(plan)
    return _verdict(plan, store) if step.digest and read.finished(store, [step.digest]) else None


def decided(plan: Plan, store: Store) -> Verdict:
    """Hold what is on record against the plan's policy, and keep the verdict; raises NotFound without its baseline."""
    policy, step = plan.resolved.policy, _decision(plan)
    if policy is not None and policy.baseline != "base" and plan.baseline is None:
        raise no_baseline(plan.resolved, policy.baseline, store)
    assert step.digest, "what is not measured yet cannot be decided"
    found = local.verdict(plan, evidence(plan, store))
    write.save_verdict(store, step_row(step), found)
    return found


def rejected(plan: Plan, store: Store, why: str) -> Verdict | None:
    """Keep that a candidate cannot be measured, for its adapter was not applied; it is tried again by the next run.

    None where the plan lacks what a verdict's digest covers, so that nothing can be kept.
    """
    step = _decision(plan)
    assert plan.resolved.policy is not None
    if not step.digest:
        return None
    found = Verdict("invalid", plan.resolved.policy.name, (RuleOutcome("applied_proof", "adapter", "invalid", why),))
    write.save_verdict(store, step_row(step), found, done=False)
    return found


def unmeasured(plan: Plan, store: Store) -> list[Step]:
    """The steps, other than training and deciding, that have no results in the store yet."""
    steps = [step for step in plan.steps if step.kind not in ("train", "decide")]
    done = read.finished(store, [step.digest for step in steps if step.digest])
    return [step for step in steps if step.digest not in done]


def _decision(plan: Plan) -> Step:
    step = plan.step("decide")
    assert step is not None, "a spec without a gate has no verdict"
    return step


def _verdict(plan: Plan, store: Store) -> Verdict | None:
    step = _decision(plan)
    return read.verdict_of(store, step.digest) if step.digest and store.results.exists() else None
