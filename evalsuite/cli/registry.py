"""`evalsuite registry`: the released adapters, what changed between them, and whether they are what they say."""

from __future__ import annotations

from pathlib import Path

import click

from evalsuite.cli.terminal import arguments
from evalsuite.report.tables import Format
from evalsuite.store import Store


@click.group(short_help="Look at released adapters: list, show, diff, verify, rollback.")
def registry() -> None:
    """Look at released adapters and hold them to account."""


@registry.command("list", short_help="List the cards.")
@arguments.registry
@arguments.table_format
def list_(registry: Path, form: Format) -> None:
    """List all cards with their verdicts and the aliases that name them."""
    from evalsuite.cli.terminal.output import show_table
    from evalsuite.registry.cards import read_aliases, read_cards
    from evalsuite.report.cards.released import cards_table

    cards = read_cards(registry)
    if cards or form != "table":
        show_table(cards_table(cards, read_aliases(registry)), form)
    else:
        click.echo(f"no card in {registry} yet; `evalsuite release SPEC --version 1.0.0` writes one")


@registry.command(short_help="Show a card.")
@click.argument("card")
@arguments.registry
def show(card: str, registry: Path) -> None:
    """Show CARD: `name@1.2.0`, an alias, or a name for its newest version."""
    from evalsuite.cli.terminal.columns import printable
    from evalsuite.cli.terminal.output import show_table
    from evalsuite.registry.cards import find_card
    from evalsuite.report.cards.released import facts, results_table

    found = find_card(registry, card)
    click.secho(found.label, bold=True)
    for label, words in facts(found):
        click.echo(printable(f"  {label:<12} {words}"))
    for sentence in found.verdict.found:
        click.echo(printable(f"  {'':<12} {sentence}"))
    show_table(results_table(found))


@registry.command(short_help="Say what changed between two cards.")
@click.argument("first")
@click.argument("second")
@arguments.registry
@arguments.table_format
def diff(first: str, second: str, registry: Path, form: Format) -> None:
    """Say what differs between FIRST and SECOND: weights, documents, data, software and figures."""
    from evalsuite.cli.terminal.output import show_table
    from evalsuite.registry.cards import find_card
    from evalsuite.report.cards.released import difference_table

    show_table(difference_table(find_card(registry, first), find_card(registry, second)), form)


@registry.command(short_help="Let an alias stand for what it stood for before.")
@click.argument("alias")
@arguments.registry
def rollback(alias: str, registry: Path) -> None:
    """Let ALIAS stand for what it stood for before; the card that it leaves stays where it is."""
    from datetime import UTC, datetime

    from evalsuite.registry.cards import roll_back

    now = roll_back(registry, alias, at=datetime.now(UTC)).now
    click.echo(f"{alias} now stands for {now.label}")


@registry.command(short_help="Refuse cards that are not what they say.")
@click.option("--allow-missing", is_flag=True, help="Let weights, data and verdicts be absent; check what is there.")
@click.option(
    "--allowed-signers", type=click.Path(path_type=Path, exists=True), help="Want an ssh signature of one of these."
)
@click.option("--identity", metavar="WHO ISSUER", nargs=2, help="Want a cosign signature of this identity and issuer.")
@arguments.registry
@arguments.store
def verify(
    registry: Path,
    store: Store,
    allow_missing: bool,
    allowed_signers: Path | None,
    identity: tuple[str, str] | None,
) -> int:
    """Make every digest anew; refuse a card whose weights, data, verdict or provenance do not match.

    Exits with 0 when every card is what it says, with 1 when one is refused, and with 3 when no store here knows of a
    card's verdict, unless --allow-missing lets that pass. Data are held against the newest version of a name, for a
    corpus grows; weights and verdicts against every version.
    """
    from functools import partial

    from evalsuite.cli.terminal.output import show_table
    from evalsuite.pipeline.verify import Wanted
    from evalsuite.pipeline.verify import verify as verify_cards
    from evalsuite.registry import provenance as signing
    from evalsuite.report.cards.released import findings_table

    if allowed_signers and identity:
        raise click.UsageError("give --allowed-signers or --identity, not both")
    signature = partial(signing.check_ssh, signers=allowed_signers) if allowed_signers else None
    if identity:
        signature = partial(signing.check_cosign, identity=identity[0], issuer=identity[1])
    cards, found = verify_cards(registry, store, Wanted(allow_missing, signature))
    if found:
        show_table(findings_table(found))
    refused = {finding.card for finding in found if finding.state == "refused"}
    unsure = {finding.card for finding in found} - refused
    said = f"{len(cards)} cards, {len(refused)} refused" + (f", {len(unsure)} not wholly checked" if unsure else "")
    click.secho(said, fg="red" if refused else "yellow" if unsure else "green", bold=True)
    return 1 if refused else 3 if unsure and not allow_missing else 0
