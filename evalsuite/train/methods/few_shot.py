"""Few-shot: no weights; the training rows that fit a question best stand before it as earlier turns.

The honest baseline: what an adapter must beat to have been worth training (Brown et al. 2020, arXiv 2005.14165).
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, field_validator

from evalsuite.plugins import TrainingJob
from evalsuite.records import Example, Row, Training
from evalsuite.spec.document import Document
from evalsuite.spec.source import Source


class FewShot(Document):
    """Puts the `k` best training rows before each question."""

    version: ClassVar[int] = 1
    learns_from: ClassVar[type[Row]] = Example

    method: Literal["few_shot"]
    data: Annotated[tuple[Source, ...], Field(min_length=1, description="the rows to choose examples from")]
    k: Annotated[int, Field(ge=1, le=64, description="examples before each question")] = 3
    select: Annotated[
        Literal["similar", "first"], Field(description="`similar`: by BM25 for each question; `first`: always the same")
    ] = "similar"
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0

    @field_validator("data")
    @classmethod
    def _as_chat(cls, value: tuple[Source, ...]) -> tuple[Source, ...]:
        if any(source.format != "chat" for source in value):
            raise ValueError("rows in a prompt go through the chat template; remove `format`")
        return value

    @property
    def held_out(self) -> float:
        """Nothing is held out: no loss is measured."""
        return 0.0

    def train(self, job: TrainingJob) -> Training:
        """Leave the rows in `job.output`; raises TrainingError when there are none."""
        from evalsuite.models import context
        from evalsuite.train.untrained import untrained

        rows = tuple(row for row in job.train if isinstance(row, Example))
        return untrained(job, context.FewShot(rows, self.k, self.select))
