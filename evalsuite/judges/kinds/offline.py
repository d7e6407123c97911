"""Judge kind `offline`: grades by the rubric's own deterministic checks. It is not a language model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from evalsuite.records import Chosen, Item, Judgment, Pair, Usage
from evalsuite.spec.checks import TooSlow
from evalsuite.spec.judging import AskOf, JudgeDocument, ResolvedJudge, Workload
from evalsuite.spec.rubric import Criterion, Rubric


class OfflineJudge(JudgeDocument):
    """Grades by the rubric's own checks; not a language model."""

    kind: Literal["offline"]

    def cannot_grade(self, rubric: Rubric) -> str | None:
        """Criteria without a check, which only a language model can grade."""
        if not rubric.unchecked:
            return None
        return f"the offline judge cannot grade {', '.join(rubric.unchecked)}: no `check` in the rubric"

    def identity_of(self, its: ResolvedJudge) -> Mapping[str, Any]:
        """Its kind alone: the checks are the rubric's, which has a digest of its own."""
        return {"kind": self.kind}

    def cost(self, its: ResolvedJudge, work: Workload) -> Usage:
        """Judgments without tokens and money."""
        return Usage(calls=work.calls)

    def grader(self, its: ResolvedJudge, rubric: Rubric, *, ask_of: AskOf, repeat: int) -> RubricChecks:
        """The rubric's checks; asked again they say the same."""
        return RubricChecks(rubric)


@dataclass(frozen=True)
class RubricChecks:
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
        ahead = self.rubric.overall(left.scores) - self.rubric.overall(right.scores)
        if ahead == 0:
            return Chosen("tie")
        return Chosen("first" if ahead > 0 else "second")


def _graded(criterion: Criterion, item: Item) -> int:
    low, high = criterion.scale
    share = criterion.check.share(item.reply, item.reference) if criterion.check else 0.0
    return low + round(share * (high - low))
