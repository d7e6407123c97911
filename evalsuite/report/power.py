"""What the gates of some specs could settle, as a table."""

from __future__ import annotations

from collections.abc import Sequence

from evalsuite.records import Foreseen
from evalsuite.report.table import Table


def power_table(found: Sequence[tuple[str, Foreseen]]) -> Table:
    """A row per rule; `settles` is the smallest distance from the limit that the suite's n would settle."""
    rows = [
        (
            spec,
            f"{seen.rule}{'' if seen.severity == 'block' else ' (warns)'}",
            seen.metric,
            "–" if seen.n is None else seen.n,
            "–" if seen.gap is None else f"{seen.gap:.3g}",
            "–" if seen.needed is None else seen.needed,
            "–" if seen.settles is None else f"{seen.settles:.3f}",
            seen.outlook,
        )
        for spec, seen in found
    ]
    return Table(("spec", "rule", "metric", "n", "gap", "n needed", "settles", "outlook"), tuple(rows))


def power_figures(found: Sequence[tuple[str, Foreseen]]) -> Table:
    """The same for other programs: numbers as they are, and nothing where there is none."""
    fields = ("rule", "severity", "metric", "n", "gap", "needed", "settles", "outlook")
    return Table(("spec", *fields), tuple((spec, *(getattr(seen, field) for field in fields)) for spec, seen in found))
