"""The run spec: one adapter, how it is made, what it is scored on and which gate it must pass."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from evalsuite.plugins import Method
from evalsuite.spec.document import Document, Name, OneOf, Version
from evalsuite.spec.endpoint import Endpoint


class BaseModelRef(Document):
    """The frozen weights that everything starts from."""

    id: Annotated[str, Field(min_length=1, description="hub id, local folder, or `quickstart`")]
    revision: Annotated[str | None, Field(description="hub commit or tag; pin it, or results can change")] = None
    dtype: Literal["float32", "bfloat16", "float16"] = "float32"

    @field_validator("id")
    @classmethod
    def _printable(cls, value: str) -> str:
        if not value.isprintable():
            raise ValueError("a model id has printable characters only")
        return value


class AdapterRef(Document):
    """An adapter trained elsewhere: a folder that PEFT can load."""

    path: Annotated[str, Field(min_length=1)]


def _where(base: Any) -> str:
    served = "endpoint" in base if isinstance(base, dict) else isinstance(base, Endpoint)
    return "with endpoint" if served else "with id"


class RunSpec(Document):
    """One adapter to be judged: trained here (`train`), trained elsewhere (`adapter`), or the base as it is."""

    schema_version: Version
    name: Name
    description: str | None = None
    tags: tuple[str, ...] = ()
    base_model: Annotated[
        Annotated[BaseModelRef, Tag("with id")] | Annotated[Endpoint, Tag("with endpoint")], Discriminator(_where)
    ]
    train: Annotated[Method, OneOf("methods")] | None = None
    adapter: AdapterRef | None = None
    matrix: Annotated[
        dict[str, tuple[Any, ...]] | None,
        Field(description="path -> values: one spec per combination, named by its values"),
    ] = None
    suite: Name
    gate: Name | None = None
    allow_no_effect: Annotated[
        bool, Field(description="score an adapter even when it leaves the base's outputs unchanged")
    ] = False

    @model_validator(mode="after")
    def _one_origin(self) -> RunSpec:
        if self.train is not None and self.adapter is not None:
            raise ValueError("has both `train` and `adapter`; keep the one that says where the adapter comes from")
        if isinstance(self.base_model, Endpoint) and (self.train is not None or self.adapter is not None):
            what = "train" if self.train is not None else "adapter"
            raise ValueError(f"has `{what}`, but a model behind an endpoint takes no adapter; score it as it is")
        return self
