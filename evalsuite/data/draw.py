"""Drawing a reproducible part of a set of samples."""

from __future__ import annotations

import random
from collections.abc import Sequence

from evalsuite.errors import DataError
from evalsuite.records import Sample


def draw(samples: Sequence[Sample], limit: int | None, *, seed: int) -> tuple[Sample, ...]:
    """At most `limit` samples, chosen by seed and kept in file order; all of them without a limit."""
    if limit is None or limit >= len(samples):
        return tuple(samples)
    chosen = set(random.Random(seed).sample(range(len(samples)), limit))
    return tuple(sample for index, sample in enumerate(samples) if index in chosen)


def distinct(samples: Sequence[Sample], *, source: str) -> tuple[Sample, ...]:
    """The samples, once their ids are known to differ; raises DataError naming the repeated id."""
    seen: set[str] = set()
    for sample in samples:
        if sample.id in seen:
            raise DataError(f"{source}  has the id {sample.id!r} twice; ids must differ")
        seen.add(sample.id)
    return tuple(samples)
