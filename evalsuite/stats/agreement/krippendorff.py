"""Krippendorff's alpha: agreement of any number of raters, some of whom may be silent (Krippendorff 2004)."""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from evalsuite.stats.agreement.kappa import Agreement
from evalsuite.stats.intervals.bootstrap import Resampling, percentile_interval
from evalsuite.stats.intervals.spread import Floats

Scale = Literal["nominal", "ordinal", "interval", "ratio"]


def krippendorff(
    ratings: Sequence[Sequence[str | float | None]], *, scale: Scale = "nominal", resampling: Resampling | None = None
) -> Agreement:
    """1 - observed over expected disagreement; one sequence of labels per item, None where a rater was silent.

    Items with fewer than two labels say nothing and are left out of `n`. `raw` is the share of agreeing pairs,
    `shares` one row: the pairable labels. The interval resamples items. ValueError when no item has two
    labels, or words stand on a scale of numbers.
    """
    items = [[label for label in item if label is not None] for item in ratings]
    items = [item for item in items if len(item) > 1]
    if not items:
        raise ValueError("no item has two labels, so there is nothing to agree on")
    labels = sorted({label for item in items for label in item}, key=lambda label: (isinstance(label, str), label))
    if scale != "nominal" and any(isinstance(label, str) for label in labels):
        raise ValueError(f"labels: a scale that is {scale} needs numbers")
    place = {label: code for code, label in enumerate(labels)}
    counts = np.zeros((len(items), len(labels)))
    for row, item in enumerate(items):
        for label in item:
            counts[row, place[label]] += 1
    values = np.array([label if not isinstance(label, str) else 0.0 for label in labels], dtype=np.float64)

    def alpha(chosen: Floats) -> float | None:
        return _alpha(_coincidences(counts, chosen), values, scale)

    everyone = np.ones(len(items))
    found = alpha(everyone)
    interval = None
    if resampling is not None and found is not None:
        interval = percentile_interval(alpha, n=len(items), value=found, resampling=resampling)
    table = _coincidences(counts, everyone)
    return Agreement(
        kappa=found,
        interval=interval,
        raw=float(np.trace(table) / table.sum()),
        labels=tuple(str(label) for label in labels),
        shares=(tuple((table.sum(axis=1) / table.sum()).tolist()),),
        n=len(items),
        reason=None if found is not None else "only one label was ever given, so no disagreement is expected",
    )


def _coincidences(counts: Floats, chosen: Floats) -> Floats:
    # Each item adds its ordered pairs of labels over (its labels - 1).
    weight = chosen / (counts.sum(axis=1) - 1)
    table: Floats = (counts * weight[:, None]).T @ counts - np.diag(weight @ counts)
    return table


def _alpha(table: Floats, values: Floats, scale: Scale) -> float | None:
    totals = table.sum(axis=1)
    distance = _distances(totals, values, scale)
    expected = float(totals @ distance @ totals) / (totals.sum() - 1)
    return 1 - float((table * distance).sum()) / expected if expected > 0 else None


def _distances(totals: Floats, values: Floats, scale: Scale) -> Floats:
    if scale == "nominal":
        return 1 - np.eye(len(totals))
    if scale == "ordinal":
        # The labels between two, and half of each end.
        middle = np.cumsum(totals) - totals / 2
        return np.asarray(np.subtract.outer(middle, middle) ** 2)
    gaps = np.subtract.outer(values, values)
    if scale == "interval":
        return np.asarray(gaps**2)
    sums = np.add.outer(values, values)
    return np.asarray(np.divide(gaps, sums, out=np.zeros_like(gaps), where=sums != 0) ** 2)
