"""Prompt tuning (arXiv 2104.08691): learned embeddings that stand before the input."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from evalsuite.train.parametrisation import Parametrisation


class PromptAdapter(Parametrisation):
    """Virtual tokens at the input only: the fewest parameters, and the highest learning rates."""

    virtual_tokens: ClassVar[bool] = True

    type: Literal["prompt"]
    tokens: Annotated[int, Field(ge=1, description="how many virtual tokens stand before every row")] = 20

    def peft_config(self) -> Any:
        """The same options as PEFT's PromptTuningConfig."""
        from peft import PromptTuningConfig

        return PromptTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=self.tokens)
