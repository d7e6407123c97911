"""Splits of data sets, on the hub or in a folder that `datasets` reads, and where a copy is kept as JSONL."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field

from evalsuite.environment import cache_folder
from evalsuite.spec.document import Document

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
