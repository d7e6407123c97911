"""How long steps will take: as long as the like took before on this machine, else by the model's size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from evalsuite.models.base import BaseCheckpoint, weight_files
from evalsuite.plan import Plan, Step

# Parameters times tokens in a second, as measured with small models on two CPU cores; a GPU is far faster.
_RATE = 5e9
# Tokens in a second from a server, many calls in flight.
_SERVED = 1_000
_PASSES = {"train": 3}  # forward, and backward through weights and activations
_BYTES = {"float32": 4}


@dataclass(frozen=True)
class Pace:
    """The usual seconds of steps already run, by kind, entry and role."""

    seconds: Mapping[tuple[str, str | None, str | None], float] = field(default_factory=dict)

    def of(self, plan: Plan, step: Step) -> float:
        """The seconds that a step will take, roughly."""
        known = self.seconds.get((step.kind, step.entry, step.role))
        if known is not None and step.kind != "train":
            return known
        if not isinstance(plan.base, BaseCheckpoint):
            return step.cost.tokens / _SERVED
        size = sum(file.stat().st_size for file in weight_files(plan.base.folder))
        parameters = size / _BYTES.get(plan.base.dtype, 2)
        return step.cost.tokens * _PASSES.get(step.kind, 1) * parameters / _RATE

    def total(self, plans: list[Plan], done: frozenset[str]) -> float:
        """The seconds of all that is to do; a step that specs share counts once."""
        left: dict[object, float] = {}
        for plan in plans:
            for step in plan.steps:
                if step.digest not in done:
                    left.setdefault(step.digest or (plan.name, step.label), self.of(plan, step))
        return sum(left.values())
