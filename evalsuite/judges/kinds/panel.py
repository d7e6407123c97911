"""Judge kind `panel`: the mean of several judges' scores, the majority of their preferences (Verga et al. 2024)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from evalsuite.plugins import Grader
from evalsuite.records import Chosen, Item, Judgment, Pair, Usage, majority, usage_of
from evalsuite.spec.document import Name
from evalsuite.spec.judging import AskOf, JudgeDocument, ResolvedJudge, Workload
from evalsuite.spec.rubric import Rubric


class PanelJudge(JudgeDocument):
    """Several judges: the mean of their scores, the majority of their preferences (PoLL, Verga et al. 2024)."""

    kind: Literal["panel"]
    judges: Annotated[tuple[Name, ...], Field(min_length=2, max_length=15)]

    @model_validator(mode="after")
    def _differ(self) -> PanelJudge:
        doubled = sorted({name for name in self.judges if self.judges.count(name) > 1})
        if doubled:
            raise ValueError(f"{doubled[0]!r} sits on the panel twice; its vote would count double")
        return self

    @property
    def member_names(self) -> tuple[str, ...]:
        """The judges who sit on it."""
        return self.judges

    def identity_of(self, its: ResolvedJudge) -> Mapping[str, Any]:
        """Its members' identities, in their order."""
        return {"kind": self.kind, "members": [dict(member.identity) for member in its.members]}

    def cost(self, its: ResolvedJudge, work: Workload) -> Usage:
        """The whole work once for each member."""
        return sum((member.judge.cost(member, work) for member in its.members), Usage())

    def grader(self, its: ResolvedJudge, rubric: Rubric, *, ask_of: AskOf, repeat: int) -> Panel:
        """All members, each ready to grade."""
        seats = [member.judge.grader(member, rubric, ask_of=ask_of, repeat=repeat) for member in its.members]
        return Panel(tuple(seats), rubric)


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
        usage = usage_of(judgments)
        scored = [judgment.scores for judgment in judgments if judgment.scores is not None]
        if not scored:
            return Judgment(None, f"no judge of the panel: {judgments[0].reason}", usage)
        levels = [self.rubric.overall(scores) for scores in scored]
        apart = max(levels) - min(levels) if len(levels) > 1 else None
        return Judgment(self.rubric.means(scored), usage=usage, disagreement=apart)


def _voted(chosen: Sequence[Chosen]) -> Chosen:
    usage = usage_of(chosen)
    votes = [one.choice for one in chosen if one.choice is not None]
    if not votes:
        return Chosen(None, f"no judge of the panel: {chosen[0].reason}", usage)
    found = majority(votes)
    apart = sum(vote != found for vote in votes) / len(votes) if len(votes) > 1 else None
    return Chosen(found, usage=usage, disagreement=apart)
