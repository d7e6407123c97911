"""First rows: nothing is trained; the first rows of the mixed training data stand before each question."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from evalsuite.plugins import TrainingJob
from evalsuite.records import Example, Recipe, Row, Training
from evalsuite.spec.options import MethodOptions
from evalsuite.spec.source import Source


class FirstRows(MethodOptions):
    """Puts the first `k` rows before each question."""

    version: ClassVar[int] = 1
    learns_from: ClassVar[type[Row] | None] = Example
    instead: ClassVar[str] = "the first rows stand before each question"
    method: Literal["first_rows"]
    data: Annotated[tuple[Source, ...], Field(min_length=1)]
    k: Annotated[int, Field(ge=1, le=64)] = 2

    @property
    def recipe(self) -> Recipe:
        """Where the rows are; a digest covers the bytes of the sources in place of the option that names them."""
        return Recipe(sources=self.data, by_content=frozenset({"data"}))

    def train(self, job: TrainingJob) -> Training:
        """Leave what answers in `job.output`: here a context, elsewhere a PEFT adapter."""
        # What imports torch is imported where it is used, so that `evalsuite validate` starts in a blink.
        from evalsuite.models.checkpoints.context import FewShotContext
        from evalsuite.train.loop.untrained import save_context

        rows = tuple(row for row in job.train if isinstance(row, Example))
        return save_context(job, FewShotContext(rows, self.k, "first"))
