"""Two specs beside each other: the paired difference of every metric they share."""

from __future__ import annotations

from collections.abc import Sequence

from evalsuite.records import Comparison
from evalsuite.report.figures import change, p_value
from evalsuite.report.table import Table


def comparison_table(found: Sequence[Comparison]) -> Table:
    """One row per metric: difference with interval, p-value, and how many samples score higher and lower."""
    rows = [
        (item.metric, change(item), p_value(item.p_value), str(item.n), str(item.gained or 0), str(item.lost or 0))
        for item in found
    ]
    return Table(("metric", "difference", "p", "n", "higher", "lower"), tuple(rows))


def comparison_figures(found: Sequence[Comparison]) -> Table:
    """The same for other programs: every number in a column of its own."""
    rows = [
        (item.metric, item.difference, item.low, item.high, item.p_value, item.n, item.gained, item.lost)
        for item in found
    ]
    return Table(("metric", "difference", "low", "high", "p", "n", "higher", "lower"), tuple(rows))
