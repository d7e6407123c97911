"""Supervised fine-tuning: what the methods share that learn to answer as rows do."""

from __future__ import annotations

from typing import Any, Self

from pydantic import Field, model_validator

from evalsuite.plugins import TrainingJob
from evalsuite.records import Example, Training
from evalsuite.train.adapters.targets import refuse_head
from evalsuite.train.blocks import use_blocks
from evalsuite.train.options import TrainerOptions
from evalsuite.train.rows import only, tokenise
from evalsuite.train.trainer import Loaded, fit


class SupervisedOptions(TrainerOptions):
    """How an adapter learns to answer as rows do; the loss counts the completion's tokens only."""

    packing: bool = Field(default=False, description="fill sequences of max_length with several rows each")

    @model_validator(mode="after")
    def _trainable(self) -> Self:
        refuse_head(self.adapter.layers)
        if self.packing and self.adapter.virtual_tokens:
            raise ValueError(
                f"packing puts several rows into one sequence, and {self.adapter.type} stands before the whole of it; "
                "switch packing off or use another adapter type"
            )
        return self

    def supervise(self, job: TrainingJob) -> Training:
        """Trains into `job.output`, resuming what a kill cut off; raises TrainingError."""
        return fit(job, self, build=lambda loaded: self._trainer(job, loaded))

    def _trainer(self, job: TrainingJob, loaded: Loaded) -> Any:
        from datasets import Dataset
        from trl import SFTConfig, SFTTrainer

        def dataset(rows: Any, what: str) -> Any:
            examples = only(Example, rows, what=what)
            return Dataset.from_list(tokenise(examples, loaded.tokenizer, max_length=self.max_length, what=what))

        options = dict(loaded.arguments)
        if self.packing:
            # Packed rows carry no attention mask, and no padding either.
            options["include_num_input_tokens_seen"] = "all"
            use_blocks(loaded.model)
        return SFTTrainer(
            model=loaded.model,
            # Rows come tokenised and measured; without packing there is nothing left to cut.
            args=SFTConfig(**options, packing=self.packing, max_length=self.max_length if self.packing else None),
            train_dataset=dataset(job.train, "training rows"),
            eval_dataset=dataset(job.held_out, "held-out rows") if job.held_out else None,
            processing_class=loaded.tokenizer,
            peft_config=self.adapter.peft_config(),
        )
