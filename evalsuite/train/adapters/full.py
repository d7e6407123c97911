"""Full-rank tuning: every weight of the adapted layers is learned, as the yardstick of what low rank gives away.

Saved as PEFT's LN tuning, which replaces whole layers by trained copies; plain PEFT loads it, and with the adapter off
the base answers, so that it serves as a reference as it does for LoRA. Norms and embeddings stay unless named.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from evalsuite.train.parametrisation import Parametrisation, Targets, for_peft


class FullAdapter(Parametrisation):
    """All weights of the linear layers; learns at a tenth of LoRA's rates and takes the memory of a second model."""

    replaces: ClassVar[bool] = True

    type: Literal["full"]
    target_modules: Targets = "all-linear"

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers that the options name."""
        return () if isinstance(self.target_modules, str) else self.target_modules

    def peft_config(self) -> Any:
        """The same options as PEFT's LNTuningConfig."""
        from peft import LNTuningConfig

        return LNTuningConfig(task_type="CAUSAL_LM", target_modules=for_peft(self.target_modules))
