"""Word limit: a judge that only counts words. It needs no model, so that its document is all that it is known by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field

from evalsuite.records import Choice, Chosen, Item, Judgment, Pair, Usage
from evalsuite.spec.judging import AskOf, JudgeDocument, ResolvedJudge, Workload
from evalsuite.spec.rubric import Rubric


class WordLimit(JudgeDocument):
    """Gives every criterion its best score to a reply within the limit, and its worst to a longer one."""

    kind: Literal["word_limit"]
    at_most: Annotated[int, Field(ge=1)] = 50

    def identity_of(self, its: ResolvedJudge) -> Mapping[str, Any]:
        """Raise the version when the same document is to mean something else."""
        return {"kind": self.kind, "version": 1, "at_most": self.at_most}

    def cost(self, its: ResolvedJudge, work: Workload) -> Usage:
        """Judgments without tokens and money; a judge that asks a model says what it reads and writes."""
        return Usage(calls=work.calls)

    def grader(self, its: ResolvedJudge, rubric: Rubric, *, ask_of: AskOf, repeat: int) -> WordCounter:
        """A judge that is a model says which as `base_model`, and asks it by `ask_of(its)`."""
        return WordCounter(rubric, self.at_most)


@dataclass(frozen=True)
class WordCounter:
    """The limit at work."""

    rubric: Rubric
    at_most: int

    def grade(self, items: Sequence[Item]) -> list[Judgment]:
        """One judgment for each item: a score for each criterion, on the criterion's own scale."""
        return [
            Judgment(
                {criterion.name: float(criterion.scale[self._fits(item.reply)]) for criterion in self.rubric.criteria}
            )
            for item in items
        ]

    def prefer(self, pairs: Sequence[Pair]) -> list[Chosen]:
        """The reply that keeps the limit where only one does."""
        return [Chosen(self._better(pair)) for pair in pairs]

    def _better(self, pair: Pair) -> Choice:
        first, second = self._fits(pair.first), self._fits(pair.second)
        if first == second:
            return "tie"
        return "first" if first else "second"

    def _fits(self, text: str) -> bool:
        return len(text.split()) <= self.at_most
