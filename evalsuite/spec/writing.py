"""What a teacher is to write, and which of its answers are kept."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from evalsuite.records import Prompt
from evalsuite.spec.checks import PatternCheck
from evalsuite.spec.document import Document, Version
from evalsuite.spec.teacher import Teacher

_ASK = """\
Here is a passage:

{passage}

Write {count} different questions that this passage answers, each understood by a reader who has not seen the passage, \
and answer each from the passage alone. {why}Write in the language of the passage. Write nothing else than this, for \
each question:
Q: the question
{reason}A: the answer"""
_WHY = "Before each answer explain step by step how it follows from what the passage says. "


class Keep(Document):
    """Which of a teacher's answers are kept; empty, refused and cut ones and repeats never are."""

    least_words: Annotated[int, Field(ge=1)] = 1
    most_words: Annotated[int | None, Field(ge=1)] = None
    must: Annotated[str | None, Field(description="a regular expression that the answer must match somewhere")] = None

    @field_validator("must")
    @classmethod
    def _expression(cls, value: str | None) -> str | None:
        if value is not None:
            PatternCheck(kind="pattern", must=(value,))
        return value

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.most_words is not None and self.most_words < self.least_words:
            raise ValueError(f"most_words {self.most_words} is below least_words {self.least_words}; nothing would fit")
        return self


class Writing(Document):
    """What a teacher is to write about each passage."""

    schema_version: Version
    teacher: Teacher
    rows: Annotated[
        Literal["questions", "explained"],
        Field(description="questions with answers, or with reasons before the answer"),
    ] = "questions"
    per_passage: Annotated[int, Field(ge=1, le=20, description="questions about each passage")] = 3
    keep: Annotated[Keep, Field(description="which answers are good enough")] = Keep()

    def prompt(self, passage: str) -> Prompt:
        """What the teacher is asked about a passage."""
        explained = self.rows == "explained"
        reason = "Why: the explanation\n" if explained else ""
        why = _WHY if explained else ""
        return Prompt.user(_ASK.format(passage=passage, count=self.per_passage, why=why, reason=reason))
