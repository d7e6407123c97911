"""Reading and writing the cards of a registry; a card is written once and never changed."""

from __future__ import annotations

from pathlib import Path

from evalsuite.errors import DocumentError, NotFound, Problem
from evalsuite.registry.aliases import read_aliases
from evalsuite.registry.paper import write_document
from evalsuite.spec.card import Card
from evalsuite.spec.document import validate
from evalsuite.spec.read import read_file


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
