"""Specs to ordered steps, each with a digest of all that it depends on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from evalsuite.models.base import Base, BaseCheckpoint
from evalsuite.records import Adapter
from evalsuite.spec.load import ResolvedSpec

StepKind = Literal["train", "prove", "overlap", "score", "probe", "pair", "compare", "decide"]
Role = Literal["base", "candidate", "author"]


@dataclass(frozen=True, slots=True)
class Cost:
    """What a step will ask for, estimated before anything runs."""

    samples: int = 0
    tokens: int = 0
    judge_calls: int = 0
    money: float = 0.0


@dataclass(frozen=True, slots=True)
class Step:
    """One piece of work; without a digest while it depends on an adapter that is not trained yet."""

    kind: StepKind
    digest: str | None
    entry: str | None = None
    role: Role | None = None
    cost: Cost = Cost()

    @property
    def label(self) -> str:
        """The step as a person reads it."""
        return " ".join(part for part in (self.kind, self.role, self.entry) if part)


@dataclass(frozen=True)
class Plan:
    """The steps of one spec in order, on a known base and, once trained, a known adapter."""

    resolved: ResolvedSpec
    base: Base
    adapter: Adapter | None
    steps: tuple[Step, ...]

    @property
    def name(self) -> str:
        """The spec's name."""
        return self.resolved.spec.name

    @property
    def checkpoint(self) -> BaseCheckpoint:
        """The base on this disk, which every spec has that trains or adapts something."""
        assert isinstance(self.base, BaseCheckpoint)
        return self.base

    def step(self, kind: StepKind, entry: str | None = None, role: Role | None = None) -> Step | None:
        """The step of that kind, entry and role, or None."""
        wanted = (kind, entry, role)
        return next((step for step in self.steps if (step.kind, step.entry, step.role) == wanted), None)

    def digests(self, *kinds: StepKind, roles: tuple[Role | None, ...]) -> list[str]:
        """The known digests of the steps of these kinds and roles."""
        return [
            step.digest for step in self.steps if step.kind in kinds and step.role in roles and step.digest is not None
        ]
