"""Who is told how a run goes, and the log that hears it all."""

from __future__ import annotations

import time
from typing import Protocol

from evalsuite.plan import Plan, Step
from evalsuite.store.log import RunLog

_SECONDS_BETWEEN = 5.0


class Watcher(Protocol):
    """Who is told how a run goes."""

    def begin(self, plan: Plan, step: Step) -> None:
        """A step starts."""
        ...

    def progress(self, done: int, total: int) -> None:
        """The step has so many of its samples."""
        ...

    def say(self, text: str) -> None:
        """The step has something to tell, such as a line of a training."""
        ...

    def end(self, seconds: float) -> None:
        """The step is done."""
        ...


class Logged:
    """A watcher whose run is logged as well: what begins, ends and fails, and now and then how far a step is."""

    def __init__(self, watch: Watcher, log: RunLog) -> None:
        self._watch, self._log = watch, log
        self._label = ""
        # When each step that goes on was last heard of: trainings side by side take turns to tell.
        self._told: dict[str, float] = {}

    def begin(self, plan: Plan, step: Step) -> None:
        """Tell which step starts."""
        self._label = f"{plan.name}  {step.label}"
        if self._label not in self._told:
            self._told[self._label] = time.monotonic()
            self._log.write(f"{self._label}  begins")
        self._watch.begin(plan, step)

    def progress(self, done: int, total: int) -> None:
        """Tell how many of the step's samples are there."""
        self._note(f"{done}/{total}")
        self._watch.progress(done, total)

    def say(self, text: str) -> None:
        """Tell what the step tells."""
        self._note(text)
        self._watch.say(text)

    def end(self, seconds: float) -> None:
        """Tell that the step is done."""
        self._told.pop(self._label, None)
        self._log.write(f"{self._label}  done in {seconds:.1f} s")
        self._watch.end(seconds)

    def failed(self, spec: str, error: str) -> None:
        """Log that a spec could not be carried through; whoever watches reads it in the report."""
        self._log.write(f"{spec}  could not be carried through: {error}")

    def _note(self, text: str) -> None:
        if time.monotonic() - self._told.get(self._label, 0.0) >= _SECONDS_BETWEEN:
            self._told[self._label] = time.monotonic()
            self._log.write(f"{self._label}  {text}")
