"""Tables, verdicts and a run's progress on a terminal, and in the other formats."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from evalsuite.plan.steps import Plan, Step
from evalsuite.report.tables import Format, Table, duration

if TYPE_CHECKING:
    from evalsuite.report.judging.ratings import RatedPlayer


_COLOURS = {"pass": "green", "fail": "red", "undecided": "yellow", "invalid": "magenta"}


def show_table(table: Table, form: Format = "table", *, figures: Table | None = None) -> None:
    """Print a table in the format that was asked for; `figures` is the same for other programs, as CSV or JSON."""
    if form == "table":
        _draw(table)
    elif form == "md":
        click.echo(table.markdown(), nl=False)
    else:
        chosen = figures or table
        click.echo(chosen.csv() if form == "csv" else chosen.json(), nl=False)


def show_tables(tables: Sequence[Table]) -> None:
    """Print tables below each other on a terminal."""
    for place, table in enumerate(tables):
        if place:
            click.echo()
        _draw(table)


def show_verdicts(lines: Sequence[str], answer: str) -> None:
    """Print a verdict: its first line in the colour of its answer, then the reasons."""
    head, *reasons = lines
    click.secho(head, fg=_COLOURS.get(answer), bold=True)
    for reason in reasons:
        click.echo(reason)


def show_ratings(found: Sequence[RatedPlayer], form: Format = "table") -> None:
    """Print who is stronger than whom; a line where no pairs were judged."""
    if form in ("csv", "json"):
        from evalsuite.report.judging.ratings import flat

        show_table(flat(found), form)
        return
    for rated in found:
        click.echo(rated.head())
        show_table(rated.table(), form)
        for note in rated.notes():
            click.echo(note)
        click.echo()
    if not found:
        click.echo("no ratings: no pairs were judged; a suite's `pairings` compare adapters")


def _draw(table: Table) -> None:
    import shutil
    import sys

    from evalsuite.cli.terminal.columns import lines

    # A log has no width; a guess would part figures from their names.
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    for line in lines(table, width=width, paint=_coloured):
        click.echo(line)


def _coloured(line: str, cell: str) -> str:
    colour = _COLOURS.get(cell)
    return line if colour is None or line.isspace() else click.style(line, fg=colour)


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
