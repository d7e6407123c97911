"""The offline judge: grades by the rubric's own deterministic checks. It is not a language model."""

from __future__ import annotations

from dataclasses import dataclass

from evalsuite.evaluate.judge import Choice, Judgment, overall
from evalsuite.spec.rubric import Criterion, Rubric


@dataclass(frozen=True)
class OfflineJudge:
    """Grades what can be checked by rule; for the quickstart, for tests, and for form rather than content."""

    rubric: Rubric

    def grade(self, question: str, reply: str) -> Judgment:
        """The share that each check finds, placed on the criterion's scale; the question plays no part."""
        return Judgment({criterion.name: _graded(criterion, reply) for criterion in self.rubric.criteria})

    def prefer(self, question: str, first: str, second: str) -> Choice | None:
        """The reply with the higher overall score; a tie when they are equal."""
        left, right = (self._overall(question, reply) for reply in (first, second))
        if left == right:
            return "tie"
        return "first" if left > right else "second"

    def _overall(self, question: str, reply: str) -> float:
        scores = self.grade(question, reply).scores
        assert scores is not None
        return overall(self.rubric, scores)


def _graded(criterion: Criterion, reply: str) -> int:
    low, high = criterion.scale
    share = criterion.check.share(reply) if criterion.check else 0.0
    return low + round(share * (high - low))
