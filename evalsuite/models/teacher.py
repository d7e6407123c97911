"""A teacher found: the model that a document names, on disk, with the adapter it answers through."""

from __future__ import annotations

from dataclasses import dataclass

from evalsuite.data.digest import digest
from evalsuite.models import Model
from evalsuite.models.base import BaseCheckpoint
from evalsuite.records import Adapter
from evalsuite.spec.teacher import Teacher


@dataclass(frozen=True)
class FoundTeacher:
    """Whom to ask, and how its answers are drawn."""

    document: Teacher
    base: BaseCheckpoint
    adapter: Adapter | None = None

    @property
    def id(self) -> str:
        """The teacher as a person names it."""
        return f"{self.base.id} with {self.adapter.name}" if self.adapter else self.base.id

    @property
    def model_digest(self) -> str:
        """The digest of the model that is asked, without its adapter."""
        return self.base.digest

    @property
    def digest(self) -> str:
        """Digest of all that its answers depend on besides the prompts."""
        drawn = self.document.model_dump(mode="json", include={"max_tokens", "temperature", "seed"})
        return digest("teacher", self.model_digest, self.adapter.digest if self.adapter else None, drawn)

    def model(self) -> Model:
        """The model, made anew; its weights are loaded when it is first asked."""
        from evalsuite.models.hf import HfModel

        return HfModel(self.base)
