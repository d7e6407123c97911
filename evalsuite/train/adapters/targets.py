"""Which layers of the base an adapter changes, by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

Names = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Field(min_length=1)]
Targets = Annotated[
    Literal["all-linear"] | Names, Field(description="`all-linear`, or the names of the layers to adapt")
]


def for_peft(targets: str | tuple[str, ...]) -> str | list[str]:
    """The names without repetition and in one order, so that the saved configuration is always the same."""
    return targets if isinstance(targets, str) else sorted(set(targets))


def refuse_head(layers: Sequence[str]) -> None:
    """Raises ValueError for an adapter on the output layer, for a trainer that reads only that layer's own weight."""
    if any(name.rpartition(".")[2] == "lm_head" for name in layers):
        raise ValueError(
            "this method computes log-probabilities from the base's own lm_head, so an adapter there would not be "
            "trained; remove lm_head from adapter.target_modules, or use orpo or simpo"
        )
