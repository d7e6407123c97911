"""The card: what is recorded of one released adapter, for review in a pull request."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from evalsuite.spec.document import Document, Name, Version

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class CardResult(Document):
    """One figure of the card, with its interval."""

    metric: str
    value: float
    low: float
    high: float
    n: Annotated[int, Field(ge=1)]


class Card(Document):
    """One released adapter."""

    schema_version: Version
    name: Name
    version: Annotated[str, Field(pattern=r"^[0-9]+\.[0-9]+\.[0-9]+$")]
    description: str | None = None
    licence: str | None = None
    base_model: str
    base_digest: Digest
    adapter_digest: Digest
    verdict: Literal["pass", "fail", "undecided", "invalid"]
    policy: Name
    results: tuple[CardResult, ...] = ()
