"""Figures of pair steps, as the latest run of every spec has them."""

from __future__ import annotations

from dataclasses import dataclass

from evalsuite.records import Result
from evalsuite.store import Store
from evalsuite.store.connect import reading
from evalsuite.store.rows import rows


@dataclass(frozen=True)
class PairFigure:
    """A figure of a pair step; `player` is whom the spec met, None where the store does not say."""

    step: str
    spec: str
    base_model: str
    entry: str
    won: int
    tied: int
    lost: int
    result: Result
    player: str | None


def pair_figures(store: Store) -> list[PairFigure]:
    """Every figure of every pairing, by entry, spec and metric; raises StoreError when there is no store yet."""
    players = _players(store)
    found = []
    for row in rows(store, "pairings"):
        step = row.pop("step_digest")
        about = {key: row.pop(key) for key in ("spec", "base_model", "entry", "won", "tied", "lost")}
        found.append(PairFigure(step, **about, result=Result(**row), player=players.get(step)))
    return found


def knows_opponents(store: Store) -> bool:
    """Whether the store is of a version that keeps whom pair steps met; raises StoreError when there is none."""
    with reading(store) as connection:
        found = connection.execute("SELECT 1 FROM information_schema.tables WHERE table_name = 'opponents'")
        return found.fetchone() is not None


def _players(store: Store) -> dict[str, str]:
    # A store of a version that met the base alone does not say who the opponents were.
    return {row["step_digest"]: row["player"] for row in rows(store, "opponents")} if knows_opponents(store) else {}
