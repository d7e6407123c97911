"""`evalsuite validate`: are the specs, all that they name, and their data well-formed?"""

from __future__ import annotations

from pathlib import Path

import click

from evalsuite.cli.terminal import arguments
from evalsuite.cli.terminal.columns import printable


@click.command(short_help="Check specs, what they name and every row of their data.")
@arguments.specs
@arguments.settings
def validate(specs: tuple[Path, ...], settings: tuple[str, ...]) -> None:
    """Check specs, the documents they name and every row of their data; nothing is trained or loaded."""
    from evalsuite.pipeline.evidence import rules_without_reference
    from evalsuite.plan.preflight import check_data, describe_sources
    from evalsuite.spec.loading.load import load_specs

    resolved = load_specs(specs, settings)
    check_data(resolved)
    for spec in resolved:
        click.echo(printable(f"{spec.file}  {spec.spec.name}  is valid"))
        for line in describe_sources(spec):
            click.echo(printable(f"  {line}"))
        for sentence in rules_without_reference(spec):
            click.echo(printable(f"  will be invalid: {sentence}"))
