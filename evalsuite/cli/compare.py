"""`evalsuite compare`: two specs, paired by sample."""

from __future__ import annotations

import click

from evalsuite.cli.terminal import arguments
from evalsuite.report.tables import Format
from evalsuite.store import Store


@click.command(short_help="Show the paired difference of two specs.")
@click.argument("first")
@click.argument("second")
@arguments.store
@arguments.table_format
def compare(first: str, second: str, store: Store, form: Format) -> None:
    """Show FIRST minus SECOND for every metric, paired by sample, with its 95 % interval.

    Metrics that were measured differently (other items, other options, another judge) are named and not compared.
    """
    from evalsuite.cli.terminal.output import show_table
    from evalsuite.errors import NotFound
    from evalsuite.pipeline import paired
    from evalsuite.report.leaderboard.changes import comparison_figures, comparison_table

    found = paired.compare(first, second, store)
    apart = found.sentences(first, second)
    if apart and not found.differences:
        raise NotFound("\n".join(apart))
    table = comparison_table(found.differences, found.metrics)
    show_table(table, form, figures=comparison_figures(found.differences, found.metrics))
    for sentence in apart:
        click.echo(sentence, err=True)
