"""Training rows by what they teach: an answer, a preference, a rating, a question that a teacher answers."""

from __future__ import annotations

from dataclasses import dataclass

from evalsuite.records.asking import Prompt


@dataclass(frozen=True, slots=True)
class Example:
    """A training row that shows: what is asked and the answer to learn; `document` names where it was taken from."""

    prompt: Prompt
    completion: str
    document: str | None = None

    @property
    def answers(self) -> tuple[str, ...]:
        """The texts that follow the prompt."""
        return (self.completion,)


@dataclass(frozen=True, slots=True)
class ChosenRejected:
    """A training row that prefers: of two answers, the chosen and the rejected one."""

    prompt: Prompt
    chosen: str
    rejected: str
    document: str | None = None

    @property
    def answers(self) -> tuple[str, ...]:
        """The texts that follow the prompt."""
        return self.chosen, self.rejected


@dataclass(frozen=True, slots=True)
class Rated:
    """A training row that rates: an answer and whether it is a good one."""

    prompt: Prompt
    completion: str
    good: bool
    document: str | None = None

    @property
    def answers(self) -> tuple[str, ...]:
        """The texts that follow the prompt."""
        return (self.completion,)


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A training row without an answer: a teacher is asked for it."""

    prompt: Prompt
    document: str | None = None

    @property
    def answers(self) -> tuple[str, ...]:
        """None yet."""
        return ()


Row = Example | ChosenRejected | Rated | Unanswered


@dataclass(frozen=True, slots=True)
class Canary:
    """A made-up secret planted in the training data `repeats` times; `others` are as likely and were never planted."""

    id: str
    prompt: Prompt
    secret: str
    repeats: int
    others: tuple[str, ...]
