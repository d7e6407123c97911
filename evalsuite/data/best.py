"""The best rows of a source: those that a filter keeps, by a score of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from evalsuite.data.score import score_rows
from evalsuite.errors import DataError
from evalsuite.records import Row
from evalsuite.spec.source import Filter

At = tuple[Path, int]


def best(chosen: Filter, rows: Mapping[int, Row], given: Mapping[int, Mapping[str, Any]], *, path: Path) -> list[int]:
    """The lines of the rows that the filter keeps, in file order; of equal rows the earlier ones.

    `given` has the row of each line as it was written. Raises DataError when IFD is wanted and a row has none, or
    when no row is worth keeping.
    """
    lines = list(rows)
    if chosen.by == "ifd":
        values = [_ifd(given[line], (path, line)) for line in lines]
    else:
        values = _values(chosen, list(rows.values()))
    worthy = [(value, -line) for value, line in zip(values, lines, strict=True) if value is not None]
    kept = sorted(-place for _, place in sorted(worthy, reverse=True)[: max(1, round(chosen.keep * len(lines)))])
    if not kept:
        raise DataError(f"{path}  has no row that the filter by {chosen.by} would keep; remove the filter")
    return kept


def _values(chosen: Filter, rows: Sequence[Row]) -> list[float | None]:
    scores = score_rows(rows)
    if chosen.by == "length":
        return [float(score.words) for score in scores]
    if chosen.by == "noise":
        return [-score.noise for score in scores]
    return [None if score.repeats is not None else 0.0 for score in scores]


def _ifd(row: Mapping[str, Any], at: At) -> float | None:
    value = row.get("ifd")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise DataError(f"{at[0]}:{at[1]}  has no number 'ifd' to filter by; `evalsuite data score` writes it")
    # 1 or more, and the question does not help to find the answer.
    return float(value) if value < 1 else None
