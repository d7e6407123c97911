"""`evalsuite schema`: JSON Schemas of the documents, for editors."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(short_help="Print the JSON Schema of a kind of document.")
@click.argument("kind", required=False)
@click.option("--write", type=click.Path(path_type=Path, file_okay=False), help="Write all schemas into this folder.")
def schema(kind: str | None, write: Path | None) -> None:
    """Print the JSON Schema of KIND: run, suite, rubric, judge, policy, writing, card, aliases or verdict."""
    import json

    from evalsuite.spec.loading import schema as schemas

    if write is not None:
        for file in schemas.write(write):
            click.echo(file)
    elif kind in schemas.DOCUMENTS:
        click.echo(json.dumps(schemas.emit(str(kind)), indent=2, ensure_ascii=False))
    else:
        raise click.UsageError(f"name one of: {', '.join(schemas.DOCUMENTS)}; or give --write DIR")
