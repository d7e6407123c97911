"""`evalsuite release`: write the card of an adapter that passed its gate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evalsuite.cli.terminal import arguments
from evalsuite.store import Store

if TYPE_CHECKING:
    from evalsuite.spec.card import CardOverride


@click.command(short_help="Release an adapter: write its card, move an alias.")
@click.argument("spec", type=click.Path(path_type=Path))
@click.option("--version", required=True, metavar="X.Y.Z", help="The version; above all that are released.")
@click.option("--name", metavar="NAME", help="Which spec of the file, where a matrix makes several.")
@click.option("--alias", metavar="ALIAS", help="Let this name, such as `production`, stand for it from now on.")
@click.option("--licence", metavar="ID", help="The licence of the weights, as the hub spells it.")
@click.option("--model-card", is_flag=True, help="Also write a README.md for the hub into the weights' folder.")
@click.option("--sign", metavar="KEY|cosign", help="Sign the provenance with an ssh key's file, or by cosign.")
@click.option("--override", is_flag=True, help="Release without a passing verdict; wants --reason.")
@click.option("--reason", metavar="TEXT", help="Why it is released without a passing verdict.")
@click.option("--by", metavar="NAME", help="Who overrides; the user of this machine unless given.")
@arguments.registry
@arguments.store
def release(spec: Path, registry: Path, store: Store, name: str | None, **given: Any) -> None:
    """Write the card of SPEC's adapter into the registry, with its provenance.

    Refuses without a passing verdict for exactly the weights that lie on disk. The card is made for reviewing in a
    pull request; `evalsuite registry verify` holds it to account.
    """
    from datetime import UTC, datetime

    from evalsuite.pipeline.release import Release
    from evalsuite.pipeline.release import release as write_release

    override = _override(given.pop("override"), given.pop("reason"), given.pop("by"))
    wanted = Release(**given, override=override)
    done = write_release(spec, store, registry, wanted, name=name, at=datetime.now(UTC))
    click.secho(f"{done.card.label} is released", bold=True)
    for file in (done.file, done.statement, done.signature):
        if file is not None:
            click.echo(f"  {file}")
    if wanted.alias:
        click.echo(f"  {wanted.alias} now stands for {done.card.label}")


def _override(wanted: bool, reason: str | None, by: str | None) -> CardOverride | None:
    import getpass

    from evalsuite.spec.card import CardOverride

    if wanted != bool(reason):
        raise click.UsageError("--override and --reason go together")
    return CardOverride(by=by or getpass.getuser(), reason=reason) if reason else None
