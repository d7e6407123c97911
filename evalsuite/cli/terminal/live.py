"""How a run shows itself: a live line on a terminal, plain lines in a log."""

from __future__ import annotations

import sys
import time

import click

from evalsuite.plan.steps import Plan, Step
from evalsuite.report.tables import duration

_LOG_EVERY_SECONDS = 10.0


class TerminalWatcher:
    """One line per step; while it runs, a live count on a terminal and a line now and then in a log."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._label = ""
        self._told = time.monotonic()
        self._width = 0

    def begin(self, plan: Plan, step: Step) -> None:
        """Show which step starts."""
        self._label = f"{plan.name}  {step.label}"
        if self._live:
            self._draw(f"  {self._label} ...")

    def progress(self, done: int, total: int) -> None:
        """Show how many of the step's samples are there."""
        self.say(f"{done}/{total}")

    def say(self, text: str) -> None:
        """Show what the step tells."""
        if self._live:
            self._draw(f"  {self._label}  {text}")
        elif time.monotonic() - self._told > _LOG_EVERY_SECONDS:
            self._told = time.monotonic()
            click.echo(f"  {self._label}  {text}", err=True)

    def end(self, seconds: float) -> None:
        """Show that the step is done, and how long it took."""
        if self._live:
            self._draw("")
        self._told = time.monotonic()
        click.echo(f"  {self._label}  {duration(seconds)}", err=True)

    def _draw(self, line: str) -> None:
        line = line[: max(20, _columns() - 1)]
        click.echo("\r" + line.ljust(self._width) + ("\r" if not line else ""), nl=False, err=True)
        self._width = len(line)


def _columns() -> int:
    import shutil

    return shutil.get_terminal_size().columns
