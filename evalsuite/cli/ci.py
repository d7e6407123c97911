"""`evalsuite ci`: the gate in continuous integration."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click


@click.group(short_help="Put the gate into continuous integration: init.")
def ci() -> None:
    """Put the gate into continuous integration."""


@ci.command(short_help="Write a workflow that validates, gates and reports.")
@click.argument("server", type=click.Choice(["github", "gitlab"]))
@click.option("--folder", type=click.Path(path_type=Path, file_okay=False), default=".", help="The project's folder.")
def init(server: Literal["github", "gitlab"], folder: Path) -> None:
    """Write a workflow for SERVER into the project: validate on every push, gate what has results, show why."""
    from evalsuite.pipeline.scaffold import write_workflow

    click.echo(write_workflow(server, folder))
