"""What every adapter type says about itself, and which layers of the base it changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from evalsuite.spec.document import Document


class Parametrisation(Document):
    """A way to change the base with few weights; each type adds a tag `type` and `peft_config`."""

    # Virtual tokens lengthen every row, so a method that packs or cuts rows itself cannot have them.
    virtual_tokens: ClassVar[bool] = False
    # Whether activations may be computed again in the backward pass instead of being kept.
    recomputes: ClassVar[bool] = True
    # Whether what is trained stands in the place of base weights instead of beside them.
    replaces: ClassVar[bool] = False

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers that the options name; empty where they are chosen by kind or not at all."""
        return ()

    @property
    def remark(self) -> str | None:
        """What a reader of the saved adapter should know about its making."""
        return None

    def quantisation(self, compute_dtype: Any) -> Any:
        """How the base is to be quantised when it is loaded; None: not at all."""
        return None


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
