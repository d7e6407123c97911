"""`evalsuite gate`: the verdict on results already there, in the exit code and in files for CI."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from evalsuite.cli.terminal import arguments
from evalsuite.cli.terminal import verdict_files as verdicts
from evalsuite.store import Store


@click.command(short_help="Say whether each spec is fit to release.")
@arguments.specs
@arguments.settings
@arguments.store
@click.option("--policy", metavar="NAME|FILE", help="Hold the results against this policy, not the specs' own.")
@verdicts.outputs
def gate(specs: tuple[Path, ...], settings: tuple[str, ...], store: Store, policy: str | None, **wanted: Any) -> int:
    """Say whether each spec is fit to release, from results already there.

    Writes `verdict.json` and `verdict.md` per spec under the store. Exits with 0 when all pass, 1 when one fails,
    2 when it could not run, 3 when one is undecided or invalid.
    """
    from evalsuite.pipeline import flow as pipeline
    from evalsuite.report.cards.verdict import exit_code
    from evalsuite.spec.loading.load import named_policy

    chosen = named_policy(policy, beside=specs[0]) if policy else None
    found = pipeline.gate(specs, store, settings=settings, policy=chosen)
    return exit_code(verdicts.write_verdicts(found, store, verdicts.Outputs(**wanted)))
