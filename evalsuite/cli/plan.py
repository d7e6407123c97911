"""`evalsuite plan`: what a run would do and what it would cost."""

from __future__ import annotations

from pathlib import Path

import click

from evalsuite.cli.terminal import arguments
from evalsuite.cli.terminal.columns import printable
from evalsuite.store import Store


@click.command(short_help="Print each step, what is cached and what the rest costs.")
@arguments.specs
@arguments.settings
@arguments.store
def plan(specs: tuple[Path, ...], settings: tuple[str, ...], store: Store) -> None:
    """Print each step, what is cached, what will be computed, and what it will take."""
    from evalsuite.cli.terminal.output import show_table
    from evalsuite.pipeline import flow as pipeline
    from evalsuite.report.progress import looked_up, plan_table, takes, totals

    plans = pipeline.plan(specs, store, settings=settings)
    done = pipeline.finished(plans, store)
    for planned in plans:
        click.secho(planned.name, bold=True)
        for line in looked_up(planned):
            click.echo(printable(f"  {line}"))
        show_table(plan_table(planned, done))
    click.echo(totals(plans, done))
    expected = takes(plans, done, store)
    if expected is not None:
        click.echo(expected)
