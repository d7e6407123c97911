"""What every adapter type says about itself besides its options."""

from __future__ import annotations

from typing import Any, ClassVar

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
