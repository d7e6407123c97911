"""`evalsuite init`: a project that a person can edit."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(short_help="Write a commented project into a folder.")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), metavar="DIR")
def init(folder: Path) -> None:
    """Write a commented project into DIR: specs, suite, gate, rubric and data, ready to run."""
    from evalsuite.pipeline.scaffold import write_project

    for file in write_project(folder):
        click.echo(f"  {file}")
    there = "" if folder.resolve() == Path.cwd() else f"cd {folder} && "
    click.echo(f"\nnext:  {there}evalsuite run specs/*.yaml")
