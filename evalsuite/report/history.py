"""The verdicts of a spec over time, and what moved between two of them."""

from __future__ import annotations

from collections.abc import Sequence

from evalsuite.records import Verdict
from evalsuite.report.table import Table
from evalsuite.store.history import PastVerdict


def history_table(found: Sequence[PastVerdict]) -> Table:
    """One row per run: when, the answer, by which policy against what, and of which weights."""
    rows = [
        (
            f"{past.started_at:%Y-%m-%d %H:%M}",
            past.answer,
            past.policy,
            past.baseline,
            (past.adapter_digest or "–")[:12],
            past.run_id,
        )
        for past in found
    ]
    return Table(("run began, UTC", "verdict", "policy", "against", "weights", "run"), tuple(rows))


def changed_rules(before: Verdict, after: Verdict) -> Table:
    """The rules whose answer or finding differs between two verdicts; a rule that one lacks is a dash there."""
    first = {(o.rule, o.metric): o for o in before.outcomes}
    second = {(o.rule, o.metric): o for o in after.outcomes}
    rows = []
    for key in dict.fromkeys([*first, *second]):
        was, now = first.get(key), second.get(key)
        words = [f"{o.answer}: {o.sentence}" if o else "–" for o in (was, now)]
        if words[0] != words[1]:
            rows.append((*key, *words))
    return Table(("rule", "metric", "before", "now"), tuple(rows))
