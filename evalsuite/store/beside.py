"""Scores of some steps beside those of others, paired by sample inside the database, so that few rows come out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evalsuite.store import Store
from evalsuite.store.rows import rows


@dataclass(frozen=True, slots=True)
class LatestStep:
    """A step of a spec's latest run, on which base model; `role` says whose replies it measured, if anybody's."""

    spec: str
    base_model: str
    role: str | None
    kind: str
    digest: str


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


def latest_steps(store: Store) -> list[LatestStep]:
    """The steps of every spec's latest run; by spec, in order."""
    return [LatestStep(**row) for row in rows(store, "latest_steps")]


def counted(store: Store, ours: Sequence[str], theirs: Sequence[str], metrics: Sequence[str] = ()) -> list[Counted]:
    """Every metric that steps share with others, or only `metrics`; where several of the others have a sample the
    first one speaks.
    """
    given = {"ours": list(ours), "theirs": list(theirs), "metrics": list(metrics)}
    return [Counted(**row) for row in rows(store, "beside_counts", given)]


def beside(store: Store, ours: Sequence[tuple[str, str]], theirs: Sequence[str]) -> list[Beside]:
    """The scores behind pairs of a step and a metric, in order of the samples' ids."""
    if not ours:
        return []
    steps, metrics = zip(*ours, strict=True)
    given = {"ours": list(steps), "metrics": list(metrics), "theirs": list(theirs)}
    return [Beside(**row) for row in rows(store, "beside_scores", given)]
