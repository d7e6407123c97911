"""Judges: who grades replies by a rubric, and who prefers which of two; always many at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from evalsuite.records import Usage
from evalsuite.spec.rubric import Rubric

Choice = Literal["first", "second", "tie"]


@dataclass(frozen=True, slots=True)
class Item:
    """A reply to be graded; the reference answer is for checks by rule only, no language model sees it."""

    question: str
    reply: str
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two replies to one question in the order in which they are shown."""

    question: str
    first: str
    second: str

    @property
    def swapped(self) -> Pair:
        """The same two in the other order."""
        return Pair(self.question, self.second, self.first)


@dataclass(frozen=True, slots=True)
class Judgment:
    """The score of each criterion on its own scale, or the reason why there is none.

    `disagreement` is a panel's: the largest difference between its members' overall scores, 0 to 1.
    """

    scores: Mapping[str, float] | None
    reason: str | None = None
    usage: Usage = field(default_factory=Usage)
    disagreement: float | None = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """The better of two as they were shown, or the reason why no answer could be used.

    `disagreement` is a panel's: the share of its members who said otherwise.
    """

    choice: Choice | None
    reason: str | None = None
    usage: Usage = field(default_factory=Usage)
    disagreement: float | None = None


class Grader(Protocol):
    """What a judge can do; answers keep the order of what was asked."""

    def grade(self, items: Sequence[Item]) -> list[Judgment]:
        """Each reply graded by the rubric."""
        ...

    def prefer(self, pairs: Sequence[Pair]) -> list[Chosen]:
        """The better of each two replies as they are shown."""
        ...


def usage_of(given: Iterable[Judgment | Chosen]) -> Usage:
    """What judgments or preferences take in all when nothing of them comes from the cache."""
    return sum((one.usage for one in given), Usage())


def normalised(rubric: Rubric, scores: Mapping[str, float]) -> dict[str, float]:
    """Each criterion's score on the scale 0 (worst anchor) to 1 (best anchor)."""
    shares = {}
    for criterion in rubric.criteria:
        low, high = criterion.scale
        shares[criterion.name] = (scores[criterion.name] - low) / (high - low)
    return shares


def overall(rubric: Rubric, scores: Mapping[str, float]) -> float:
    """The weighted mean of the normalised scores, 0 to 1."""
    shares = normalised(rubric, scores)
    weight = sum(criterion.weight for criterion in rubric.criteria)
    return sum(criterion.weight * shares[criterion.name] for criterion in rubric.criteria) / weight


def means(rubric: Rubric, given: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The mean score of each criterion."""
    names = [criterion.name for criterion in rubric.criteria]
    return {name: sum(scores[name] for scores in given) / len(given) for name in names}


def majority(choices: Sequence[Choice]) -> Choice:
    """What most say; a tie where no answer is ahead of all others."""
    counts = {choice: choices.count(choice) for choice in choices}
    most = [choice for choice, count in counts.items() if count == max(counts.values())]
    return most[0] if len(most) == 1 else "tie"
