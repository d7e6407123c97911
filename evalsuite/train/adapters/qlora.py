"""QLoRA (arXiv 2305.14314): LoRA trained on a base whose linear layers are quantised to 4 bits."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from evalsuite.errors import TrainingError
from evalsuite.train.adapters.lora import LowRank, low_rank_config


class QloraAdapter(LowRank):
    """LoRA over a 4-bit base; the saved adapter is an ordinary LoRA, scored on the base as the spec gives it."""

    type: Literal["qlora"]
    quant_type: Annotated[Literal["nf4", "fp4"], Field(description="the 4-bit number format")] = "nf4"
    double_quant: Annotated[bool, Field(description="quantise the scales of the blocks too")] = True

    @property
    def remark(self) -> str:
        """How the base was held; scoring it unquantised is what makes the difference worth knowing."""
        blocks = ", double quantisation" if self.double_quant else ""
        return f"Its base was held in 4 bits ({self.quant_type}{blocks}) while it was trained."

    def peft_config(self) -> Any:
        """The same options as PEFT's LoraConfig."""
        return low_rank_config(self)

    def quantisation(self, compute_dtype: Any) -> Any:
        """How to load the base, as transformers' BitsAndBytesConfig; raises TrainingError without bitsandbytes."""
        from transformers import BitsAndBytesConfig

        try:
            import bitsandbytes  # noqa: F401
        except Exception as error:  # a build for another machine fails with OSError or RuntimeError
            raise TrainingError(
                "adapter type qlora needs bitsandbytes, which is not installed or cannot run here "
                f"({type(error).__name__}); run `pip install 'evalsuite[quant]'` or use adapter type lora"
            ) from error
        return BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type=self.quant_type,
            bnb_4bit_use_double_quant=self.double_quant,
            bnb_4bit_compute_dtype=compute_dtype,
        )
