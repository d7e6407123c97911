"""Retrieval-augmented generation: no weights; passages of the corpus that fit a question are quoted before it.

Everyone with a corpus asks "RAG or fine-tuning?"; in one leaderboard the question has an answer (Lewis et al. 2020,
arXiv 2005.11401).
"""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import field_validator

from evalsuite.plugins import TrainingJob
from evalsuite.records import Example, Row, Training
from evalsuite.train.loop.untrained import ContextOptions


class Rag(ContextOptions):
    """Quotes the `k` best passages before each question."""

    version: ClassVar[int] = 1
    learns_from: ClassVar[type[Row]] = Example

    method: Literal["rag"]
    template: str = "{passages}\n\n{question}"

    @field_validator("template")
    @classmethod
    def _has_places(cls, value: str) -> str:
        missing = [place for place in ("{passages}", "{question}") if place not in value]
        if missing:
            raise ValueError(f"has no place for {missing[0]}")
        return value

    def train(self, job: TrainingJob) -> Training:
        """Leave the passages in `job.output`; raises TrainingError when there are none."""
        from evalsuite.models.checkpoints import context
        from evalsuite.train.loop.untrained import save_context

        rows = (row for row in job.train if isinstance(row, Example))
        # Rows are shuffled on their way here; sorted passages make the context independent of the seed.
        passages = sorted({f"{row.prompt.shown}\n{row.completion}".strip() for row in rows})
        return save_context(job, context.Passages(tuple(passages), self.k, self.template))
