"""`evalsuite show`: the run card, or a prompt as a model saw it."""

from __future__ import annotations

import click

from evalsuite.cli import options
from evalsuite.store import Store


@click.command(short_help="Show the card of a run, or a prompt as a model saw it.")
@click.argument("run", required=False)
@click.option("--prompt", nargs=2, metavar="TASK SAMPLE", help="Show what a benchmark's sample was asked, with tokens.")
@options.store
def show(run: str | None, prompt: tuple[str, str] | None, store: Store) -> None:
    """Show the card of RUN: a run id, or a spec's name for its latest run."""
    if prompt is not None:
        _show_prompt(*prompt, store)
    elif run is not None:
        _show_cards(run, store)
    else:
        raise click.UsageError("name a RUN, or a sample with --prompt TASK SAMPLE")


def _show_cards(run: str, store: Store) -> None:
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


def _show_prompt(entry: str, sample: str, store: Store) -> None:
    from evalsuite.cli.output import show_table
    from evalsuite.cli.terminal import printable
    from evalsuite.report.prompt import prompt_of, token_table

    asked = prompt_of(entry, sample, store)
    tokens = f"{len(asked.prompt.tokens)} tokens" if asked.prompt.tokens else "tokens not known"
    click.secho(f"{entry} {sample}, asked of {asked.role}: {tokens}, digest {asked.digest[:12]}", bold=True)
    click.echo(printable(asked.prompt.text))
    if asked.prompt.tokens:
        show_table(token_table(asked))
