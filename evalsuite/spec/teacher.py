"""The teacher: a model whose answers others learn from."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag

from evalsuite.plugins import Method
from evalsuite.records import Sampling
from evalsuite.spec.base_model import BaseModelRef
from evalsuite.spec.document import Document, said
from evalsuite.spec.endpoint import Endpoint


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
        BaseModelRef | None, Field(description="hub id, local folder, or `quickstart`; the spec's own base if omitted")
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
