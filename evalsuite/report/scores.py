"""Scores of training rows, summed up as a table."""

from __future__ import annotations

from statistics import quantiles

from evalsuite.data.scored import ScoredFile
from evalsuite.report.table import Table


def scores_table(found: ScoredFile) -> Table:
    """One row per score: how many rows have it, and its quartiles."""
    scores: dict[str, list[float]] = {
        "words": [float(score.words) for score in found.scores],
        "noise": [score.noise for score in found.scores if score.noise],
        "repeats": [score.likeness for score in found.scores if score.repeats is not None],
    }
    for its in found.difficulties or ():
        scores.setdefault("perplexity", []).append(its.perplexity)
        scores.setdefault("ifd (ratio of losses)", []).extend([] if its.loss_ratio is None else [its.loss_ratio])
        scores.setdefault("ifd (ratio of perplexities)", []).append(its.perplexity_ratio)
    rows = [(name, len(values), *_quartiles(values)) for name, values in scores.items()]
    if found.dropped:
        rows.append(("bad rows", found.dropped, None, None, None))
    return Table(("score", "rows", "25 %", "median", "75 %"), tuple(rows))


def _quartiles(values: list[float]) -> tuple[str | None, str | None, str | None]:
    if not values:
        return None, None, None
    low, middle, high = quantiles(values * 2 if len(values) < 2 else values, n=4, method="inclusive")
    return f"{low:.3g}", f"{middle:.3g}", f"{high:.3g}"
