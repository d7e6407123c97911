"""The rows of a training source: recognised, checked, and what is wrong with the bad ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from evalsuite.data.best import best
from evalsuite.data.files import read_rows
from evalsuite.data.formats import render
from evalsuite.data.shapes import Shape, read_row, shape_of
from evalsuite.errors import DataError
from evalsuite.records import Row
from evalsuite.spec.resolved import ResolvedSpec
from evalsuite.spec.source import Source, sources_of

_SHOWN = 5


@dataclass(frozen=True)
class SourceRows:
    """The rows of one source in file order, the line of each, and how many bad ones were dropped."""

    source: Source
    file: Path
    shape: str
    rows: tuple[Row, ...]
    lines: tuple[int, ...]
    dropped: int
    filtered: int

    def __str__(self) -> str:
        words = [f"{self.source.place}: {len(self.rows):,} rows", self.shape]
        if self.source.format != "chat":
            words.append(f"written as {self.source.format}")
        documents = len({row.document for row in self.rows if row.document is not None})
        if documents:
            words.append(f"from {documents:,} documents")
        if self.dropped:
            words.append(f"{self.dropped:,} bad rows dropped")
        if self.source.filter is not None:
            words.append(f"{self.filtered:,} left out by {self.source.filter.by}")
        return ", ".join(words)


def training_rows(resolved: ResolvedSpec, *, as_chat: bool = False) -> tuple[SourceRows, ...]:
    """What a spec trains on, source by source; empty when it trains on nothing. `as_chat` writes no other format.

    Raises DataError with the bad rows of a file unless its source says `on_bad_row: drop`.
    """
    method = resolved.spec.train
    if method is None or method.learns_from is None:
        return ()
    sources = [source.model_copy(update={"format": "chat"}) if as_chat else source for source in sources_of(method)]
    pairs = zip(resolved.training_data, sources, strict=True)
    return tuple(source_rows(path, source, wanted=method.learns_from) for path, source in pairs)


def source_rows(path: Path, source: Source, *, wanted: type[Row]) -> SourceRows:
    """The rows of one source as what a method learns from; raises DataError as `training_rows`."""
    stamp: tuple[int, int] | None = None
    with suppress(OSError):  # reading it will say why
        stamp = (path.stat().st_mtime_ns, path.stat().st_size)
    return _source_rows(path, stamp, source, wanted)  # type: ignore[arg-type]  # a class is hashable


# Planning, checking and training read the same sources, and so do all specs of a matrix.
@lru_cache(maxsize=8)
def _source_rows(path: Path, stamp: tuple[int, int] | None, source: Source, wanted: type[Any]) -> SourceRows:
    found: dict[int, tuple[dict[str, Any], Shape]] = {}
    bad: dict[int, str] = {}
    columns = source.columns.named()
    for number, row in read_rows(path):
        try:
            if isinstance(row, DataError):
                raise row
            row = _renamed(row, columns, at=(path, number))  # noqa: PLW2901
            found[number] = (row, shape_of(row, (path, number)))
        except DataError as error:
            bad[number] = str(error)
    shape = _commonest(found)
    rows: dict[int, Row] = {}
    for number, (row, its) in found.items():
        try:
            rows[number] = _row(row, its, shape, at=(path, number), wanted=wanted)
        except DataError as error:
            bad[number] = str(error)
    if bad and (source.on_bad_row == "stop" or not rows):
        raise DataError(_told(path, bad, good=len(rows)))
    given = {number: row for number, (row, _) in found.items()}
    kept = best(source.filter, rows, given, path=path) if source.filter is not None else list(rows)
    written = tuple(render(rows[number], source.format) for number in kept)
    return SourceRows(source, path, shape[1] if shape else "", written, tuple(kept), len(bad), len(rows) - len(kept))


def _renamed(row: dict[str, Any], columns: Mapping[str, str], *, at: tuple[Path, int]) -> dict[str, Any]:
    missing = [column for column in columns.values() if column not in row]
    if missing:
        have = ", ".join(sorted(row)) or "none"
        raise DataError(f"{at[0]}:{at[1]}  has no column {missing[0]!r} (its columns: {have})")
    rest = {key: value for key, value in row.items() if key not in columns.values()}
    return {**rest, **{key: row[column] for key, column in columns.items()}}


def _row(
    row: dict[str, Any], its: Shape, common: tuple[int, str] | None, *, at: tuple[Path, int], wanted: type[Row]
) -> Row:
    assert common is not None
    line, name = common
    if its.name != name:
        raise DataError(
            f"{at[0]}:{at[1]}  has the shape {its.name!r}, and line {line} has {name!r}, as most rows; "
            "keep one shape in a file"
        )
    return read_row(row, at, wanted=wanted)


def _commonest(found: Mapping[int, tuple[dict[str, Any], Shape]]) -> tuple[int, str] | None:
    """The name of the shape that most rows have, the first of equals, and the first line that has it."""
    counts = Counter(shape.name for _, shape in found.values())
    if not counts:
        return None
    name = counts.most_common(1)[0][0]
    return next(number for number, (_, shape) in found.items() if shape.name == name), name


def _told(path: Path, bad: Mapping[int, str], *, good: int) -> str:
    lines = [bad[number] for number in sorted(bad)]
    count = f"{len(bad):,} of {len(bad) + good:,} rows {'is' if len(bad) == 1 else 'are'} bad"
    advice = "mend it, or set `on_bad_row: drop` to go on without" if good else "no good row is left"
    if len(lines) == 1:
        return f"{lines[0]} ({count}; {advice})"
    if len(lines) > _SHOWN:
        count = f"{count}, the first {_SHOWN} are above"
    return "\n".join([*lines[:_SHOWN], f"{path}  {count}; {advice.replace(' it', ' them')}"])
