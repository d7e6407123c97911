"""The offline judge: grades by the rubric's own deterministic checks. It is not a language model."""

from __future__ import annotations

from dataclasses import dataclass

from evalsuite.evaluate.judge import Choice, Judgment, overall
from evalsuite.spec.rubric import Criterion, Rubric, TooSlow


@dataclass(frozen=True)
class OfflineJudge:
    """Grades what can be checked by rule; for the quickstart, for tests, and for form rather than content."""

    rubric: Rubric

    def grade(self, question: str, reply: str) -> Judgment:
        """The share that each check finds, placed on the criterion's scale; the question plays no part."""
        try:
            return Judgment({criterion.name: _graded(criterion, reply) for criterion in self.rubric.criteria})
        except TooSlow as error:
            return Judgment(None, str(error))

    def prefer(self, question: str, first: str, second: str) -> Choice | None:
        """The reply with the higher overall score; a tie when they are equal, None when one cannot be graded."""
        left, right = (self.grade(question, reply).scores for reply in (first, second))
        if left is None or right is None:
            return None
        ahead = overall(self.rubric, left) - overall(self.rubric, right)
        if ahead == 0:
            return "tie"
        return "first" if ahead > 0 else "second"


def _graded(criterion: Criterion, reply: str) -> int:
    low, high = criterion.scale
    share = criterion.check.share(reply) if criterion.check else 0.0
    return low + round(share * (high - low))
