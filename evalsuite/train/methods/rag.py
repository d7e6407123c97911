"""Retrieval-augmented generation: no weights; passages of the corpus that fit a question are quoted before it.

Everyone with a corpus asks "RAG or fine-tuning?"; in one leaderboard the question has an answer (Lewis et al. 2020,
arXiv 2005.11401).
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, field_validator

from evalsuite.plugins import TrainingJob
from evalsuite.records import Example, Row, Training
from evalsuite.spec.document import Document
from evalsuite.spec.source import Source


class Rag(Document):
    """Quotes the `k` best passages before each question."""

    version: ClassVar[int] = 1
    learns_from: ClassVar[type[Row]] = Example

    method: Literal["rag"]
    data: Annotated[tuple[Source, ...], Field(min_length=1, description="the corpus: texts, or rows as passages")]
    k: Annotated[int, Field(ge=1, le=64, description="passages before each question")] = 3
    template: str = "{passages}\n\n{question}"
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0

    @field_validator("template")
    @classmethod
    def _has_places(cls, value: str) -> str:
        missing = [place for place in ("{passages}", "{question}") if place not in value]
        if missing:
            raise ValueError(f"has no place for {missing[0]}")
        return value

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
        """Leave the passages in `job.output`; raises TrainingError when there are none."""
        from evalsuite.models import context
        from evalsuite.train.untrained import untrained

        rows = (row for row in job.train if isinstance(row, Example))
        # Rows are shuffled on their way here; sorted passages make the context independent of the seed.
        passages = sorted({f"{row.prompt.shown}\n{row.completion}".strip() for row in rows})
        return untrained(job, context.Passages(tuple(passages), self.k, self.template))
