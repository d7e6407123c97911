"""How far a run is: its steps with their states, what went wrong, and the end of its log."""

from __future__ import annotations

from dataclasses import dataclass

from evalsuite.errors import NotFound
from evalsuite.records import Usage
from evalsuite.report.figures import duration
from evalsuite.report.table import Table
from evalsuite.store import Store, read
from evalsuite.store.costs import run_cost
from evalsuite.store.log import tail
from evalsuite.store.read import PlannedStep, RunRow


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
