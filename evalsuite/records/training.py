"""What a training left behind, and the facts worth keeping about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from evalsuite.records.results import Adapter


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
