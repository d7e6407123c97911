"""Verifying a registry: every card against its weights, its data, its verdict, its provenance and its signature."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from evalsuite.data.digest import file_digest
from evalsuite.errors import EvalsuiteError
from evalsuite.models.checkpoints.adapter import adapter_digest
from evalsuite.registry import provenance
from evalsuite.registry.cards import aliases_file, card_file, read_aliases, read_cards
from evalsuite.registry.provenance import Finding, State
from evalsuite.spec.card import Card
from evalsuite.store import Store, read

# Why a signature is not good, or None; what was asked for on the command line is bound into it.
Signature = Callable[[Path], str | None]


@dataclass(frozen=True)
class Wanted:
    """How strict the verification is: whether files may be missing, and how signatures are held to account."""

    allow_missing: bool = False
    signature: Signature | None = None


def verify(registry: Path, store: Store, wanted: Wanted) -> tuple[list[Card], list[Finding]]:
    """All cards, and everything found; raises DocumentError when a card cannot be read."""
    cards = read_cards(registry)
    findings = [finding for card in cards for finding in _of_card(card, cards, registry, store, wanted)]
    return cards, [*findings, *_of_aliases(registry, cards)]


def _of_card(card: Card, cards: list[Card], registry: Path, store: Store, wanted: Wanted) -> Iterator[Finding]:
    root, file = registry.resolve().parent, card_file(registry, card)
    for what in provenance.disagreements(card, file):
        yield Finding(card.label, "refused", what)
    if wanted.signature is not None:
        bad = wanted.signature(provenance.statement_file(file))
        if bad is not None:
            yield Finding(card.label, "refused", bad)
    if card.verdict.answer != "pass" and card.override is None:
        yield Finding(
            card.label, "refused", f"its verdict is {card.verdict.answer}, and nobody took it upon themselves"
        )
    missing: State = "not checked" if wanted.allow_missing else "refused"
    yield from _of_weights(card, root / card.weights.path, missing)
    yield from _of_verdict(card, store)
    # A corpus grows; an older version cannot be held to what the file has become since.
    if card is max((found for found in cards if found.name == card.name), key=lambda found: found.order):
        yield from _of_data(card, root, missing)


def _of_weights(card: Card, folder: Path, missing: State) -> Iterator[Finding]:
    if not folder.is_dir():
        yield Finding(card.label, missing, f"its weights are not at {folder}")
        return
    changed = provenance.changed_files(folder, card)
    if changed:
        yield Finding(card.label, "refused", f"its weights at {folder} were changed: {', '.join(changed)}")
        return
    try:
        if adapter_digest(folder) != card.weights.digest:
            yield Finding(card.label, "refused", f"its weights at {folder} have another digest than the card says")
    except EvalsuiteError as error:
        yield Finding(card.label, "refused", str(error))


def _of_verdict(card: Card, store: Store) -> Iterator[Finding]:
    stored = read.verdict_of(store, card.verdict.digest) if store.results.exists() else None
    if stored is None:
        yield Finding(card.label, "not checked", f"no store at {store.folder} knows of its verdict")
    elif stored.answer != card.verdict.answer:
        what = f"its verdict is {card.verdict.answer}, and the store at {store.folder} says {stored.answer}"
        yield Finding(card.label, "refused", what)


def _of_data(card: Card, root: Path, missing: State) -> Iterator[Finding]:
    for data in card.data:
        if not (root / data.path).is_file():
            yield Finding(card.label, missing, f"its data {data.path} is not there")
        elif file_digest(root / data.path) != data.sha256:
            yield Finding(card.label, "refused", f"its data {data.path} was changed since the release")


def _of_aliases(registry: Path, cards: list[Card]) -> Iterator[Finding]:
    known = {card.label for card in cards}
    for name, alias in read_aliases(registry).aliases.items():
        if alias.now.label not in known:
            what = f"stands for {alias.now.label}, which has no card; see {aliases_file(registry)}"
            yield Finding(name, "refused", what)
