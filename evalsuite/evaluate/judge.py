"""Judges: who grades a reply by a rubric, and who prefers which of two."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from evalsuite.spec.judge import Judge
from evalsuite.spec.rubric import Rubric

Choice = Literal["first", "second", "tie"]


@dataclass(frozen=True, slots=True)
class Judgment:
    """The score of each criterion on its own scale, or the reason why there is none."""

    scores: Mapping[str, int] | None
    reason: str | None = None


class Grader(Protocol):
    """What a judge can do."""

    def grade(self, question: str, reply: str) -> Judgment:
        """The reply graded by the rubric."""
        ...

    def prefer(self, question: str, first: str, second: str) -> Choice | None:
        """The better of two replies as they are shown, or None when the judge gave no usable answer."""
        ...


def grader(judge: Judge, rubric: Rubric) -> Grader:
    """The judge of a document, ready to grade by a rubric."""
    from evalsuite.evaluate.offline import OfflineJudge

    return OfflineJudge(rubric)


def normalised(rubric: Rubric, scores: Mapping[str, int]) -> dict[str, float]:
    """Each criterion's score on the scale 0 (worst anchor) to 1 (best anchor)."""
    shares = {}
    for criterion in rubric.criteria:
        low, high = criterion.scale
        shares[criterion.name] = (scores[criterion.name] - low) / (high - low)
    return shares


def overall(rubric: Rubric, scores: Mapping[str, int]) -> float:
    """The weighted mean of the normalised scores, 0 to 1."""
    shares = normalised(rubric, scores)
    weight = sum(criterion.weight for criterion in rubric.criteria)
    return sum(criterion.weight * shares[criterion.name] for criterion in rubric.criteria) / weight
