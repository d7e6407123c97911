"""One source of training rows: where they are, how they are read, and their share in the mixture."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

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
    """A data file or data set; with weights, every source of the mixture has one."""

    path: Annotated[str | None, Field(min_length=1, description=".jsonl, .json, .csv, .tsv, .parquet, .txt or .md")] = (
        None
    )
    dataset: Annotated[
        str | None, Field(min_length=1, description="in place of path: a hub id, or a folder that `datasets` can read")
    ] = None
    split: Annotated[str, Field(min_length=1, description="of a data set; a part of it as train[:1000]")] = "train"
    subset: Annotated[str | None, Field(description="of a data set that has several configurations")] = None
    revision: Annotated[str | None, Field(description="hub commit or tag of a data set; pin it")] = None
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
        if (self.path is None) == (self.dataset is None):
            raise ValueError("needs `path`, a file, or `dataset`, a hub id or folder; give one of them")
        given = [name for name in ("split", "subset", "revision") if name in self.model_fields_set]
        if self.path is not None and given:
            raise ValueError(f"{given[0]} belongs to a `dataset`, and this is a file; remove it")
        return self

    @property
    def place(self) -> str:
        """The file or data set as the document names it."""
        return self.path or f"{self.dataset}[{self.split}]"


def sources_of(method: Any) -> tuple[Source, ...]:
    """The data that a training method declares; empty for methods that read none."""
    return tuple(getattr(method, "data", ()))
