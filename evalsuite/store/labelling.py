"""What a person can label next: drawn at random for each person, without what he or she has labelled already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evalsuite.store import Store
from evalsuite.store.rows import rows


@dataclass(frozen=True)
class UnlabelledPair:
    """Two different replies to one question, of the first and the second step; `waiting` counts it and those after."""

    sample_id: str
    question: str
    first: str
    second: str
    waiting: int


@dataclass(frozen=True)
class UnlabelledReply:
    """One reply of one of the steps; `waiting` counts it and those after."""

    step_digest: str
    sample_id: str
    question: str
    reply: str
    waiting: int


def unlabelled_pair(
    store: Store, first: str, second: str, *, by: str, skipped: Sequence[str] = ()
) -> UnlabelledPair | None:
    """The next pair of two steps' replies for a person, or None when all are labelled or skipped."""
    given = {"first": first, "second": second, "by": by, "skipped": list(skipped)}
    found = rows(store, "unlabelled_pair", given)
    return UnlabelledPair(**found[0]) if found else None


def unlabelled_reply(
    store: Store, steps: Sequence[str], *, by: str, rubric_digest: str, skipped: Sequence[str] = ()
) -> UnlabelledReply | None:
    """The next reply of some steps for a person to score by a rubric, or None when none is left."""
    given = {"steps": list(steps), "by": by, "rubric_digest": rubric_digest, "skipped": list(skipped)}
    found = rows(store, "unlabelled_reply", given)
    return UnlabelledReply(**found[0]) if found else None
