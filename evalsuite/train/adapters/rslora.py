"""Rank-stabilised LoRA (arXiv 2312.03732): the update is scaled by alpha/√r, so that high ranks keep learning."""

from __future__ import annotations

from typing import Any, Literal

from evalsuite.train.adapters.lora import LowRank, low_rank_config


class RsLoraAdapter(LowRank):
    """Low-rank updates scaled by the root of the rank: W + alpha/√r · BA."""

    type: Literal["rslora"]

    def peft_config(self) -> Any:
        """The same options as PEFT's LoraConfig."""
        return low_rank_config(self, use_rslora=True)
