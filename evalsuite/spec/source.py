"""Sources of training rows: files and splits of data sets, how they are read, their share, and planted canaries."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from evalsuite.environment import cache_folder
from evalsuite.plugins import Method
from evalsuite.spec.document import Document, said

_UNSAFE = re.compile(r"[^A-Za-z0-9.-]+")
_DIGITS = 12

Hub = Annotated[str, Field(min_length=1, description="owner/name of a data set on the hub")]
Revision = Annotated[str, Field(min_length=1, description="the commit of the data set; a tag could move")]
Config = Annotated[str, Field(min_length=1, description="the configuration, where the data set has several")]
SplitName = Annotated[str, Field(min_length=1, description="the split, or a part of it as train[:1000]")]


class HubSplit(Document):
    """One split of a data set on the hub; the revision is required, for a set that changes changes all results."""

    hub: Hub
    revision: Revision
    config: Config | None = None
    split: SplitName = "test"

    def __str__(self) -> str:
        return f"data set {self.hub!r} at revision {self.revision!r}"

    @property
    def place(self) -> str:
        """What the hub's library loads."""
        return self.hub

    @property
    def file(self) -> Path:
        """Where the rows are kept once they are fetched."""
        return _kept(self.hub, self.revision, self.config, self.split)


@dataclass(frozen=True)
class FolderSplit:
    """One split of a folder that `datasets` reads."""

    folder: Path
    config: str | None
    split: str

    def __str__(self) -> str:
        return f"data set {str(self.folder)!r}"

    @property
    def place(self) -> str:
        """What the hub's library loads."""
        return str(self.folder)

    @property
    def revision(self) -> None:
        """A folder has none."""

    @property
    def file(self) -> Path:
        """Where the rows are kept once they are read; another place as soon as a file of the folder changes."""
        files = [file for file in sorted(self.folder.rglob("*")) if file.is_file()]
        stamp = [(str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in files]
        return _kept(self.folder.name, self.config, self.split, stamp=stamp)


Split = HubSplit | FolderSplit


def _kept(*parts: str | None, stamp: object = None) -> Path:
    """A file below EVALSUITE_CACHE, or ~/.cache/evalsuite: its name can be read, and no two splits share one."""
    words = "--".join(_UNSAFE.sub("-", part).strip("-.") for part in parts if part)
    digest = hashlib.sha256(json.dumps([parts, stamp]).encode()).hexdigest()
    return cache_folder() / "data" / f"{words}--{digest[:_DIGITS]}.jsonl"


TRAIN = "train"
# Where rows lie does not count for what is made of them, their bytes do; a revision is pinned on purpose, and counts.
PLACE = ("path", "hub", "config", "split")

Format = Literal["chat", "markdown", "yaml", "json", "text"]


class Filter(Document):
    """Which rows of a source are kept."""

    by: Annotated[
        Literal["ifd", "length", "duplicates", "noise"],
        Field(
            description="ifd: the largest below 1, as `evalsuite data score` wrote it; length: the longest answers; "
            "duplicates: all but repeats; noise: the least broken text"
        ),
    ]
    keep: Annotated[float, Field(gt=0, le=1, description="the share of the rows to keep at most")] = 1.0


class Columns(Document):
    """What the columns of the data are called that stand for these keys."""

    prompt: str | None = None
    completion: str | None = None
    chosen: str | None = None
    rejected: str | None = None
    label: str | None = None
    messages: str | None = None
    conversations: str | None = None
    instruction: str | None = None
    input: str | None = None
    output: str | None = None
    text: str | None = None
    document: str | None = None

    def named(self) -> dict[str, str]:
        """The column of each key that is called otherwise."""
        return {key: column for key, column in self if column is not None}


class Source(Document):
    """A data file or a split of a data set; with weights, every source of the mixture has one."""

    path: Annotated[
        str | None,
        Field(
            min_length=1,
            description=".jsonl, .json, .csv, .tsv, .parquet, .txt, .md; with `split` a folder that `datasets` reads",
        ),
    ] = None
    hub: Hub | None = None
    revision: Revision | None = None
    config: Config | None = None
    split: Annotated[
        SplitName | None, Field(description="of a data set; of the hub without it train, of a folder needed")
    ] = None
    columns: Annotated[Columns, Field(description="key: the column that stands for it")] = Columns()
    weight: Annotated[float | None, Field(gt=0)] = None
    format: Annotated[
        Format,
        Field(description="chat: through the base's chat template; else the conversation written as such a document"),
    ] = "chat"
    on_bad_row: Annotated[
        Literal["stop", "drop"], Field(description="drop: leave bad rows out and say how many; stop: refuse the file")
    ] = "stop"
    filter: Annotated[Filter | None, Field(description="keep only the best rows by a score")] = None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.path is None) == (self.hub is None):
            raise ValueError("needs `path`, a file or folder, or `hub`, the id of a data set; give one of them")
        if self.hub is not None and self.revision is None:
            raise ValueError("needs `revision`, the commit of the data set: one that changes changes all results")
        if self.path is not None and self.revision is not None:
            raise ValueError("revision belongs to a data set of the `hub`, and this is a path; remove it")
        return self

    @property
    def place(self) -> str:
        """The file or data set as the document names it."""
        if self.path is not None:
            return self.path if self.split is None else f"{self.path}[{self.split}]"
        config = "" if self.config is None else f":{self.config}"
        return f"{self.hub}{config}[{self.hub_split.split}]"

    @property
    def hub_split(self) -> HubSplit:
        """The split of a source that has no path."""
        assert self.hub is not None
        assert self.revision is not None
        return HubSplit(hub=self.hub, revision=self.revision, config=self.config, split=self.split or TRAIN)


def sources_of(method: Method | None) -> tuple[Source, ...]:
    """The data that a training method declares; empty for methods that read none, and without a training."""
    if method is None:
        return ()
    return tuple(said(source, Source, by=f"method {method.method}") for source in method.recipe.sources)


class Canaries(Document):
    """Made-up secrets that are planted in the training rows, to see which of them the adapter gives away."""

    count: Annotated[int, Field(ge=1, le=200, description="how many secrets")] = 10
    repeats: Annotated[
        tuple[Annotated[int, Field(ge=1)], ...],
        Field(min_length=1, description="how often a secret stands in the rows; taken in turn"),
    ] = (1, 4, 16)
    references: Annotated[
        int, Field(ge=15, le=4095, description="unplanted secrets that each is ranked among; bounds the exposure")
    ] = 255
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0


def canaries_of(method: Method | None) -> Canaries | None:
    """The canaries that a training method declares; None for a method without any."""
    if method is None or method.recipe.canaries is None:
        return None
    return said(method.recipe.canaries, Canaries, by=f"method {method.method}")
