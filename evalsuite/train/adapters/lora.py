"""LoRA (arXiv 2106.09685): low-rank updates of linear layers, W + alpha/r · BA."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from evalsuite.train.parametrisation import Parametrisation, Targets, for_peft


class LowRank(Parametrisation):
    """What all low-rank updates share."""

    r: Annotated[int, Field(ge=1, description="rank of the update")] = 16
    alpha: Annotated[int, Field(ge=1, description="the update is scaled by alpha / r")] = 32
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    target_modules: Targets = "all-linear"

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers that the options name."""
        return () if isinstance(self.target_modules, str) else self.target_modules


class LoraAdapter(LowRank):
    """Low-rank updates of linear layers: W + alpha/r · BA."""

    type: Literal["lora"]

    def peft_config(self) -> Any:
        """The same options as PEFT's LoraConfig."""
        return low_rank_config(self)


def low_rank_config(options: LowRank, **more: Any) -> Any:
    """PEFT's LoraConfig of the shared options, and `more` of its own."""
    from peft import LoraConfig

    return LoraConfig(
        r=options.r,
        lora_alpha=options.alpha,
        lora_dropout=options.dropout,
        target_modules=for_peft(options.target_modules),
        task_type="CAUSAL_LM",
        **more,
    )
