"""Supervised fine-tuning: the next tokens of the completion, given the prompt."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from evalsuite.plugins import TrainingJob
from evalsuite.records import Training
from evalsuite.train.options import TrainerOptions
from evalsuite.train.rows import tokenise
from evalsuite.train.trainer import Loaded, fit


class Sft(TrainerOptions):
    """Learns to answer as the rows do; the loss counts the completion's tokens only."""

    version: ClassVar[int] = 1

    method: Literal["sft"]
    packing: bool = Field(default=False, description="fill sequences of max_length with several rows each")

    def train(self, job: TrainingJob) -> Training:
        """Trains into `job.output`, resuming what a kill cut off; raises TrainingError."""
        return fit(job, self, build=lambda loaded: self._trainer(job, loaded))

    def _trainer(self, job: TrainingJob, loaded: Loaded) -> Any:
        from datasets import Dataset
        from trl import SFTConfig, SFTTrainer

        def dataset(rows: Any, what: str) -> Any:
            return Dataset.from_list(tokenise(rows, loaded.tokenizer, max_length=self.max_length, what=what))

        options = dict(loaded.arguments)
        if self.packing:
            # Packed rows carry no attention mask, and no padding either.
            options["include_num_input_tokens_seen"] = "all"
        return SFTTrainer(
            model=loaded.model,
            # Rows come tokenised and measured; without packing there is nothing left to cut.
            args=SFTConfig(**options, packing=self.packing, max_length=self.max_length if self.packing else None),
            train_dataset=dataset(job.train, "training rows"),
            eval_dataset=dataset(job.held_out, "held-out rows") if job.held_out else None,
            processing_class=loaded.tokenizer,
            peft_config=self.adapter.peft_config(),
        )
