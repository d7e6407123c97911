"""What judges are shown and what they say: replies graded, pairs preferred."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from evalsuite.records.results import Usage

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


@dataclass(frozen=True, slots=True)
class Graded:
    """How far each reply fulfils a rubric, 0 to 1, None without a usable judgment; and what the judging takes."""

    grades: tuple[float | None, ...]
    usage: Usage = field(default_factory=Usage)


def usage_of(given: Iterable[Judgment | Chosen]) -> Usage:
    """What judgments or preferences take in all when nothing of them comes from the cache."""
    return sum((one.usage for one in given), Usage())


def majority(choices: Sequence[Choice]) -> Choice:
    """What most say; a tie where no answer is ahead of all others."""
    counts = {choice: choices.count(choice) for choice in choices}
    most = [choice for choice, count in counts.items() if count == max(counts.values())]
    return most[0] if len(most) == 1 else "tie"
