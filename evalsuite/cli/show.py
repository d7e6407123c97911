"""`evalsuite show`: the run card, a prompt as a model saw it, and what a candidate forgot."""

from __future__ import annotations

import click

from evalsuite.cli.terminal import arguments
from evalsuite.store import Store


@click.command(short_help="Show the card of a run, a prompt as a model saw it, or what was forgotten.")
@click.argument("run", required=False)
@click.option("--prompt", nargs=2, metavar="TASK SAMPLE", help="Show what a benchmark's sample was asked, with tokens.")
@click.option("--forgetting", is_flag=True, help="What the spec gained and lost against its base, sample by sample.")
@click.option("--samples", type=click.IntRange(min=1), default=20, show_default=True, help="Samples to list.")
@click.option(
    "--chain",
    multiple=True,
    metavar="SPEC:METRIC",
    help="Once per training, in order: the spec and the metric of its task; RUN is the last spec.",
)
@arguments.store
def show(
    run: str | None,
    prompt: tuple[str, str] | None,
    forgetting: bool,
    samples: int,
    chain: tuple[str, ...],
    store: Store,
) -> None:
    """Show the card of RUN: a run id, or a spec's name for its latest run."""
    if prompt is not None:
        _show_prompt(*prompt, store)
    elif run is None:
        raise click.UsageError("name a RUN, or a sample with --prompt TASK SAMPLE")
    elif chain:
        _show_chain(run, chain, store)
    elif forgetting:
        _show_forgetting(run, samples, store)
    else:
        _show_cards(run, store)


def _show_cards(run: str, store: Store) -> None:
    from evalsuite.cli.terminal.columns import printable
    from evalsuite.cli.terminal.output import show_table
    from evalsuite.report.cards.run_card import run_cards

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
    from evalsuite.cli.terminal.columns import printable
    from evalsuite.cli.terminal.output import show_table
    from evalsuite.report.answers import prompt_of, token_table

    asked = prompt_of(entry, sample, store)
    tokens = f"{len(asked.prompt.tokens)} tokens" if asked.prompt.tokens else "tokens not known"
    click.secho(f"{entry} {sample}, asked of {asked.role}: {tokens}, digest {asked.digest[:12]}", bold=True)
    click.echo(printable(asked.prompt.text))
    if asked.prompt.tokens:
        show_table(token_table(asked))


def _show_forgetting(run: str, samples: int, store: Store) -> None:
    from evalsuite.cli.terminal.output import show_table
    from evalsuite.report.forgetting.forgetting import forgetting, sample_table

    page = forgetting(run, store)
    click.secho(page.spec, bold=True)
    click.echo(page.sentence())
    show_table(page.change_table())
    for title, moved in (("lost", page.lost), ("gained", page.gained)):
        click.secho(f"{title}: {page.count(gained=title == 'gained')} samples", bold=True)
        if moved:
            show_table(sample_table(store, moved[:samples]))


def _show_chain(run: str, links: tuple[str, ...], store: Store) -> None:
    from evalsuite.cli.terminal.output import show_table
    from evalsuite.report.forgetting.forgetting import chain

    parted = [tuple(link.partition(":")[::2]) for link in links]
    if any(not metric for _, metric in parted) or parted[-1][0] != run:
        raise click.UsageError("--chain takes SPEC:METRIC, once per training; the last SPEC is RUN")
    found = chain([(spec, metric) for spec, metric in parted], store)
    show_table(found.table())
    click.echo(found.sentence())
