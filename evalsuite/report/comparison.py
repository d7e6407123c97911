"""Two specs beside each other: the paired difference of every metric they share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evalsuite.records import Comparison, Metric, metric_of
from evalsuite.report.figures import better_word, change, change_word, p_value
from evalsuite.report.table import Table


def comparison_table(found: Sequence[Comparison], metrics: Mapping[str, Metric]) -> Table:
    """One row per metric: difference with interval and p-value, which way is better and what the first one is, and how
    many samples score higher and lower.
    """
    rows = [
        (
            *(item.metric, change(item), p_value(item.p_value), better_word(metric_of(metrics, item.metric))),
            *(change_word(item, metrics), str(item.n), str(item.gained or 0), str(item.lost or 0)),
        )
        for item in found
    ]
    heads = ("metric", "difference", "p", "better", "the first is", "n", "higher", "lower")
    return Table(heads, tuple(rows))


def comparison_figures(found: Sequence[Comparison], metrics: Mapping[str, Metric]) -> Table:
    """The same for other programs: every number in a column of its own."""
    rows = []
    for item in found:
        its = metric_of(metrics, item.metric)
        numbers = (item.difference, item.low, item.high, item.p_value, item.n, item.gained, item.lost)
        rows.append((item.metric, *numbers, its.direction, its.unit, change_word(item, metrics)))
    heads = ("metric", "difference", "low", "high", "p", "n", "higher", "lower", "direction", "unit", "change")
    return Table(heads, tuple(rows))
