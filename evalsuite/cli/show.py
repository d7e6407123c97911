"""`evalsuite show`: the run card."""

from __future__ import annotations

import click

from evalsuite.cli import options
from evalsuite.store import Store


@click.command(short_help="Show the card of a run.")
@click.argument("run")
@options.store
def show(run: str, store: Store) -> None:
    """Show the card of RUN: a run id, or a spec's name for its latest run."""
    from evalsuite.cli.output import show_table
    from evalsuite.cli.terminal import printable
    from evalsuite.report.card import run_cards

    for card in run_cards(run, store):
        click.secho(card.spec.spec, bold=True)
        for label, words in card.facts():
            click.echo(f"  {label:<12} {words}")
        for line in card.judges:
            click.echo(printable(f"  judge        {line}"))
        show_table(card.result_table())
        if card.verdict is not None:
            click.secho(f"  {card.verdict.answer} by policy {card.verdict.policy}", bold=True)
            for outcome in card.verdict.outcomes:
                click.echo(f"  {outcome.word:<10} {outcome.sentence}")
