"""Names such as `production` that stand for a released adapter, with what they stood for before."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from evalsuite.errors import NotFound
from evalsuite.registry.paper import write_document
from evalsuite.spec.aliases import Alias, Aliases, Pointer
from evalsuite.spec.card import Card
from evalsuite.spec.document import validate
from evalsuite.spec.read import read_file


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
