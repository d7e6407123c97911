"""`aliases.yaml`: which released adapter a name such as `production` stands for, and what it stood for before."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from evalsuite.spec.card import Release
from evalsuite.spec.document import Document, Name, Version


class Pointer(Document):
    """One released adapter, and since when an alias has named it."""

    name: Name
    version: Release
    since: datetime

    @property
    def label(self) -> str:
        """What is pointed at, as `name@1.2.0`."""
        return f"{self.name}@{self.version}"


class Alias(Document):
    """What an alias stands for now, and before that (newest first)."""

    now: Pointer
    before: tuple[Pointer, ...] = ()


class Aliases(Document):
    """All aliases of a registry."""

    schema_version: Version
    aliases: Annotated[dict[Name, Alias], Field(default_factory=dict)]
