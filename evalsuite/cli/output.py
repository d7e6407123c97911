"""Tables and verdicts on a terminal, and in the other formats."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from evalsuite.report.table import Format, Table

if TYPE_CHECKING:
    from evalsuite.report.ratings import Rated

_COLOURS = {"pass": "green", "fail": "red", "undecided": "yellow", "invalid": "magenta"}
_NARROWEST = 100


def show_table(table: Table, form: Format = "table") -> None:
    """Print a table in the format that was asked for."""
    if form == "table":
        _draw(table)
    else:
        writers = {"md": table.markdown, "csv": table.csv, "json": table.json}
        click.echo(writers[form](), nl=False)


def show_verdicts(lines: Sequence[str], answer: str) -> None:
    """Print a verdict: its first line in the colour of its answer, then the reasons."""
    head, *reasons = lines
    click.secho(head, fg=_COLOURS.get(answer), bold=True)
    for reason in reasons:
        click.echo(reason)


def show_ratings(found: Sequence[Rated], form: Format = "table") -> None:
    """Print who is stronger than whom; a line where no pairs were judged."""
    if form in ("csv", "json"):
        from evalsuite.report.ratings import flat

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
    from rich import box
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    console = Console(highlight=False)
    if not console.is_terminal:
        # A log has no width; a narrow guess would cut figures off.
        console = Console(highlight=False, width=max(_NARROWEST, 12 * len(table.heads) + 40))
    drawn = RichTable(box=box.SIMPLE_HEAD, pad_edge=False)
    for index, head in enumerate(table.heads):
        drawn.add_column(head, overflow="fold", no_wrap=index == 0, vertical="top")
    for row in table.rows:
        drawn.add_row(*(Text(str(cell) if cell is not None else "", style=_COLOURS.get(str(cell), "")) for cell in row))
    console.print(drawn)
