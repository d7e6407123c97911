"""`evalsuite leaderboard`: all specs beside each other."""

from __future__ import annotations

import click

from evalsuite.cli.terminal import arguments
from evalsuite.report.tables import Format
from evalsuite.store import Store


@click.command(short_help="Show the latest results of every spec.")
@arguments.store
@arguments.table_format
@click.option("--sort", metavar="METRIC", help="Order by this metric, best first; without it by verdict.")
@click.option(
    "--where", multiple=True, metavar="FIELD=PATTERN", help="Keep rows that fit, e.g. method=sft, verdict=pass."
)
@click.option("--details", is_flag=True, help="Show every metric, also the parts of others.")
@click.option("--ratings", is_flag=True, help="Rate all specs by the pairs that they won and lost.")
def leaderboard(
    store: Store, form: Format, sort: str | None, where: tuple[str, ...], details: bool, ratings: bool
) -> None:
    """Show the latest results of every spec, each figure with its 95 % interval."""
    from evalsuite.cli.terminal.output import show_ratings, show_table, show_tables
    from evalsuite.report.judging.ratings import ratings as read_ratings
    from evalsuite.report.leaderboard.leaderboard import leaderboard as read_leaderboard

    if ratings:
        show_ratings(read_ratings(store), form)
        return
    board = read_leaderboard(store).where(where)
    if sort:
        board = board.sorted_by(sort)
    if form == "table" and not board.rows:
        click.echo("no spec fits every --where; without them all are shown")
        return
    if form != "table":
        show_table(board.table(details=details), form, figures=board.figures())
        return
    if sort and board.metric(sort).direction != "higher":
        click.echo(board.order(sort), err=True)
    for sentence in board.apart():
        click.echo(f"measured differently, so in columns of their own: {sentence}", err=True)
    show_tables(board.screens(details=details))
