"""A teacher found: the model that a document names, with the adapter it answers through."""

from __future__ import annotations

from dataclasses import dataclass

from evalsuite.data.digest import digest
from evalsuite.models import Model
from evalsuite.models.base import BaseCheckpoint
from evalsuite.records import Adapter
from evalsuite.spec.teacher import LocalTeacher, ServedTeacher


@dataclass(frozen=True)
class FoundTeacher:
    """Whom to ask, and how its answers are drawn; one that is served has no base."""

    document: LocalTeacher | ServedTeacher
    base: BaseCheckpoint | None = None
    adapter: Adapter | None = None

    @property
    def id(self) -> str:
        """The teacher as a person names it."""
        if isinstance(self.document, ServedTeacher):
            return self.document.id
        assert self.base is not None
        return f"{self.base.id} with {self.adapter.name}" if self.adapter else self.base.id

    @property
    def model_digest(self) -> str:
        """The digest of the model that is asked, without its adapter."""
        if isinstance(self.document, ServedTeacher):
            from evalsuite.models.endpoint import endpoint_digest

            return endpoint_digest(self.document)
        assert self.base is not None
        return self.base.digest

    @property
    def digest(self) -> str:
        """Digest of all that its answers depend on besides the prompts."""
        drawn = self.document.model_dump(mode="json", include={"max_tokens", "temperature", "seed"})
        return digest("teacher", self.model_digest, self.adapter.digest if self.adapter else None, drawn)

    def model(self) -> Model:
        """The model, made anew; its weights are loaded when it is first asked."""
        if isinstance(self.document, ServedTeacher):
            from evalsuite.models.endpoint import EndpointModel

            return EndpointModel(self.document)
        from evalsuite.models.hf import HfModel

        assert self.base is not None
        return HfModel(self.base)
