"""Supervised fine-tuning: the next tokens of the completion, given the prompt."""

from __future__ import annotations

from typing import ClassVar, Literal

from evalsuite.plugins import TrainingJob
from evalsuite.records import Example, Row, Training
from evalsuite.train.loop.supervised import SupervisedOptions


class Sft(SupervisedOptions):
    """Learns to answer as the rows do; the loss counts the completion's tokens only."""

    version: ClassVar[int] = 1
    learns_from: ClassVar[type[Row]] = Example

    method: Literal["sft"]

    def train(self, job: TrainingJob) -> Training:
        """Trains into `job.output`, resuming what a kill cut off; raises TrainingError."""
        return self.supervise(job)
