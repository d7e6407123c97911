"""`evalsuite run`: train what is not yet trained, score what is not yet scored."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from evalsuite.cli.terminal import arguments
from evalsuite.cli.terminal import verdict_files as verdicts
from evalsuite.store import Store


@click.command(short_help="Train and score every spec; do only what is missing.")
@arguments.specs
@arguments.settings
@arguments.store
@click.option("--max-cost", type=click.FloatRange(min=0), metavar="MONEY", help="Stop before endpoints cost more.")
@click.option("--gate", is_flag=True, help="Carry the verdicts in the exit code, as `evalsuite gate` does.")
@verdicts.outputs
def run(
    specs: tuple[Path, ...],
    settings: tuple[str, ...],
    store: Store,
    max_cost: float | None,
    gate: bool,
    **wanted: Any,
) -> int:
    """Train and score every spec, then show the leaderboard and the verdicts.

    What is done is kept: run it again and only what changed is made anew. Exits with 0 when everything ran,
    whatever the verdicts; with 2 when a spec could not be carried through.
    """
    from evalsuite.cli.terminal.output import TerminalWatcher, show_ratings, show_tables
    from evalsuite.pipeline import flow as pipeline
    from evalsuite.report.cards.verdict import exit_code
    from evalsuite.report.judging.ratings import ratings
    from evalsuite.report.leaderboard.leaderboard import leaderboard

    report = pipeline.run(specs, store, TerminalWatcher(), settings=settings, max_cost=max_cost)
    if report.run_id is None:
        click.echo(f"nothing to do: all {report.steps_cached} steps are done already", err=True)
    else:
        click.echo(f"run {report.run_id}: {report.steps_run} steps run, {report.steps_cached} known already", err=True)
    show_tables(leaderboard(store).screens())
    if rated := ratings(store):
        show_ratings(rated)
    answers = verdicts.write_verdicts(report.verdicts, store, verdicts.Outputs(**wanted))
    for name, error in report.errors:
        click.echo(f"{name} could not be carried through: {error}", err=True)
    where = "" if store.folder == Path(arguments.DEFAULT_STORE) else f" --store {store.folder}"
    click.echo(f"\nbrowse it:  evalsuite dashboard{where}")
    if report.errors:
        return 2
    return exit_code(answers) if gate else 0
