"""Tables and verdicts on a terminal, and in the other formats."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from evalsuite.report.tables import Format, Table

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
