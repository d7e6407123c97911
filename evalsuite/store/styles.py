"""Scores of judged sets beside their author's, as the latest run of every spec has them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from evalsuite.records import Result
from evalsuite.store import Store
from evalsuite.store.rows import rows


@dataclass(frozen=True)
class StyleFigure:
    """A score of base, candidate or author, of the whole rubric or of one criterion, or the candidate's fidelity."""

    spec: str
    base_model: str
    entry: str
    role: str
    kind: Literal["score", "compare"]
    step: str
    result: Result


def style_figures(store: Store) -> list[StyleFigure]:
    """Every figure of every judged set with an author, by entry and spec; raises StoreError without a store."""
    found = []
    for row in rows(store, "styles"):
        about = {key: row.pop(key) for key in ("spec", "base_model", "entry", "role", "kind", "step")}
        found.append(StyleFigure(**about, result=Result(**row)))
    return found
