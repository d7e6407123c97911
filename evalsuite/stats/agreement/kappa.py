"""How far raters agree beyond chance: Cohen's and Fleiss' kappa (Cohen 1960 and 1968, Fleiss 1971)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from evalsuite.stats.intervals.bootstrap import Resampling, percentile_interval
from evalsuite.stats.intervals.mean import Interval
from evalsuite.stats.intervals.spread import Floats

Weights = Literal["none", "linear", "quadratic"]


@dataclass(frozen=True, slots=True)
class Agreement:
    """Kappa with what it hides: the raw agreement and how often each rater gave each label.

    `kappa` is None, with `reason`, where chance alone would agree always: only one label was ever given.
    """

    kappa: float | None
    interval: Interval | None
    raw: float
    labels: tuple[str, ...]
    shares: tuple[tuple[float, ...], ...]
    n: int
    reason: str | None = None


def cohen(
    first: Sequence[str | float],
    second: Sequence[str | float],
    *,
    weights: Weights = "none",
    resampling: Resampling | None = None,
) -> Agreement:
    """The agreement of two raters on the same items, (p_o - p_e) / (1 - p_e), with an interval over items.

    Labels are anything hashable; weighted kappas need numbers, and their ranks among the labels given are
    what is weighted (as scikit-learn does). ValueError when lengths differ, nothing is rated, or words are
    to be weighted.
    """
    labels, codes = _coded([first, second])
    if weights != "none" and not all(isinstance(label, int | float) for label in labels):
        raise ValueError("labels: weighted agreement needs numbers, so that it is known which are near")
    table = np.zeros((len(labels), len(labels)))
    np.add.at(table, (codes[0], codes[1]), 1)
    kappa = _kappa(table, weights)
    interval = None
    if resampling is not None and kappa is not None:
        cells = codes[0] * len(labels) + codes[1]

        def statistic(chosen: Floats) -> float | None:
            counts = np.bincount(cells, chosen, minlength=len(labels) ** 2)
            return _kappa(counts.reshape(table.shape).astype(np.float64), weights)

        interval = percentile_interval(statistic, n=len(cells), value=kappa, resampling=resampling)
    return Agreement(
        kappa=kappa,
        interval=interval,
        raw=float(np.trace(table) / table.sum()),
        labels=tuple(str(label) for label in labels),
        shares=(tuple((table.sum(axis=1) / table.sum()).tolist()), tuple((table.sum(axis=0) / table.sum()).tolist())),
        n=len(codes[0]),
        reason=None if kappa is not None else "only one label was ever given, so agreement by chance is certain",
    )


def fleiss(ratings: Sequence[Sequence[str | float]], *, resampling: Resampling | None = None) -> Agreement:
    """The agreement of several raters, each item rated equally often; one sequence of labels per item.

    `raw` is the mean share of agreeing pairs within an item. ValueError when items have different numbers
    of ratings, or fewer than two.
    """
    if not ratings:
        raise ValueError("no items; agreement on nothing is not defined")
    raters = len(ratings[0])
    if raters < 2 or any(len(item) != raters for item in ratings):
        raise ValueError("ratings: every item needs the same number of them, two at least")
    labels, codes = _coded([list(column) for column in zip(*ratings, strict=True)])
    counts = np.zeros((len(ratings), len(labels)))
    for column in codes:
        counts[np.arange(len(ratings)), column] += 1
    kappa = _fleiss(counts, np.ones(len(counts)))
    interval = None
    if resampling is not None and kappa is not None:
        interval = percentile_interval(
            lambda chosen: _fleiss(counts, chosen), n=len(counts), value=kappa, resampling=resampling
        )
    shares = tuple(tuple((np.bincount(column, minlength=len(labels)) / len(column)).tolist()) for column in codes)
    return Agreement(
        kappa=kappa,
        interval=interval,
        raw=_within(counts, np.ones(len(counts))),
        labels=tuple(str(label) for label in labels),
        shares=shares,
        n=len(counts),
        reason=None if kappa is not None else "only one label was ever given, so agreement by chance is certain",
    )


def _coded(columns: Sequence[Sequence[str | float]]) -> tuple[list[str | float], list[np.ndarray]]:
    if len({len(column) for column in columns}) > 1 or not columns[0]:
        counts = ", ".join(str(len(column)) for column in columns)
        raise ValueError(f"{counts} labels; give one per rater and item, one item at least")
    found = {label for column in columns for label in column}
    labels = sorted(found, key=lambda label: (isinstance(label, str), label))
    place = {label: code for code, label in enumerate(labels)}
    return labels, [np.array([place[label] for label in column]) for column in columns]


def _kappa(table: Floats, weights: Weights) -> float | None:
    total = table.sum()
    grid = np.abs(np.subtract.outer(np.arange(len(table)), np.arange(len(table)))).astype(np.float64)
    penalty = {"none": (grid > 0).astype(np.float64), "linear": grid, "quadratic": grid**2}[weights]
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / total
    by_chance = float((penalty * expected).sum())
    return 1 - float((penalty * table).sum()) / by_chance if by_chance > 0 else None


def _within(counts: Floats, chosen: Floats) -> float:
    raters = counts[0].sum()
    pairs = ((counts**2).sum(axis=1) - raters) / (raters * (raters - 1))
    return float(chosen @ pairs / chosen.sum())


def _fleiss(counts: Floats, chosen: Floats) -> float | None:
    shares = chosen @ counts / (chosen @ counts).sum()
    by_chance = float(shares @ shares)
    return (_within(counts, chosen) - by_chance) / (1 - by_chance) if by_chance < 1 else None
