"""Contaminated samples as a table."""

from __future__ import annotations

from collections.abc import Mapping

from evalsuite.data.contamination import Contamination
from evalsuite.report.table import Table


def contamination_table(found: Mapping[str, Contamination]) -> Table:
    """One row per spec and contaminated sample, with the training row that is closest to it."""
    rows = [
        (spec, item.entry, item.sample.id, item.overlap.kind, f"{item.overlap.share:.2f}", item.place)
        for spec, its in found.items()
        for item in its.found
    ]
    return Table(("spec", "entry", "sample", "overlap", "share", "training row"), tuple(rows))
