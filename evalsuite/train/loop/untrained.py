"""What methods without training share: contexts in place of weights, and honest zeros."""

from __future__ import annotations

import time
from typing import Annotated, ClassVar

from pydantic import Field, field_validator

from evalsuite.errors import TrainingError
from evalsuite.plugins import TrainingJob
from evalsuite.records import Adapter, Named, Recipe, Training
from evalsuite.spec.options import MethodOptions
from evalsuite.spec.source import Source


class ContextOptions(MethodOptions):
    """Which rows to choose from and how many to put before each question."""

    instead: ClassVar[str] = "a context stands before each question"

    data: Annotated[tuple[Source, ...], Field(min_length=1, description="the rows to choose from")]
    k: Annotated[int, Field(ge=1, le=64, description="how many of them stand before each question")] = 3
    on: Annotated[
        str | None,
        Field(min_length=1, description="an adapter to answer through: a PEFT folder, or the name of another spec"),
    ] = None
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0

    @field_validator("data")
    @classmethod
    def _as_chat(cls, value: tuple[Source, ...]) -> tuple[Source, ...]:
        if any(source.format != "chat" for source in value):
            raise ValueError("rows in a prompt go through the chat template; remove `format`")
        return value

    @property
    def recipe(self) -> Recipe:
        """All rows, for no loss is measured; the adapter that answers, where it is not the base."""
        on = None if self.on is None else Named(self.on, ("on",))
        return Recipe(sources=self.data, seed=self.seed, builds_on=on, by_content=frozenset({"data", "on"}))


def save_context(job: TrainingJob, context: object) -> Training:
    """Writes the context into `job.output`; raises TrainingError when there are no rows."""
    from evalsuite.models.checkpoints.context import FewShotContext, Passages, write_context

    began = time.monotonic()
    assert isinstance(context, FewShotContext | Passages)
    if not job.train:
        raise TrainingError(f"{job.name}  there are no rows; name a source with rows under train.data")
    write_context(job.output, context, on=job.on)
    return made_elsewhere(job, seconds=time.monotonic() - began)


def made_elsewhere(job: TrainingJob, *, seconds: float) -> Training:
    """The record of an adapter in `job.output` that no trainer of ours made: nothing is known of its loss."""
    from evalsuite.models.checkpoints.adapter import adapter_digest

    return Training(
        adapter=Adapter(job.name, job.output, adapter_digest(job.output)),
        curve=(),
        tokens_seen=0,
        tokens_per_second=0.0,
        wall_seconds=seconds,
        peak_memory_mb=0.0,
        trained_parameters=0,
        total_parameters=0,
        held_out_loss=None,
    )
