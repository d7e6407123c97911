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


def counted(store: Store, asked: Sequence[tuple[str, str, str]]) -> list[Counted]:
    """Pairs of a step and another that have a metric on common samples: (ours, theirs, metric), counted."""
    return [Counted(**row) for row in rows(store, "beside_counts", _given(asked))] if asked else []


def beside(store: Store, asked: Sequence[tuple[str, str, str]]) -> list[Beside]:
    """The scores behind such pairs, in order of the samples' ids."""
    return [Beside(**row) for row in rows(store, "beside_scores", _given(asked))] if asked else []


def _given(asked: Sequence[tuple[str, str, str]]) -> dict[str, list[str]]:
    ours, theirs, metrics = (list(part) for part in zip(*asked, strict=True))
    return {"ours": ours, "theirs": theirs, "metrics": metrics}
