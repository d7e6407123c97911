"""Training rows by what they teach, and what a training left behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from evalsuite.records.asking import Prompt
from evalsuite.records.results import Adapter


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


@dataclass(frozen=True, slots=True)
class TrainingPoint:
    """One point of a training curve."""

    step: int
    loss: float | None
    held_out_loss: float | None


@dataclass(frozen=True, slots=True)
class LayerNorm:
    """The Frobenius norms of one layer's update and of its base weight."""

    layer: str
    update: float
    base: float

    @property
    def relative(self) -> float | None:
        """The update's norm as a share of the base weight's; None where that is zero."""
        return self.update / self.base if self.base else None


@dataclass(frozen=True, slots=True)
class Training:
    """What a training left behind: the adapter and the facts worth keeping about how it was made."""

    adapter: Adapter
    curve: tuple[TrainingPoint, ...]
    tokens_seen: int
    tokens_per_second: float
    wall_seconds: float
    peak_memory_mb: float
    trained_parameters: int
    total_parameters: int
    held_out_loss: float | None
    norms: tuple[LayerNorm, ...] = ()


@dataclass(frozen=True, slots=True)
class TrainingRecord:
    """What a training was made of and with; `data` has the digest of each source, `built_on` that of an adapter.

    Money and energy are None where the spec gives no price and no power.
    """

    seed: int | None
    base_digest: str
    built_on: str | None
    data: Mapping[str, str]
    versions: Mapping[str, str | int | None]
    money: float | None = None
    watt_hours: float | None = None
