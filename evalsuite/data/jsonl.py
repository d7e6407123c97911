"""JSON Lines files: one object per line, and an error that names the line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from evalsuite.errors import DataError


def read_objects(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The line number (from 1) and object of each non-empty line; raises DataError naming file and line."""
    lines = 0
    for number, line in _lines(path):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except json.JSONDecodeError as error:
            raise DataError(f"{path}:{number}  is not valid JSON: {error.msg} at column {error.colno}") from None
        except RecursionError:
            raise DataError(f"{path}:{number}  is nested too deeply") from None
        if not isinstance(value, dict):
            raise DataError(f"{path}:{number}  must be an object such as {{\"prompt\": ..., \"completion\": ...}}")
        lines += 1
        yield number, value
    if not lines:
        raise DataError(f"{path}  is empty; it needs at least one row")


def text_field(row: dict[str, Any], key: str, *, at: tuple[Path, int]) -> str:
    """The non-empty text under a key; raises DataError naming file, line and key."""
    value = row.get(key)
    path, number = at
    if key not in row:
        have = ", ".join(sorted(row)) or "none"
        raise DataError(f"{path}:{number}  has no {key!r} (its keys: {have})")
    if not isinstance(value, str) or not value.strip():
        raise DataError(f"{path}:{number}  {key!r} must be non-empty text")
    return value


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    number = 0
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                yield number, line.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError:
        raise DataError(f"{path}:{number}  is not UTF-8 text; convert the file to UTF-8") from None
    except OSError as error:
        raise DataError(f"{path}  cannot be read: {error.strerror}") from None
