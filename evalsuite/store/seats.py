"""Judges at work: who judged how much by what, and what they gave no score for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from evalsuite.store import Store
from evalsuite.store.judges import knows_judges
from evalsuite.store.rows import rows


@dataclass(frozen=True)
class Seat:
    """A judge by a rubric: its steps, the samples in them, those without a score, and when it judged last."""

    judge: str
    rubric: str
    steps: int = 0
    judged: int = 0
    unread: int = 0
    last_at: datetime | None = None


@dataclass(frozen=True)
class Unread:
    """A sample that a judge gave no score for, and why; prompt and text are None where no reply is on record."""

    entry: str | None
    role: str | None
    sample_id: str
    reason: str | None
    prompt: str | None
    text: str | None


def seats(store: Store) -> list[Seat]:
    """Everyone who judged a step, by judge and rubric; none when there is no store yet."""
    if not knows_judges(store):
        return []
    return [Seat(**row) for row in rows(store, "judge_seats")]


def unread(store: Store, judge: str, rubric: str, *, most: int) -> list[Unread]:
    """The newest samples that a judge by a rubric gave no score for, at most so many."""
    return [Unread(**row) for row in rows(store, "judge_unread", [judge, rubric, most])]
