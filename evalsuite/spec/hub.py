"""Data sets on the hub, pinned by revision, and where a copy of one split is kept on this machine."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

from pydantic import Field

from evalsuite.environment import cache_folder
from evalsuite.spec.document import Document

_UNSAFE = re.compile(r"[^A-Za-z0-9.-]+")


class HubSplit(Document):
    """One split of a data set on the hub; the revision is required, for a set that changes changes all results."""

    hub: Annotated[str, Field(min_length=1, description="owner/name")]
    revision: Annotated[str, Field(min_length=1, description="the commit of the data set")]
    config: Annotated[str | None, Field(description="the configuration, where the data set has several")] = None
    split: Annotated[str, Field(min_length=1)] = "test"

    @property
    def file(self) -> Path:
        """Where the rows are kept as JSONL once they are fetched: below EVALSUITE_CACHE, or ~/.cache/evalsuite."""
        parts = (self.hub, self.revision, self.config or "default", self.split)
        return cache_folder() / "data" / f"{'--'.join(_UNSAFE.sub('-', part) for part in parts)}.jsonl"
