"""Few-shot: no weights; the training rows that fit a question best stand before it as earlier turns.

The honest baseline: what an adapter must beat to have been worth training (Brown et al. 2020, arXiv 2005.14165).
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from evalsuite.plugins import TrainingJob
from evalsuite.records import Example, Row, Training
from evalsuite.train.loop.untrained import ContextOptions


class FewShot(ContextOptions):
    """Puts the `k` best training rows before each question."""

    version: ClassVar[int] = 1
    learns_from: ClassVar[type[Row]] = Example

    method: Literal["few_shot"]
    select: Annotated[
        Literal["similar", "first"], Field(description="`similar`: by BM25 for each question; `first`: always the same")
    ] = "similar"

    def train(self, job: TrainingJob) -> Training:
        """Leave the rows in `job.output`; raises TrainingError when there are none."""
        from evalsuite.models.checkpoints import context
        from evalsuite.train.loop.untrained import save_context

        rows = tuple(row for row in job.train if isinstance(row, Example))
        return save_context(job, context.FewShotContext(rows, self.k, self.select))
