"""The run spec: one adapter, how it is made, what it is scored on; and the same with all that it names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag, model_validator

from evalsuite.plugins import Method
from evalsuite.records import Metric, Recipe, by_name
from evalsuite.spec.document import Document, Name, OneOf, Version
from evalsuite.spec.judging import ResolvedJudge
from evalsuite.spec.models import AnyModel
from evalsuite.spec.policy import Policy
from evalsuite.spec.rubric import Rubric
from evalsuite.spec.source import Split
from evalsuite.spec.suite import Suite


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


def _reference(value: Any) -> str:
    return "a name" if isinstance(value, str) else "a base model"


class RunSpec(Document):
    """One adapter to be judged: trained here (`train`), trained elsewhere (`adapter`), or the base as it is."""

    schema_version: Version
    name: Name
    description: str | None = None
    tags: tuple[str, ...] = ()
    base_model: AnyModel
    train: Annotated[Method, OneOf("methods")] | None = None
    adapter: AdapterRef | None = None
    reference: Annotated[
        Annotated[Annotated[Name, Tag("a name")] | Annotated[AnyModel, Tag("a base model")], Discriminator(_reference)]
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
        if not self.base_model.adapts and (self.train is not None or self.adapter is not None):
            what, backend = "train" if self.train is not None else "adapter", self.base_model.backend
            raise ValueError(f"has `{what}`, but a model of backend {backend} takes no adapter; score it as it is")
        if self.reference == self.name:
            raise ValueError("is its own `reference`; name the model that it is to be compared with")
        return self

    @property
    def adapts(self) -> bool:
        """Whether it adapts its base model, by weights or by a context, so that the base is its natural reference."""
        return self.train is not None or self.adapter is not None


@dataclass(frozen=True)
class ResolvedSpec:
    """A run spec with all that it names: documents typed, data paths resolved."""

    spec: RunSpec
    file: Path
    suite: Suite
    policy: Policy | None
    rubrics: Mapping[str, Rubric]
    judges: Mapping[str, ResolvedJudge]
    training_data: tuple[Path, ...]
    suite_data: Mapping[str, Path]
    adapter_path: Path | None
    documents: Mapping[str, Path] = field(default_factory=dict)
    # Judge and rubric -> digests of the judge's health and of people's labels, as far as a store has them.
    trust: Mapping[str, tuple[str | None, str | None]] = field(default_factory=dict)
    suite_examples: Mapping[str, Path] = field(default_factory=dict)
    # The splits of data sets whose files are among the paths above, to be fetched where they are not there.
    splits: tuple[Split, ...] = ()

    @property
    def metrics(self) -> Mapping[str, Metric]:
        """What a candidate will have once it is measured; patterns stand for slices that are not known yet."""
        # What is chosen by likelihood elsewhere is answered by letter behind an endpoint.
        by_letter = not self.spec.base_model.tells_likelihood
        return by_name(self.suite.metrics(self.rubrics, served=by_letter))
