"""Verdicts of all runs: what was decided of each spec, when, and of which weights."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from evalsuite.records import Answer
from evalsuite.store import Store
from evalsuite.store.rows import rows


@dataclass(frozen=True)
class PastVerdict:
    """One spec's verdict in one run; `step_digest` is that of the step that decided."""

    run_id: str
    started_at: datetime
    spec: str
    adapter_digest: str | None
    step_digest: str
    policy: str
    baseline: str
    answer: Answer


def past_verdicts(store: Store) -> list[PastVerdict]:
    """Every verdict of every run, newest run first; raises StoreError when there is no store yet."""
    return [PastVerdict(**row) for row in rows(store, "verdict_history")]
