"""Scores of some steps beside those of others, paired by sample inside the database, so that few rows come out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evalsuite.store import Store
from evalsuite.store.rows import rows


@dataclass(frozen=True, slots=True)
class Counted:
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


def counted(store: Store, asked: Sequence[Pair]) -> list[Counted]:
    """Pairs of a step with another one in a metric, counted on common samples; one step and metric has one other."""
    return [Counted(**row) for part in _parts(asked) for row in rows(store, "beside_counts", part)]


def beside(store: Store, asked: Sequence[Pair]) -> list[Beside]:
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
