"""Plans as the store keeps them."""

from __future__ import annotations

from evalsuite.data.digest import digest, file_digest
from evalsuite.environment import environment
from evalsuite.plan import Plan, Step
from evalsuite.records import TrainingRecord
from evalsuite.spec.source import sources_of
from evalsuite.store.write import SpecRow, StepRow


def step_row(step: Step) -> StepRow:
    """A step as a row; one whose digest is not known yet has an empty one."""
    its = step.judging
    judging = (its.judge, its.judge_digest, its.rubric, its.rubric_digest) if its else None
    met = step.meeting
    opponent = (met.metric, met.judged, met.player, met.weights) if met else None
    meets = met.name if met else None
    return StepRow(step.digest or "", step.kind, step.entry, step.role, judging, opponent, step.measured, meets)


def training_record(plan: Plan, *, seconds: float) -> TrainingRecord:
    """What a training of so many seconds was made of and with."""
    spec = plan.resolved.spec
    sources = zip(sources_of(spec.train), plan.resolved.training_data, strict=True)
    return TrainingRecord(
        seed=None if spec.train is None else spec.recipe.seed,
        base_digest=plan.base.digest,
        built_on=plan.built_on.digest,
        data={source.place: file_digest(file) for source, file in sources},
        versions=environment(),
        money=spec.machine.money(seconds),
        watt_hours=spec.machine.watt_hours(seconds),
    )


def spec_row(plan: Plan) -> SpecRow:
    """A plan as a row with its steps."""
    spec = plan.resolved.spec
    document = spec.model_dump(mode="json", exclude_none=True)
    untrained = "adapter" if spec.adapter else "base"
    steps = tuple(step_row(step) for step in plan.steps)
    return SpecRow(
        name=spec.name,
        plan_digest=digest(document, [step.digest for step in steps]),
        document=document,
        base_model=spec.base_model.id,
        base_digest=plan.base.digest,
        adapter_digest=plan.adapter.digest if plan.adapter else None,
        method=untrained if spec.train is None else spec.train.method,
        adapter_type=spec.recipe.adapter_type,
        steps=steps,
        reference=None if plan.reference.missing is not None else plan.reference.name,
    )
