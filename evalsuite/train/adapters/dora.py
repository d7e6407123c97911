"""DoRA (arXiv 2402.09353): magnitude and direction of each weight are learned apart, the direction by LoRA."""

from __future__ import annotations

from typing import Any, Literal

from evalsuite.train.adapters.lora import LowRank, low_rank_config


class DoraAdapter(LowRank):
    """Low-rank updates of the direction, and a vector of magnitudes: m · (W + alpha/r · BA) / ‖W + alpha/r · BA‖."""

    type: Literal["dora"]

    def peft_config(self) -> Any:
        """The same options as PEFT's LoraConfig."""
        return low_rank_config(self, use_dora=True)
