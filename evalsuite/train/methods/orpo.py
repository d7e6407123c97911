"""Odds-ratio preference optimisation (arXiv 2403.07691): supervised tuning that pushes rejected answers away.

loss = NLL(prompt and chosen) - λ log σ(log odds(chosen)/odds(rejected)), odds = p/(1-p) of the mean token.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from evalsuite.plugins import TrainingJob
from evalsuite.records import ChosenRejected, Row, Training
from evalsuite.train.loop.preference import without_reference
from evalsuite.train.loop.trainer import Loaded, fit
from evalsuite.train.loop.training_options import LearningRate, TrainerOptions


class Orpo(TrainerOptions):
    """Learns from pairs in one stage and without a reference: the chosen answers are imitated as well as preferred."""

    version: ClassVar[int] = 1
    learns_from: ClassVar[type[Row]] = ChosenRejected

    method: Literal["orpo"]
    # Ten times the paper's rate for all weights (5e-6 to 8e-6), as is usual for adapters.
    learning_rate: LearningRate = 5e-5
    beta: Annotated[float, Field(gt=0, description="weight of the odds ratio against imitation; λ in the paper")] = 0.1

    def train(self, job: TrainingJob) -> Training:
        """Trains into `job.output`, resuming what a kill cut off; raises TrainingError."""
        return fit(job, self, build=lambda loaded: self._trainer(job, loaded))

    def _trainer(self, job: TrainingJob, loaded: Loaded) -> Any:
        from trl.experimental.orpo import ORPOConfig, ORPOTrainer

        return without_reference(
            ORPOTrainer,
            ORPOConfig,
            loaded,
            job=job,
            options=self,
            beta=self.beta,
        )
