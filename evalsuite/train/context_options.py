"""What methods without weights share: the rows that may stand before a question, and how many do."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field, field_validator

from evalsuite.records import Named, Recipe
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
