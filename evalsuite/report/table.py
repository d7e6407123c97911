"""A table of words, and the formats it can be written in."""

from __future__ import annotations

import csv
import io
import json
import math
from dataclasses import dataclass
from typing import Literal

Format = Literal["table", "json", "csv", "md"]
Cell = str | int | float | None


@dataclass(frozen=True)
class Table:
    """Heads and rows of equal length."""

    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def markdown(self) -> str:
        """The table in Markdown; bars in cells are escaped."""
        lines: list[tuple[Cell, ...]] = [self.heads, tuple("---" for _ in self.heads), *self.rows]
        return "\n".join("| " + " | ".join(_escaped(cell) for cell in line) + " |" for line in lines) + "\n"

    def csv(self) -> str:
        """The table as CSV with a header line; a cell without a finite number is empty."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.heads)
        writer.writerows([[_finite(cell) for cell in row] for row in self.rows])
        return text.getvalue()

    def json(self) -> str:
        """The table as a JSON list of objects; what is not finite is null, for JSON has no infinity."""
        rows = [dict(zip(self.heads, map(_finite, row), strict=True)) for row in self.rows]
        return json.dumps(rows, indent=2, allow_nan=False) + "\n"


def _finite(cell: Cell) -> Cell:
    return None if isinstance(cell, float) and not math.isfinite(cell) else cell


def _escaped(cell: Cell) -> str:
    return "" if cell is None else str(cell).replace("|", "\\|").replace("\n", " ")
