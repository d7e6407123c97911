"""Cards and aliases of a registry, written as YAML for people; a card is never changed."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import yaml

from evalsuite.errors import DocumentError, NotFound, Problem
from evalsuite.spec.card import Alias, Aliases, Card, Pointer
from evalsuite.spec.document import Document, validate
from evalsuite.spec.loading.yaml_reader import read_file


def write_document(document: Document, file: Path, *, schema: str) -> None:
    """Write a document whole or not at all; nothing that is absent is written."""
    plain = document.model_dump(mode="json", exclude_none=True)
    text = yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=120)
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(f".{file.name}.new")
    fresh.write_text(f"# A document of evalsuite; `evalsuite schema {schema}` prints its schema.\n{text}", "utf-8")
    os.replace(fresh, file)


def aliases_file(registry: Path) -> Path:
    """Where the aliases of a registry lie."""
    return registry / "aliases.yaml"


def read_aliases(registry: Path) -> Aliases:
    """The aliases of a registry; none when there is no file yet."""
    file = aliases_file(registry)
    return validate(Aliases, read_file(file)) if file.is_file() else Aliases(schema_version=1, aliases={})


def move_alias(registry: Path, alias: str, card: Card, *, at: datetime) -> Alias:
    """Let an alias stand for a card from now on; what it stood for is kept."""
    known = read_aliases(registry).aliases.get(alias)
    before = (known.now, *known.before) if known else ()
    return _write(registry, alias, Alias(now=Pointer(name=card.name, version=card.version, since=at), before=before))


def roll_back(registry: Path, alias: str, *, at: datetime) -> Alias:
    """Let an alias stand for what it stood for before; raises NotFound when there is nothing before."""
    known = read_aliases(registry).aliases.get(alias)
    if known is None:
        there = ", ".join(read_aliases(registry).aliases) or "none"
        raise NotFound(f"{aliases_file(registry)}  has no alias {alias!r}; there are: {there}")
    if not known.before:
        raise NotFound(f"{aliases_file(registry)}  {alias} has always been {known.now.label}; nothing to go back to")
    to, *before = known.before
    return _write(registry, alias, Alias(now=to.model_copy(update={"since": at}), before=tuple(before)))


def _write(registry: Path, name: str, alias: Alias) -> Alias:
    known = read_aliases(registry)
    # Validated anew, for the alias's name comes from the command line.
    changed = Aliases(schema_version=1, aliases={**known.aliases, name: alias})
    write_document(changed, aliases_file(registry), schema="aliases")
    return alias


def card_file(registry: Path, card: Card) -> Path:
    """Where a card lies in its registry."""
    return registry / card.name / f"{card.version}.yaml"


def write_card(registry: Path, card: Card) -> Path:
    """Write a new card; raises DocumentError when its version is not above all versions of that name."""
    file = card_file(registry, card)
    newest = max((found for found in read_cards(registry) if found.name == card.name), default=None, key=_order)
    if newest is not None and newest.order >= card.order:
        what = f"{newest.label} is already released; choose a version above it"
        raise DocumentError([Problem(str(file), None, "version", what)])
    write_document(card, file, schema="card")
    return file


def read_cards(registry: Path) -> list[Card]:
    """All cards, by name and version; raises DocumentError with every problem of every card."""
    cards: list[Card] = []
    problems: list[Problem] = []
    for file in sorted(registry.glob("*/*.yaml")):
        try:
            card = validate(Card, read_file(file))
        except DocumentError as error:
            problems += error.problems
            continue
        if card_file(registry, card) != file:
            what = f"says that it is {card.label}; put it at {card_file(registry, card)}"
            problems.append(Problem(str(file), None, "name", what))
        cards.append(card)
    if problems:
        raise DocumentError(problems)
    return sorted(cards, key=lambda card: (card.name, card.order))


def find_card(registry: Path, wanted: str) -> Card:
    """The card of `name@version`, of an alias, or the newest of a name; raises NotFound with what there is."""
    cards = read_cards(registry)
    alias = read_aliases(registry).aliases.get(wanted)
    name, _, version = (alias.now.label if alias else wanted).partition("@")
    fitting = [card for card in cards if card.name == name and version in ("", card.version)]
    if not fitting:
        known = ", ".join(card.label for card in cards) or "none"
        raise NotFound(f"{registry}  has no card or alias {wanted!r}; there are: {known}")
    return fitting[-1]


def _order(card: Card) -> tuple[int, ...]:
    return card.order
