"""Fields of rows that others wrote: the value, or an error that names file and line."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from evalsuite.data.digest import file_digest
from evalsuite.data.files import read_rows
from evalsuite.errors import DataError

At = tuple[Path, int]
Row = dict[str, Any]


def rows(files: Sequence[Path], *, of: str) -> Iterator[tuple[At, Row]]:
    """Every row of the files with its place; a folder stands for its JSONL and JSON files.

    Raises DataError for a row that is malformed, and when a folder holds no such file.
    """
    for path in _inside(files, of=of):
        for line, row in read_rows(path):
            if isinstance(row, DataError):
                raise row
            yield (path, line), row


def digests(files: Sequence[Path]) -> tuple[str, ...]:
    """The digest of each file, those of a folder in order of their names."""
    return tuple(file_digest(path) for path in _inside(files, of="files"))


def _inside(files: Sequence[Path], *, of: str) -> list[Path]:
    found = []
    for file in files:
        inside = sorted([*file.glob("*.jsonl"), *file.glob("*.json")]) if file.is_dir() else [file]
        if not inside:
            raise DataError(f"{file}  holds no .jsonl or .json file; name the {of} themselves")
        found += inside
    return found


def word(row: Row, key: str, at: At) -> str:
    """The text or whole number under a key, as text."""
    value = row.get(key)
    if isinstance(value, bool) or not isinstance(value, str | int) or not str(value).strip():
        raise DataError(f"{at[0]}:{at[1]}  {key!r} must be text or a whole number{_keys(row, key)}")
    return str(value)


def text(row: Row, key: str, at: At) -> str:
    """The text under a key; it may be empty, for a system may answer nothing."""
    value = row.get(key)
    if not isinstance(value, str):
        raise DataError(f"{at[0]}:{at[1]}  {key!r} must be text{_keys(row, key)}")
    return value


def number(row: Row, key: str, at: At) -> float | None:
    """The finite number under a key, also one written as text; None for null, NaN or nothing there."""
    value = row.get(key)
    if value is None or value == "":
        return None
    try:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise ValueError
        found = float(value)
    except ValueError:
        raise DataError(f"{at[0]}:{at[1]}  {key!r} is {value!r}; it must be a number or null") from None
    return found if math.isfinite(found) else None


def required(row: Row, key: str, at: At) -> float:
    """The finite number under a key."""
    found = number(row, key, at)
    if found is None:
        raise DataError(f"{at[0]}:{at[1]}  {key!r} must be a number{_keys(row, key)}")
    return found


def turn(row: Row, at: At) -> int:
    """The turn under `turn`, 1 without one."""
    value = row.get("turn", 1)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise DataError(f"{at[0]}:{at[1]}  'turn' is {value!r}; it must be 1, 2, ...")
    return value


def _keys(row: Row, key: str) -> str:
    return "" if key in row else f" (the row's keys: {', '.join(sorted(map(str, row))) or 'none'})"
