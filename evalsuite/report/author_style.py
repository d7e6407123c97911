"""Style: how far each adapter has come from its base model to the author, as a whole and by criterion."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from evalsuite.records import UNKNOWN, Measurement, Metric, Result, joined, marks, word_after
from evalsuite.report.answers import AUTHOR, Side
from evalsuite.report.interval_chart import Axis, Mark, interval_chart, mark_of
from evalsuite.report.leaderboard.leaderboard_charts import MOST_ROWS
from evalsuite.report.tables import Cell, Table, better_word, figure
from evalsuite.store import Store
from evalsuite.store.board import StyleFigure, measured_metrics, style_figures

if TYPE_CHECKING:
    import altair

    Chart = altair.LayerChart | altair.FacetChart

# Gold is no adapter's colour, and stands out from white and near-black alike.
AUTHOR_COLOUR = "#c9a227"


@dataclass
class Style:
    """One adapter on one judged set: its fidelity, and by metric the scores of base, adapter and author.

    `label` is what pages call the set: its name, with what tells them apart where it was measured in several ways.
    """

    spec: str
    base: str
    entry: str
    label: str
    fidelity: Result | None = None
    scores: dict[str, dict[str, Result]] = field(default_factory=dict)

    def criteria(self) -> Table:
        """One row per criterion, the whole first: base, adapter, author."""
        names = (self.base, self.spec, AUTHOR)
        rows = [
            (_criterion(metric, self.entry), *(figure(of.get(name)) for name in names))
            for metric, of in self.scores.items()
        ]
        return Table(("criterion", *names), tuple(rows))


def styles(store: Store) -> list[Style]:
    """Every adapter on every judged set with an author, the most faithful first; raises StoreError without a store."""
    found: dict[tuple[str, str], Style] = {}
    figures = style_figures(store)
    labels = _labels(figures, store)
    for one in figures:
        base, label = f"({one.base_model})", labels[one.entry, one.spec]
        style = found.setdefault((one.entry, one.spec), Style(one.spec, base, one.entry, label))
        if one.kind == "compare":
            style.fidelity = one.result
        else:
            names = {"base": base, "candidate": one.spec, "author": AUTHOR}
            style.scores.setdefault(one.result.metric, {})[names[one.role]] = one.result
    return sorted(found.values(), key=_faithful)


def _labels(figures: Sequence[StyleFigure], store: Store) -> dict[tuple[str, str], str]:
    """What each spec's judged set is called, by entry and spec."""
    measured = {(one.step, one.metric): one.measurement for one in measured_metrics(store)}
    ways: dict[str, dict[str, Measurement]] = {}
    for one in figures:
        its = measured.get((one.step, one.result.metric), UNKNOWN)
        if one.kind == "score" or one.spec not in ways.setdefault(one.entry, {}):
            ways.setdefault(one.entry, {})[one.spec] = its
    found: dict[tuple[str, str], str] = {}
    for entry, of in ways.items():
        told = marks(of.values()) if len({its.digest for its in of.values()}) > 1 else {}
        found |= {(entry, spec): f"{entry} ({told[its.digest]})" if told else entry for spec, its in of.items()}
    return found


def fidelity_chart(found: Sequence[Style], palette: Mapping[str, str]) -> Chart | None:
    """The scale from the base model (0) to the author (1), each adapter with its interval; None without any figure."""
    marks: list[Mark] = []
    for style in found[:MOST_ROWS]:
        marks += mark_of(style.fidelity, row=style.spec, series=style.spec)
    axis = Axis("0: like the base model · 1: like the author", lines=(0.0, 1.0), ends=(0.0, 1.0))
    return interval_chart(marks, axis, palette) if marks else None


def criteria_chart(style: Style, palette: Mapping[str, str]) -> Chart | None:
    """Each criterion of a rubric with the scores of base, adapter and author beside each other; None without any."""
    marks: list[Mark] = []
    for metric, of in style.scores.items():
        for name in (style.base, style.spec, AUTHOR):
            marks += mark_of(of.get(name), row=_criterion(metric, style.entry), series=name)
    coloured = {**palette, AUTHOR: AUTHOR_COLOUR}
    return interval_chart(marks, Axis("score, 0 to 1", ends=(0.0, 1.0)), coloured) if marks else None


def beside(style: Style, results: Mapping[str, Result], metrics: Mapping[str, Metric]) -> Table:
    """What else is known of an adapter's style on a judged set: every figure that is no score of the rubric."""
    rows: list[tuple[Cell, ...]] = [
        (
            *(metrics[name].short, figure(result), result.n, better_word(metrics[name])),
            result.reason or result.detail or "",
        )
        for name, result in results.items()
        if name in metrics and metrics[name].entry == style.entry and metrics[name].name not in style.scores
    ]
    return Table(("figure", "value", "n", "better", "note"), tuple(rows))


def blind(sides: Sequence[Side], sample_id: str, *, seed: int = 0) -> list[Side]:
    """The sides in an order that is drawn anew for every sample, the same whenever it is shown."""
    return random.Random(f"{seed} {sample_id}").sample(sides, len(sides))


def _criterion(metric: str, entry: str) -> str:
    """What a table of one judged set calls a score: the criterion's own name, for the name is formed so."""
    return word_after(metric, joined(entry, "score")) or "all together"


def _faithful(style: Style) -> tuple[str, bool, float, str]:
    value = style.fidelity.value if style.fidelity else None
    return style.label, value is None, -(value or 0.0), style.spec
