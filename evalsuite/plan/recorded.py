"""Plans as the store keeps them."""

from __future__ import annotations

from evalsuite.data.digest import digest
from evalsuite.plan import Plan, Step
from evalsuite.store.write import SpecRow, StepRow


def step_row(step: Step) -> StepRow:
    """A step as a row; one whose digest is not known yet has an empty one."""
    its = step.judging
    judging = (its.judge, its.judge_digest, its.rubric, its.rubric_digest) if its else None
    return StepRow(step.digest or "", step.kind, step.entry, step.role, judging)


def spec_row(plan: Plan) -> SpecRow:
    """A plan as a row with its steps."""
    spec = plan.resolved.spec
    document = spec.model_dump(mode="json", exclude_none=True)
    method = document.get("train", {}).get("method") or ("adapter" if spec.adapter else "base")
    steps = tuple(step_row(step) for step in plan.steps)
    return SpecRow(
        name=spec.name,
        plan_digest=digest(document, [step.digest for step in steps]),
        document=document,
        base_model=spec.base_model.id,
        base_digest=plan.base.digest,
        adapter_digest=plan.adapter.digest if plan.adapter else None,
        method=method,
        adapter_type=document.get("train", {}).get("adapter", {}).get("type"),
        steps=steps,
    )
