"""Prefix tuning (arXiv 2101.00190): learned keys and values that stand before every layer's own."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from evalsuite.train.parametrisation import Parametrisation


class PrefixAdapter(Parametrisation):
    """Virtual tokens in every layer; they take their place in the context, and learn at rates above LoRA's."""

    virtual_tokens: ClassVar[bool] = True
    recomputes: ClassVar[bool] = False  # its keys and values live in a cache, which recomputation cannot fill twice

    type: Literal["prefix"]
    tokens: Annotated[int, Field(ge=1, description="how many virtual tokens stand before every row")] = 20

    def peft_config(self) -> Any:
        """The same options as PEFT's PrefixTuningConfig."""
        from peft import PrefixTuningConfig

        return PrefixTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=self.tokens)
