"""The registry's documents: the card of a released adapter, and `aliases.yaml`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from evalsuite.spec.document import Document, Name, Version

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
VERSION = r"^(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*)){2}$"
Release = Annotated[str, Field(pattern=VERSION, description="such as 1.2.0")]


class CardFile(Document):
    """One file by its bytes; `path` is relative to the folder that the registry stands in."""

    path: str
    sha256: Digest


class CardWeights(Document):
    """Where the released weights lie, what they are, and the bytes of each of their files."""

    path: str
    digest: Annotated[Digest, Field(description="of the weights and of what their configuration does")]
    files: Annotated[tuple[CardFile, ...], Field(min_length=1, description="paths relative to the weights' folder")]


class CardBase(Document):
    """The base model that the adapter was trained on."""

    id: str
    revision: str | None = None
    digest: Digest


class CardDocument(Document):
    """A document that the verdict rests on: spec, suite, gate, rubric or judge."""

    name: str
    sha256: Digest


class CardVerdict(Document):
    """The gate's decision about exactly these weights."""

    answer: Literal["pass", "fail", "undecided", "invalid"]
    policy: Name
    digest: Annotated[Digest, Field(description="of the step that decided, over all its evidence")]
    found: Annotated[tuple[str, ...], Field(description="what each rule found, in a sentence")] = ()


class CardOverride(Document):
    """Who released without a passing verdict, and why."""

    by: Annotated[str, Field(min_length=1)]
    reason: Annotated[str, Field(min_length=1)]


class CardResult(Document):
    """One figure of the card, with its interval."""

    metric: str
    value: float
    low: float | None = None
    high: float | None = None
    n: Annotated[int, Field(ge=0)]
    entry: Annotated[str | None, Field(description="the suite's entry that it is of")] = None
    direction: Annotated[
        Literal["higher", "lower", "neither"] | None, Field(description="which way is better; null on older cards")
    ] = None
    unit: str | None = None


class CardChange(Document):
    """One paired difference, the adapter minus its baseline."""

    metric: str
    baseline: str
    difference: float
    low: float
    high: float
    n: Annotated[int, Field(ge=1)]


class Card(Document):
    """One released adapter."""

    schema_version: Version
    name: Name
    version: Release
    released: datetime
    description: str | None = None
    licence: str | None = None
    method: str
    weights: CardWeights
    base_model: CardBase
    verdict: CardVerdict
    override: CardOverride | None = None
    results: tuple[CardResult, ...] = ()
    changes: tuple[CardChange, ...] = ()
    documents: tuple[CardDocument, ...] = ()
    data: tuple[CardFile, ...] = ()
    software: Annotated[dict[str, str], Field(default_factory=dict)]

    @property
    def label(self) -> str:
        """The card's name and version, as `name@1.2.0`."""
        return f"{self.name}@{self.version}"

    @property
    def order(self) -> tuple[int, ...]:
        """The version as numbers, for sorting."""
        return tuple(int(part) for part in self.version.split("."))


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
