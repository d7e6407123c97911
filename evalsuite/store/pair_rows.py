"""Pairs: scores of steps beside those of others, figures of pair steps, outcomes of judged pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evalsuite.records import Result
from evalsuite.store import Store
from evalsuite.store.connect import reading
from evalsuite.store.query import rows


@dataclass(frozen=True, slots=True)
class PairCounts:
    """A step's metric beside the same of others on `n` common samples: on how many it is higher, and lower.

    There are no counts where they do not say everything: of grades, of scores with weights, of samples in groups.
    """

    step_digest: str
    metric: str
    n: int | None
    gained: int | None
    lost: int | None


@dataclass(frozen=True, slots=True)
class Beside:
    """A step's metric beside the same of others, sample by sample; no `groups` or `weights` where none are known."""

    step_digest: str
    metric: str
    ours: Sequence[float]
    theirs: Sequence[float]
    groups: Sequence[str | None]
    weights: Sequence[float | None]


# A step, another one, and a metric that both have.
Pair = tuple[str, str, str]


def count_pairs(store: Store, asked: Sequence[Pair]) -> list[PairCounts]:
    """Pairs of a step with another one in a metric, counted on common samples; one step and metric has one other."""
    return [PairCounts(**row) for part in _parts(asked) for row in rows(store, "beside_counts", part)]


def paired_scores(store: Store, asked: Sequence[Pair]) -> list[Beside]:
    """The scores behind such pairs, in order of the samples' ids."""
    return [Beside(**row) for part in _parts(asked) for row in rows(store, "beside_scores", part)]


def _parts(asked: Sequence[Pair]) -> list[dict[str, list[str]]]:
    """The pairs as the queries take them, which join by metric and sample alone: a part has one other for a metric."""
    others: dict[str, list[str]] = {}
    parts: dict[int, list[Pair]] = {}
    for pair in asked:
        _, other, metric = pair
        known = others.setdefault(metric, [])
        if other not in known:
            known.append(other)
        parts.setdefault(known.index(other), []).append(pair)
    names = ("ours", "theirs", "metrics")
    return [dict(zip(names, map(list, zip(*part, strict=True)), strict=True)) for _, part in sorted(parts.items())]


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


@dataclass(frozen=True, slots=True)
class PairOutcome:
    """One sample on which a spec met an opponent: `value` is 1 (won), 0.5 (tied) or 0 (lost)."""

    pairing: str
    judged: str
    judge: str
    rubric: str
    judge_digest: str
    rubric_digest: str
    spec: str
    base_model: str
    opponent: str
    sample_id: str
    group: str | None
    value: float


def pair_outcomes(store: Store) -> list[PairOutcome]:
    """Every pair with an outcome, by pairing, judge, spec and opponent; none when there is no store yet.

    An opponent whose spec has other weights by now is another one: its name says that it is an earlier state.
    """
    if not store.results.exists():
        return []
    return [PairOutcome(**row) for row in rows(store, "pair_outcomes")]
