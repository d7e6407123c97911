"""The offline judge: grades by the rubric's own deterministic checks. It is not a language model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evalsuite.evaluate.judge import Chosen, Item, Judgment, Pair, overall
from evalsuite.spec.checks import TooSlow
from evalsuite.spec.rubric import Criterion, Rubric


@dataclass(frozen=True)
class OfflineJudge:
    """Grades what can be checked by rule; for the quickstart, for tests, and for form rather than content."""

    rubric: Rubric

    def grade(self, items: Sequence[Item]) -> list[Judgment]:
        """The share that each check finds, placed on the criterion's scale; the question plays no part."""
        return [self._grade(item) for item in items]

    def prefer(self, pairs: Sequence[Pair]) -> list[Chosen]:
        """The reply with the higher overall score; a tie when they are equal, None when one cannot be graded."""
        return [self._prefer(pair) for pair in pairs]

    def _grade(self, item: Item) -> Judgment:
        try:
            return Judgment({criterion.name: _graded(criterion, item) for criterion in self.rubric.criteria})
        except TooSlow as error:
            return Judgment(None, str(error))

    def _prefer(self, pair: Pair) -> Chosen:
        left, right = (self._grade(Item(pair.question, reply)) for reply in (pair.first, pair.second))
        if left.scores is None or right.scores is None:
            return Chosen(None, left.reason or right.reason)
        ahead = overall(self.rubric, left.scores) - overall(self.rubric, right.scores)
        if ahead == 0:
            return Chosen("tie")
        return Chosen("first" if ahead > 0 else "second")


def _graded(criterion: Criterion, item: Item) -> int:
    low, high = criterion.scale
    share = criterion.check.share(item.reply, item.reference) if criterion.check else 0.0
    return low + round(share * (high - low))
