"""What an import brought, as a table."""

from __future__ import annotations

from collections.abc import Mapping

from evalsuite.records import Outcome
from evalsuite.report.figures import figure
from evalsuite.report.table import Table


def imported_table(outcomes: Mapping[str, Outcome]) -> Table:
    """Every figure of every system with its count, and what was dropped or is behind it."""
    rows = [
        (system, result.metric, figure(result), result.n, "; ".join(filter(None, (result.reason, result.detail))))
        for system, outcome in outcomes.items()
        for result in outcome.results
    ]
    return Table(("system", "metric", "value", "n", "note"), tuple(rows))
