"""Items of benchmarks: the rows of a file, or of a folder that has one file per subject."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalsuite.data.files import READERS, group, identity, part, read_rows, text_field
from evalsuite.errors import DataError

# Published sets name the split in the file: anatomy_test.csv and anatomy_dev.csv are both of anatomy.
_SPLIT = re.compile(r"[_-](test|dev|val|validation|train)\Z")


@dataclass(frozen=True)
class BenchmarkItem:
    """A row of a benchmark: its fields, the file and line where it stands, and the subject of its file."""

    row: dict[str, Any]
    file: Path
    number: int
    subject: str | None = None

    @property
    def id(self) -> str:
        """The row's own id, or its line, after the subject where there is one."""
        own = identity(self.row, at=self.at)
        return own if self.subject is None else f"{self.subject}/{own}"

    @property
    def group(self) -> str | None:
        """The row's `group`: items of one group share a passage."""
        return group(self.row, at=self.at)

    @property
    def slice(self) -> str | None:
        """The part of the items that it belongs to: the row's `subject` or `slice`, else its file's subject."""
        return part(self.row) or self.subject

    @property
    def at(self) -> tuple[Path, int]:
        """File and line."""
        return self.file, self.number

    def text(self, key: str) -> str:
        """The non-empty text under a key; raises DataError naming file, line and key."""
        return text_field(self.row, key, at=self.at)

    def texts(self, key: str, value: object = None) -> tuple[str, ...]:
        """The list of at least two texts under a key; raises DataError naming file, line and key."""
        found = self.row.get(key) if value is None else value
        if not isinstance(found, list) or len(found) < 2 or not all(isinstance(text, str) and text for text in found):
            raise self.wrong(f"{key!r} must be a list of at least two texts")
        return tuple(found)

    def wrong(self, what: str) -> DataError:
        """An error that names file and line."""
        return DataError(f"{self.file}:{self.number}  {what}")


def read_items(data: Path) -> Iterator[BenchmarkItem]:
    """The items of a file, or of every data file of a folder by name; raises DataError for what is malformed."""
    if not data.is_dir():
        yield from _of_file(data, None)
        return
    files = sorted(file for file in data.iterdir() if file.suffix.lower() in READERS)
    if not files:
        raise DataError(f"{data}  has no data file; use one of {', '.join(READERS)}, one per subject")
    for file in files:
        yield from _of_file(file, _SPLIT.sub("", file.stem))


def _of_file(file: Path, subject: str | None) -> Iterator[BenchmarkItem]:
    for number, row in read_rows(file):
        if isinstance(row, DataError):
            raise row
        yield BenchmarkItem(row, file, number, subject)
