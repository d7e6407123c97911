"""Kahneman-Tversky optimisation (arXiv 2402.01306): learns from single answers that are good or bad.

loss = w_good (1 - σ(β(log π/π_ref - KL))) for a good answer, w_bad (1 - σ(β(KL - log π/π_ref))) for a bad one; KL is
estimated from each prompt with another row's answer.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from evalsuite.plugins import TrainingJob
from evalsuite.records import Rated, Row, Training
from evalsuite.train.adapters.targets import refuse_head
from evalsuite.train.options import LearningRate, TrainerOptions
from evalsuite.train.preference import as_they_are, without_dropout
from evalsuite.train.rated import rated_datasets
from evalsuite.train.trainer import Loaded, fit


class Kto(TrainerOptions):
    """Learns from answers rated good or bad, held near the base by β; the rows are read in order, not shuffled anew."""

    version: ClassVar[int] = 1
    learns_from: ClassVar[type[Row]] = Rated

    method: Literal["kto"]
    # Ten times the paper's rate for all weights (5e-7 to 5e-6), as is usual for adapters.
    learning_rate: LearningRate = 5e-5
    beta: Annotated[float, Field(gt=0, description="how strongly the base holds: higher stays nearer to it")] = 0.1
    desirable_weight: Annotated[float, Field(gt=0, description="weight of a good row; raise it where few are")] = 1.0
    undesirable_weight: Annotated[float, Field(gt=0, description="weight of a bad row; raise it where few are")] = 1.0

    @model_validator(mode="after")
    def _trainable(self) -> Self:
        refuse_head(self.adapter.layers)
        if self.batch_size < 2:
            raise ValueError("kto estimates its KL term within a batch; set batch_size to 2 or more")
        return self

    def train(self, job: TrainingJob) -> Training:
        """Trains into `job.output`, resuming what a kill cut off; raises TrainingError."""
        return fit(job, self, build=lambda loaded: self._trainer(job, loaded))

    def _trainer(self, job: TrainingJob, loaded: Loaded) -> Any:
        from trl import KTOConfig, KTOTrainer

        rows = rated_datasets(job, loaded.tokenizer, max_length=self.max_length, batch_size=self.batch_size)
        return as_they_are(KTOTrainer)(
            model=without_dropout(loaded.model),
            args=KTOConfig(
                **loaded.arguments,
                beta=self.beta,
                desirable_weight=self.desirable_weight,
                undesirable_weight=self.undesirable_weight,
                precompute_ref_log_probs=True,
                disable_dropout=False,
                # Our rows fit; only a prompt with another row's answer, read for the KL term, is cut here.
                max_length=self.max_length,
            ),
            processing_class=loaded.tokenizer,
            peft_config=self.adapter.peft_config(),
            **rows,
        )
