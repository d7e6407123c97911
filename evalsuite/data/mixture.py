"""The mixture: rows of several sources in the shares that their weights say."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

from evalsuite.errors import DataError

R = TypeVar("R")


def mix(sources: Sequence[Sequence[R]], weights: Sequence[float | None], *, seed: int) -> tuple[R, ...]:
    """The sources' rows in the shares that the weights say, shuffled; all rows where no weight is given.

    The mixture is as large as the weights allow without repeating a row. Raises DataError when only some
    sources have a weight.
    """
    given = [weight for weight in weights if weight is not None]
    draw = random.Random(seed)
    if not given:
        rows = [row for source in sources for row in source]
    elif len(given) < len(weights):
        raise DataError("some sources have a weight and some have none; give each a weight, or none")
    else:
        # Weights are relative: their sum need not be 1.
        parts = [weight / max(given) for weight in given]
        size = min(len(source) / part for source, part in zip(sources, parts, strict=True) if part)
        rows = []
        for source, part in zip(sources, parts, strict=True):
            rows += draw.sample(list(source), min(len(source), max(1, round(size * part))))
    draw.shuffle(rows)
    return tuple(rows)
