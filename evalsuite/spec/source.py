"""One source of training rows: where they are, how they are read, and their share in the mixture."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from evalsuite.spec.document import Document

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


class Source(Document):
    """A data file; with weights, every source of the mixture has one."""

    path: Annotated[str, Field(min_length=1, description=".jsonl, .json, .csv, .tsv, .parquet, .txt or .md")]
    weight: Annotated[float | None, Field(gt=0)] = None
    format: Annotated[
        Format,
        Field(description="chat: through the base's chat template; else the conversation written as such a document"),
    ] = "chat"
    on_bad_row: Annotated[
        Literal["stop", "drop"], Field(description="drop: leave bad rows out and say how many; stop: refuse the file")
    ] = "stop"
    filter: Annotated[Filter | None, Field(description="keep only the best rows by a score")] = None


def sources_of(method: Any) -> tuple[Source, ...]:
    """The data that a training method declares; empty for methods that read none."""
    return tuple(getattr(method, "data", ()))
