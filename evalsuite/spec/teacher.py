"""The teacher: a model whose answers others learn from, what it is to write, and which of that is kept."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from evalsuite.plugins import Method
from evalsuite.records import Prompt, Sampling
from evalsuite.spec.document import Document, Version, said
from evalsuite.spec.models import AnyModel, Endpoint
from evalsuite.spec.rubric import PatternCheck


class Drawn(Document):
    """How a teacher's answers are drawn."""

    max_tokens: Annotated[int, Field(ge=1, description="longer answers are cut off, and dropped")] = 256
    temperature: Annotated[float, Field(ge=0, le=2, description="0 takes the likeliest words")] = 0.0
    seed: Annotated[int, Field(ge=0, lt=2**32, description="what the words of a temperature above 0 are drawn by")] = 0

    @property
    def sampling(self) -> Sampling:
        """The same as a value."""
        return Sampling(max_tokens=self.max_tokens, temperature=self.temperature, seed=self.seed)


class LocalTeacher(Drawn):
    """A local model, as it is or through an adapter."""

    base_model: Annotated[
        AnyModel | None, Field(description="hub id, local folder, or `quickstart`; the spec's own base if omitted")
    ] = None
    adapter: Annotated[
        str | None, Field(min_length=1, description="a PEFT folder, or the name of the spec that trains it")
    ] = None


class ServedTeacher(Endpoint, Drawn):
    """A model behind an OpenAI-style server."""


def _kind(value: Any) -> str:
    served = isinstance(value, ServedTeacher) or (isinstance(value, dict) and {"endpoint", "model"} & value.keys())
    return "a served teacher" if served else "a local teacher"


Teacher = Annotated[
    Annotated[LocalTeacher, Tag("a local teacher")] | Annotated[ServedTeacher, Tag("a served teacher")],
    Discriminator(_kind),
]


def teacher_of(method: Method | None) -> LocalTeacher | ServedTeacher | None:
    """The teacher that a training method asks; None for a method without one."""
    if method is None or method.recipe.teacher is None:
        return None
    teacher = method.recipe.teacher
    return teacher if isinstance(teacher, ServedTeacher) else said(teacher, LocalTeacher, by=f"method {method.method}")


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
