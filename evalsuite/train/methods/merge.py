"""Merging: one adapter out of several, without training."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from evalsuite.errors import TrainingError
from evalsuite.plugins import TrainingJob
from evalsuite.records import Recipe, Training
from evalsuite.spec.document import Document
from evalsuite.spec.options import MethodOptions
from evalsuite.spec.source import Source

if TYPE_CHECKING:
    from evalsuite.train.loop.merging import Update

_FILES = ("adapter_model.safetensors", "adapter_config.json")


class Part(Document):
    """One adapter of the merge, and how much it weighs."""

    path: Annotated[str, Field(min_length=1, description="the folder of a PEFT LoRA adapter")]
    weight: Annotated[float, Field(gt=0)] = 1.0


class Merge(MethodOptions):
    """Adds the updates BA of LoRA adapters, layer by layer."""

    version: ClassVar[int] = 1
    instead: ClassVar[str] = "the updates of other adapters were added up"

    method: Literal["merge"]
    adapters: Annotated[tuple[Part, ...], Field(min_length=2)]
    how: Literal["linear", "slerp", "ties", "dare"] = "linear"
    t: Annotated[float, Field(ge=0, le=1, description="slerp: 0 is the first adapter, 1 the second")] = 0.5
    density: Annotated[float, Field(gt=0, le=1, description="ties, dare: the share of elements that is kept")] = 0.5
    rank: Annotated[
        int | None, Field(ge=1, description="ties, dare: rank of the result; the sum of theirs if omitted")
    ] = None
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0

    @model_validator(mode="after")
    def _two_for_an_arc(self) -> Self:
        if self.how == "slerp" and len(self.adapters) != 2:
            raise ValueError(f"slerp runs between two adapters, and there are {len(self.adapters)}; use linear")
        return self

    @property
    def recipe(self) -> Recipe:
        """The weights and configurations of the parts: what the merge depends on."""
        sources = tuple(Source(path=f"{part.path}/{file}") for part in self.adapters for file in _FILES)
        return Recipe(sources=sources, seed=self.seed)

    def parents(self, inputs: Sequence[Path]) -> tuple[Path, ...]:
        """The folder of each part."""
        return tuple(file.parent for file in inputs[:: len(_FILES)])

    def train(self, job: TrainingJob) -> Training:
        """Merge the parts into `job.output`; raises TrainingError for adapters that are no plain LoRA."""
        from evalsuite.train.loop.merging import peft_folder, read_updates
        from evalsuite.train.loop.untrained import made_elsewhere

        began = time.monotonic()
        weights, configs = (job.inputs[place :: len(_FILES)] for place in range(len(_FILES)))
        parts = [read_updates(*files, name=job.name) for files in zip(weights, configs, strict=True)]
        layers = {layer for part in parts for layer in part}
        merged = {layer: self._merged([part.get(layer) for part in parts], layer) for layer in sorted(layers)}
        peft_folder(merged, configs[0], job.output, name=job.name)
        return made_elsewhere(job, seconds=time.monotonic() - began)

    def _merged(self, updates: list[Update | None], layer: str) -> Update:
        import torch

        from evalsuite.train.loop import merging

        present = [update for update in updates if update is not None]
        shapes = {(update.b.shape[0], update.a.shape[1]) for update in present}
        if len(shapes) > 1:
            raise TrainingError(f"the adapters disagree about the size of {layer}; they belong to different bases")
        nothing = merging.Update(torch.zeros_like(present[0].b), torch.zeros_like(present[0].a))
        full = [update or nothing for update in updates]
        weights = [part.weight for part in self.adapters]
        rank = self.rank or sum(update.a.shape[0] for update in full)
        if self.how == "slerp":
            return merging.slerp(full[0], full[1], t=self.t)
        if self.how == "ties":
            return merging.ties(full, weights, density=self.density, rank=rank)
        if self.how == "dare":
            draw = torch.Generator().manual_seed(self.seed)
            return merging.dare(full, weights, density=self.density, rank=rank, generator=draw)
        return merging.linear(full, weights)
