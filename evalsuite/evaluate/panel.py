"""A panel of judges: the mean of their scores, the majority of their preferences (PoLL, Verga et al. 2024)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evalsuite.evaluate.judge import Chosen, Grader, Item, Judgment, Pair, majority, means, overall
from evalsuite.records import Usage
from evalsuite.spec.rubric import Rubric


@dataclass(frozen=True)
class Panel:
    """Several judges who hear nothing of each other; one who gave no usable answer does not count for that item."""

    members: tuple[Grader, ...]
    rubric: Rubric

    def grade(self, items: Sequence[Item]) -> list[Judgment]:
        """The mean of the members' scores, criterion by criterion."""
        given = [member.grade(items) for member in self.members]
        return [self._together(list(of)) for of in zip(*given, strict=True)]

    def prefer(self, pairs: Sequence[Pair]) -> list[Chosen]:
        """What most members choose; a tie where no answer is ahead."""
        given = [member.prefer(pairs) for member in self.members]
        return [_voted(list(of)) for of in zip(*given, strict=True)]

    def _together(self, judgments: Sequence[Judgment]) -> Judgment:
        usage = sum((judgment.usage for judgment in judgments), Usage())
        scored = [judgment.scores for judgment in judgments if judgment.scores is not None]
        if not scored:
            return Judgment(None, f"no judge of the panel: {judgments[0].reason}", usage)
        levels = [overall(self.rubric, scores) for scores in scored]
        apart = max(levels) - min(levels) if len(levels) > 1 else None
        return Judgment(means(self.rubric, scored), usage=usage, disagreement=apart)


def _voted(chosen: Sequence[Chosen]) -> Chosen:
    usage = sum((one.usage for one in chosen), Usage())
    votes = [one.choice for one in chosen if one.choice is not None]
    if not votes:
        return Chosen(None, f"no judge of the panel: {chosen[0].reason}", usage)
    found = majority(votes)
    apart = sum(vote != found for vote in votes) / len(votes) if len(votes) > 1 else None
    return Chosen(found, usage=usage, disagreement=apart)
