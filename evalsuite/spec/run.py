"""The run spec: one adapter, how it is made, what it is scored on and which gate it must pass."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, model_validator

from evalsuite.plugins import Method
from evalsuite.spec.base_model import BaseModelRef
from evalsuite.spec.document import Document, Name, OneOf, Version


class AdapterRef(Document):
    """An adapter trained elsewhere: a folder that PEFT can load."""

    path: Annotated[str, Field(min_length=1)]


class RunSpec(Document):
    """One adapter to be judged: trained here (`train`), trained elsewhere (`adapter`), or the base as it is."""

    schema_version: Version
    name: Name
    description: str | None = None
    tags: tuple[str, ...] = ()
    base_model: BaseModelRef
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
        return self
