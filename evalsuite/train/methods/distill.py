"""Distillation: a teacher answers prompts, and the adapter learns to answer as it does (Hinton et al. 2015).

What is learnt are the teacher's words, not its probabilities, so that any model behind an endpoint can teach. With
`explain` the teacher gives its reasons before its answer, and the student learns both (Orca, arXiv 2306.02707).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from evalsuite.plugins import TrainingJob
from evalsuite.records import Named, Recipe, Row, Training, Unanswered
from evalsuite.spec.teacher import ServedTeacher, Teacher
from evalsuite.spec.writing import Keep
from evalsuite.train.supervised import SupervisedOptions


class Distill(SupervisedOptions):
    """Learns to answer as a teacher does; the teacher's answers are kept beside the adapter."""

    version: ClassVar[int] = 2
    learns_from: ClassVar[type[Row]] = Unanswered

    method: Literal["distill"]
    teacher: Teacher
    explain: Annotated[
        bool, Field(description="ask for the reasons before the answer; the student sees the question alone")
    ] = False
    keep: Annotated[Keep, Field(description="which answers are good enough")] = Keep()

    @model_validator(mode="after")
    def _teachable(self) -> Self:
        if any(source.format != "chat" for source in self.data):
            raise ValueError("a teacher is asked in a conversation; remove `format`")
        unknown = sorted({source.filter.by for source in self.data if source.filter} & {"ifd", "length"})
        if unknown:
            raise ValueError(f"the rows have no answers yet, so they cannot be filtered by {unknown[0]}; use `keep`")
        return self

    @property
    def recipe(self) -> Recipe:
        """The prompts of its sources, and the teacher who answers them."""
        adapter = None if isinstance(self.teacher, ServedTeacher) else self.teacher.adapter
        on = None if adapter is None else Named(adapter, ("teacher", "adapter"))
        whole = super().recipe
        apart = whole.by_content | {"teacher"}
        return replace(whole, builds_on=on, teacher=self.teacher, explain=self.explain, by_content=apart)

    def train(self, job: TrainingJob) -> Training:
        """Asks the teacher what is not known yet, then trains on the good answers; raises TrainingError."""
        from evalsuite.train.teaching import answered

        train, held_out = answered(job, self.teacher.sampling, explain=self.explain, keep=self.keep)
        return self.supervise(replace(job, train=train, held_out=held_out, teacher=None))
