"""Direct preference optimisation (arXiv 2305.18290): the chosen answer grows likelier than the rejected one.

loss = -log σ(β [log π(chosen)/π_ref(chosen) - log π(rejected)/π_ref(rejected)]), with the base as π_ref.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from evalsuite.plugins import TrainingJob
from evalsuite.records import ChosenRejected, Row, Training
from evalsuite.train.loop.preference import ImitationWeight, as_they_are, pair_datasets, without_dropout
from evalsuite.train.loop.trainer import Loaded, fit
from evalsuite.train.loop.training_options import LearningRate, TrainerOptions
from evalsuite.train.parametrisation import refuse_head


class Dpo(TrainerOptions):
    """Learns from pairs, held near the base by β; the base's log-probabilities are computed once, before training."""

    version: ClassVar[int] = 1
    learns_from: ClassVar[type[Row]] = ChosenRejected

    method: Literal["dpo"]
    # Ten times the paper's rate for all weights (5e-7 to 5e-6), as is usual for adapters.
    learning_rate: LearningRate = 5e-5
    beta: Annotated[float, Field(gt=0, description="how strongly the base holds: higher stays nearer to it")] = 0.1
    loss_type: Annotated[
        Literal["sigmoid", "hinge", "ipo"], Field(description="sigmoid: the paper's; ipo does not chase sure pairs")
    ] = "sigmoid"
    sft_weight: ImitationWeight = 0.0

    @model_validator(mode="after")
    def _trainable(self) -> Self:
        refuse_head(self.adapter.layers)
        return self

    def train(self, job: TrainingJob) -> Training:
        """Trains into `job.output`, resuming what a kill cut off; raises TrainingError."""
        return fit(job, self, build=lambda loaded: self._trainer(job, loaded))

    def _trainer(self, job: TrainingJob, loaded: Loaded) -> Any:
        from trl import DPOConfig, DPOTrainer

        rows = pair_datasets(job, loaded.tokenizer, max_length=self.max_length)
        return as_they_are(DPOTrainer)(
            model=without_dropout(loaded.model),
            args=DPOConfig(
                **loaded.arguments,
                beta=self.beta,
                loss_type=[self.loss_type, "sft"] if self.sft_weight else [self.loss_type],
                loss_weights=[1.0, self.sft_weight] if self.sft_weight else None,
                precompute_ref_log_probs=True,
                disable_dropout=False,
                max_length=None,
            ),
            processing_class=loaded.tokenizer,
            peft_config=self.adapter.peft_config(),
            **rows,
        )
