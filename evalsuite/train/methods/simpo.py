"""SimPO (arXiv 2405.14734): the mean log-probability of the chosen answer beats the rejected one's by a margin.

loss = -log σ(β/|chosen| log π(chosen) - β/|rejected| log π(rejected) - γ)
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from evalsuite.plugins import TrainingJob
from evalsuite.records import ChosenRejected, Row, Training
from evalsuite.train.loop.preference import ImitationWeight, without_reference
from evalsuite.train.loop.trainer import Loaded, fit
from evalsuite.train.loop.training_options import LearningRate, TrainerOptions


class Simpo(TrainerOptions):
    """Learns from pairs without a reference, each answer weighed by its length so that long ones are not favoured."""

    version: ClassVar[int] = 1
    learns_from: ClassVar[type[Row]] = ChosenRejected

    method: Literal["simpo"]
    # Ten times the paper's rate for all weights (3e-7 to 1e-6), as is usual for adapters; higher ones end in babble.
    learning_rate: LearningRate = 1e-5
    beta: Annotated[float, Field(gt=0, description="scale of the rewards; 2 to 2.5 in the paper")] = 2.0
    gamma: Annotated[float, Field(ge=0, description="the margin wanted between the rewards; about half of beta")] = 1.0
    sft_weight: ImitationWeight = 0.0

    def train(self, job: TrainingJob) -> Training:
        """Trains into `job.output`, resuming what a kill cut off; raises TrainingError."""
        return fit(job, self, build=lambda loaded: self._trainer(job, loaded))

    def _trainer(self, job: TrainingJob, loaded: Loaded) -> Any:
        from trl.experimental.cpo import CPOConfig, CPOTrainer

        return without_reference(
            CPOTrainer,
            CPOConfig,
            loaded,
            job=job,
            options=self,
            loss_type="simpo",
            cpo_alpha=self.sft_weight,
            beta=self.beta,
            simpo_gamma=self.gamma,
        )
