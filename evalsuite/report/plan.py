"""A plan as a person reads it: steps, what is known already, and what the rest will take."""

from __future__ import annotations

from collections.abc import Sequence

from evalsuite.data.rows import training_rows
from evalsuite.plan import Plan, Step
from evalsuite.plan.pace import Pace
from evalsuite.report.figures import duration
from evalsuite.report.table import Table
from evalsuite.spec.teacher import ServedTeacher
from evalsuite.store import Store, read


def plan_table(plan: Plan, done: frozenset[str]) -> Table:
    """One row per step: what it is, whether it is cached, and its estimated cost."""
    rows = [
        (
            step.label,
            _state(step, done),
            f"{step.cost.samples:,}" if step.cost.samples else "",
            f"~{step.cost.tokens:,}" if step.cost.tokens else "",
            f"{step.cost.judge_calls:,}" if step.cost.judge_calls else "",
            f"~${step.cost.money:.2f}" if step.cost.money else "",
            step.digest[:12] if step.digest else "after training",
        )
        for step in plan.steps
    ]
    return Table(("step", "state", "samples", "tokens", "judge calls", "cost", "digest"), tuple(rows))


def looked_up(plan: Plan) -> list[str]:
    """Where each name of the spec was found, and what its training data are."""
    lines = [f"base model {plan.base.id} ({plan.base.dtype}, {plan.base.digest[:12]})"]
    lines += [f"{name} from {file}" for name, file in sorted(plan.resolved.documents.items())]
    return lines + _below(plan) + [str(source) for source in training_rows(plan.resolved)]


def _below(plan: Plan) -> list[str]:
    """What the training builds on, and what the teacher will cost at most."""
    below, step = plan.built_on, plan.step("train")
    if below.waits_for is not None:
        return [f"builds on {below.waits_for}, which is trained first"]
    if below.adapter is not None:
        return [f"on adapter {below.adapter.name} ({below.adapter.digest[:12]})"]
    if below.teacher is not None and step is not None:
        document = below.teacher.document
        money = f", at most ${step.cost.money:.2f}" if isinstance(document, ServedTeacher) and document.priced else ""
        calls = f"{step.cost.teacher_calls:,} calls{money}"
        return [f"teacher {below.teacher.id} ({below.teacher.digest[:12]}): {calls}"]
    return []


def totals(plans: Sequence[Plan], done: frozenset[str]) -> str:
    """What all plans together will still take; a step that specs share counts once."""
    steps: dict[object, Step] = {}
    for plan in plans:
        for step in plan.steps:
            if step.digest not in done:
                steps.setdefault(step.digest or (plan.name, step.label), step)
    costs = [step.cost for step in steps.values()]
    samples, tokens = sum(cost.samples for cost in costs), sum(cost.tokens for cost in costs)
    calls, money = sum(cost.judge_calls for cost in costs), sum(cost.money for cost in costs)
    taught = sum(cost.teacher_calls for cost in costs)
    if not steps:
        return "nothing to do: every step is done already"
    return (
        f"to do: {len(steps)} steps, {samples:,} samples, about {tokens:,} tokens, "
        f"{f'{taught:,} teacher calls, ' if taught else ''}{calls:,} judge calls, about ${money:.2f}"
    )


def takes(plans: Sequence[Plan], done: frozenset[str], store: Store) -> str | None:
    """About how long the rest will take, in words; None when there is nothing to do."""
    if all(step.digest in done for plan in plans for step in plan.steps):
        return None
    seconds = Pace(read.paces(store)).total(list(plans), done)
    return f"time: about {duration(seconds)}, by what such steps took before, else by the model's size on two CPU cores"


def _state(step: Step, done: frozenset[str]) -> str:
    return "cached" if step.digest in done else "to do"
