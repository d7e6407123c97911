"""Outcomes of judged pairs, as the latest run of every spec has them."""

from __future__ import annotations

from dataclasses import dataclass

from evalsuite.store import Store
from evalsuite.store.rows import rows


@dataclass(frozen=True, slots=True)
class PairOutcome:
    """One sample on which a spec met an opponent: `value` is 1 (won), 0.5 (tied) or 0 (lost)."""

    pairing: str
    judged: str
    judge: str
    rubric: str
    judge_digest: str
    rubric_digest: str
    spec: str
    base_model: str
    opponent: str
    sample_id: str
    group: str | None
    value: float


def pair_outcomes(store: Store) -> list[PairOutcome]:
    """Every pair with an outcome, by pairing, judge, spec and opponent; none when there is no store yet.

    An opponent whose spec has other weights by now is another one: its name says that it is an earlier state.
    """
    if not store.results.exists():
        return []
    return [PairOutcome(**row) for row in rows(store, "pair_outcomes")]
