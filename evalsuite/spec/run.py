"""The run spec: one adapter, how it is made, what it is scored on and which gate it must pass."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag, model_validator

from evalsuite.plugins import Method
from evalsuite.records import Recipe
from evalsuite.spec.base_model import BaseModelRef
from evalsuite.spec.document import Document, Name, OneOf, Version
from evalsuite.spec.endpoint import Endpoint


class AdapterRef(Document):
    """An adapter trained elsewhere: a folder that PEFT can load."""

    path: Annotated[str, Field(min_length=1)]


class Machine(Document):
    """What the machine costs that trains; it changes no result, and no digest."""

    price_per_hour: Annotated[float | None, Field(ge=0, description="money for an hour of the machine")] = None
    watts: Annotated[float | None, Field(gt=0, description="what it draws while it trains")] = None

    def money(self, seconds: float) -> float | None:
        """The price of so many seconds; None where no price is given."""
        return None if self.price_per_hour is None else self.price_per_hour * seconds / 3600

    def watt_hours(self, seconds: float) -> float | None:
        """The energy of so many seconds; None where no power is given."""
        return None if self.watts is None else self.watts * seconds / 3600


def _where(base: Any) -> str:
    served = "endpoint" in base if isinstance(base, dict) else isinstance(base, Endpoint)
    return "with endpoint" if served else "with id"


def _named_or_where(reference: Any) -> str:
    return "by name" if isinstance(reference, str) else _where(reference)


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
    reference: Annotated[
        Annotated[
            Annotated[Name, Tag("by name")]
            | Annotated[BaseModelRef, Tag("with id")]
            | Annotated[Endpoint, Tag("with endpoint")],
            Discriminator(_named_or_where),
        ]
        | None,
        Field(
            description="what it is compared with: a base model, an alias of the registry, or another spec; "
            "without it an adapter's own base model, and nothing for a spec without adapter"
        ),
    ] = None
    machine: Annotated[Machine, Field(description="what training costs here, for the record")] = Machine()
    matrix: Annotated[
        dict[str, tuple[Any, ...]] | None,
        Field(description="path -> values: one spec per combination, named by its values"),
    ] = None
    suite: Name
    gate: Name | None = None
    allow_no_effect: Annotated[
        bool, Field(description="score an adapter even when it leaves the base's outputs unchanged")
    ] = False

    @property
    def recipe(self) -> Recipe:
        """What its training learns from and builds on; nothing where nothing is trained."""
        return Recipe() if self.train is None else self.train.recipe

    @model_validator(mode="after")
    def _one_origin(self) -> RunSpec:
        if self.train is not None and self.adapter is not None:
            raise ValueError("has both `train` and `adapter`; keep the one that says where the adapter comes from")
        if isinstance(self.base_model, Endpoint) and (self.train is not None or self.adapter is not None):
            what = "train" if self.train is not None else "adapter"
            raise ValueError(f"has `{what}`, but a model behind an endpoint takes no adapter; score it as it is")
        if self.reference == self.name:
            raise ValueError("is its own `reference`; name the model that it is to be compared with")
        return self

    @property
    def adapts(self) -> bool:
        """Whether it adapts its base model, by weights or by a context, so that the base is its natural reference."""
        return self.train is not None or self.adapter is not None
