"""(IA)³ (arXiv 2205.05638): learned vectors that rescale keys, values and the inside of feed-forward layers."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from evalsuite.train.parametrisation import Names, Parametrisation


class Ia3Adapter(Parametrisation):
    """One factor per channel of a few layers; learns at rates 10 to 100 times those of LoRA."""

    type: Literal["ia3"]
    target_modules: Annotated[
        Names | None, Field(description="the layers to rescale; by default those that PEFT knows for the architecture")
    ] = None
    feedforward_modules: Annotated[
        Names | None, Field(description="those of the layers that are rescaled at their input")
    ] = None

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers that the options name."""
        return self.target_modules or ()

    @model_validator(mode="after")
    def _within(self) -> Self:
        if not set(self.feedforward_modules or ()) <= set(self.target_modules or ()):
            raise ValueError("feedforward_modules must be among target_modules; name them there too")
        return self

    def peft_config(self) -> Any:
        """The same options as PEFT's IA3Config."""
        from peft import IA3Config

        if self.target_modules is None:
            return IA3Config(task_type="CAUSAL_LM")
        return IA3Config(
            task_type="CAUSAL_LM",
            target_modules=sorted(set(self.target_modules)),
            feedforward_modules=sorted(set(self.feedforward_modules or ())),
        )
