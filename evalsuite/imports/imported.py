"""Judgments that were made elsewhere, read into values; a bad field is named by file and line."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from evalsuite.data.digest import file_digest
from evalsuite.data.files import read_rows
from evalsuite.errors import DataError
from evalsuite.records import Metric, Result

DEFAULT_SEED = 7
UNREAD = "the judgment could not be read"


@dataclass(frozen=True, slots=True)
class Answered:
    """What one system answered to one question; `turn` counts from 1."""

    system: str
    question: str
    text: str
    prompt: str = ""
    turn: int = 1

    @property
    def sample(self) -> str:
        """The sample's id, the same for every system."""
        return sample_id(self.question, self.turn)


@dataclass(frozen=True, slots=True)
class ImportedGrade:
    """A judge's grade of one answer; None where its reply could not be read."""

    system: str
    question: str
    turn: int
    grade: float | None


@dataclass(frozen=True, slots=True)
class ImportedPair:
    """A judge's comparison of two answers, the first of which it saw first.

    `score` is the first system's: 1 won, 0.5 tied, 0 lost, or a chance between; None where the reply could not
    be read. `grades` are both systems' grades where the judge gave some. `both_orders` says that the score
    already joins two orders.
    """

    question: str
    turn: int
    first: str
    second: str
    score: float | None
    grades: tuple[float, float] | None = None
    both_orders: bool = False


@dataclass(frozen=True)
class Imported:
    """All that one import read: a name for it, answers, judgments, and sentences a person should know.

    `weighted` says that scores are chances, which are averaged over repeats; without it repeats that disagree
    are a tie. `sources` are the digests of the files. `figures` are results that the format itself brings, by
    system, and `metrics` says what these are.
    """

    name: str
    sources: tuple[str, ...]
    answers: tuple[Answered, ...] = ()
    graded: tuple[ImportedGrade, ...] = ()
    compared: tuple[ImportedPair, ...] = ()
    weighted: bool = False
    notes: tuple[str, ...] = ()
    figures: tuple[tuple[str, Result], ...] = ()
    metrics: tuple[Metric, ...] = ()

    @property
    def systems(self) -> tuple[str, ...]:
        """Every system that was judged, by name."""
        judged = {graded.system for graded in self.graded} | {name for name, _ in self.figures}
        return tuple(sorted(judged | {name for pair in self.compared for name in (pair.first, pair.second)}))

    def renamed(self, names: Mapping[str, str]) -> Imported:
        """The same with other names for some systems; raises ValueError when two would become one."""

        def name(system: str) -> str:
            return names.get(system, system)

        if len({name(system) for system in self.systems}) < len(self.systems):
            raise ValueError("two systems would have the same name")
        return replace(
            self,
            answers=tuple(replace(one, system=name(one.system)) for one in self.answers),
            graded=tuple(replace(one, system=name(one.system)) for one in self.graded),
            compared=tuple(replace(one, first=name(one.first), second=name(one.second)) for one in self.compared),
            figures=tuple((name(system), figure) for system, figure in self.figures),
        )


def sample_id(question: str, turn: int) -> str:
    """The id of a question's turn; the first turn has the question's own."""
    return question if turn == 1 else f"{question} turn {turn}"


def slug(system: str) -> str:
    """A system's name as part of a metric: letters, digits and hyphens."""
    return re.sub(r"[^\w-]+", "-", system).strip("-").lower()


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


def required_number(row: Row, key: str, at: At) -> float:
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
