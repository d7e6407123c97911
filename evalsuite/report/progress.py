"""A plan as a person reads it, what its gates could settle, and how far a run is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evalsuite.data.training.rows import training_rows
from evalsuite.errors import NotFound, StoreBusy, StoreError
from evalsuite.plan.estimate import UsualSeconds
from evalsuite.plan.steps import Plan, Step
from evalsuite.records import Foreseen, Usage
from evalsuite.report.tables import Table, duration
from evalsuite.spec.teacher import ServedTeacher
from evalsuite.store import Store, read
from evalsuite.store.read import PlannedStep, RunRow
from evalsuite.store.runs import run_cost, tail


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
    seconds = UsualSeconds(read.paces(store)).total(list(plans), done)
    return f"time: about {duration(seconds)}, by what such steps took before, else by the model's size on two CPU cores"


def _state(step: Step, done: frozenset[str]) -> str:
    return "cached" if step.digest in done else "to do"


def power_table(found: Sequence[tuple[str, Foreseen]]) -> Table:
    """A row per rule; `settles` is the smallest distance from the limit that the suite's n would settle."""
    rows = [
        (
            spec,
            f"{seen.rule}{'' if seen.severity == 'block' else ' (warns)'}",
            seen.metric,
            "–" if seen.n is None else seen.n,
            "–" if seen.gap is None else f"{seen.gap:.3g}",
            "–" if seen.needed is None else seen.needed,
            "–" if seen.settles is None else f"{seen.settles:.3f}",
            seen.outlook,
        )
        for spec, seen in found
    ]
    return Table(("spec", "rule", "metric", "n", "gap", "n needed", "settles", "outlook"), tuple(rows))


def power_figures(found: Sequence[tuple[str, Foreseen]]) -> Table:
    """The same for other programs: numbers as they are, and nothing where there is none."""
    fields = ("rule", "severity", "metric", "n", "gap", "needed", "settles", "outlook")
    return Table(("spec", *fields), tuple((spec, *(getattr(seen, field) for field in fields)) for spec, seen in found))


@dataclass(frozen=True)
class Progress:
    """One run, the steps of each of its specs, what it has paid to endpoints if it asked any, and its last lines."""

    run: RunRow
    steps: tuple[tuple[str, PlannedStep], ...]
    errors: tuple[tuple[str, str], ...]
    paid: Usage | None = None
    log: tuple[str, ...] = ()

    @property
    def done(self) -> int:
        """How many of the steps have been finished, in this run or before."""
        return sum(step.finished_at is not None for _, step in self.steps)

    def steps_table(self) -> Table:
        """Every step with its state: done in this run, done before, or waiting."""
        rows = [
            (spec, " ".join(filter(None, (step.kind, step.role, step.entry))), self._state(step), *_took(step))
            for spec, step in self.steps
        ]
        return Table(("spec", "step", "state", "finished, UTC", "took"), tuple(rows))

    def _state(self, step: PlannedStep) -> str:
        if step.finished_at is None:
            return "waiting"
        return "done before" if step.finished_at < self.run.started_at else "done"


def progress(store: Store, run_id: str) -> Progress:
    """A run as it stands now; raises NotFound with the runs that there are."""
    runs = {found.run_id: found for found in read.runs(store)}
    if run_id not in runs:
        raise NotFound(f"no run {run_id!r} in {store.folder}; there are: {', '.join(list(runs)[:5]) or 'none'}")
    steps, errors = read.steps_of_run(store, run_id), read.errors_of(store, run_id)
    return Progress(runs[run_id], tuple(steps), tuple(errors), run_cost(store, run_id), tuple(tail(store, run_id)))


def _took(step: PlannedStep) -> tuple[str, str]:
    return (f"{step.finished_at:%H:%M:%S}" if step.finished_at else "–", duration(step.seconds))


def version(store: Store) -> tuple[int, ...]:
    """Times and sizes of the files with results: another value after every write, empty before the first."""
    # Commits stand in the log beside the file until it is closed, or for good when the writer was killed.
    files = (store.results, store.results.with_name(f"{store.results.name}.wal"))
    found = [file.stat() for file in files if file.exists()]
    return tuple(number for stat in found for number in (stat.st_mtime_ns, stat.st_size))


def newest_run(store: Store) -> RunRow | None:
    """The newest run; waits for one that is writing and raises StoreError when that takes too long."""
    return next(iter(read.runs(store)), None) if store.results.exists() else None


def trouble(error: StoreError) -> tuple[str, str]:
    """A headline for a store that could not be read, and the reason."""
    busy = isinstance(error, StoreBusy)
    headline = "A run is writing, or another program holds the results open" if busy else "The results cannot be read"
    return headline, str(error)
