"""Samples whose score changed from one step to another, found in the database; their texts are read when shown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from evalsuite.records import Reply
from evalsuite.store import Store
from evalsuite.store.rows import rows


@dataclass(frozen=True, slots=True)
class Rise:
    """A sample of one metric whose score rose by so much (or fell, below 0) from step `base` to step `candidate`.

    `total` counts all of the metric that moved in the same direction.
    """

    metric: str
    sample_id: str
    base: str
    candidate: str
    rise: float
    total: int


def metrics_of_steps(store: Store, steps: Sequence[str]) -> dict[str, dict[str, bool]]:
    """The metrics of each step that has scores, and whether its samples have weights."""
    found: dict[str, dict[str, bool]] = defaultdict(dict)
    for row in rows(store, "moved_metrics", [list(steps)]):
        found[row["step_digest"]][row["metric"]] = row["weighed"]
    return dict(found)


def rises(store: Store, pairs: Sequence[tuple[str, str, str]], *, most: int) -> list[Rise]:
    """The samples that moved, by (base step, candidate step, metric); those that moved most first.

    At most so many of each metric that rose, and as many that fell.
    """
    if not pairs:
        return []
    bases, candidates, metrics = (list(part) for part in zip(*pairs, strict=True))
    given = {"bases": bases, "candidates": candidates, "metrics": metrics, "most": most}
    return [Rise(**row) for row in rows(store, "moved", given)]


def replies_to(store: Store, sample_id: str, *, before: str, after: str) -> tuple[Reply | None, Reply | None]:
    """What two steps said to one sample; None where a step has no reply to it."""
    found = rows(store, "replies_to", {"sample": sample_id, "before": before, "after": after})
    said = {row.pop("step_digest"): Reply(**row) for row in found}
    return said.get(before), said.get(after)
