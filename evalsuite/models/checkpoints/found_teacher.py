"""A teacher found: the model that a document names, with the adapter it answers through."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from evalsuite.data.digest import digest
from evalsuite.errors import ModelError
from evalsuite.models.checkpoints.adapter import adapter_digest, check_fits
from evalsuite.models.checkpoints.base import Base, ServedBase, find_model
from evalsuite.models.openai.calls import Meter
from evalsuite.models.protocol import Model
from evalsuite.records import Adapter
from evalsuite.spec.loading.lookup import find_data
from evalsuite.spec.teacher import LocalTeacher, ServedTeacher


@dataclass(frozen=True)
class FoundTeacher:
    """Whom to ask, and how its answers are drawn; one that is served has no base."""

    document: LocalTeacher | ServedTeacher
    base: Base | None = None
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
            from evalsuite.models.openai.endpoint_model import endpoint_digest

            return endpoint_digest(self.document)
        assert self.base is not None
        return self.base.answers

    @property
    def digest(self) -> str:
        """Digest of all that its answers depend on besides the prompts."""
        drawn = self.document.model_dump(mode="json", include={"max_tokens", "temperature", "seed"})
        return digest("teacher", self.model_digest, self.adapter.digest if self.adapter else None, drawn)

    def money(self, prompt_tokens: int, completion_tokens: int) -> float | None:
        """The price of so many tokens; None where there is none, as of a local model."""
        document = self.document
        if not isinstance(document, ServedTeacher) or not document.priced:
            return None
        return document.money(prompt_tokens, completion_tokens)

    def model(self, meter: Meter) -> Model:
        """The model, made anew; its weights are loaded when it is first asked."""
        if isinstance(self.document, ServedTeacher):
            return ServedBase(self.document).load(meter)
        assert self.base is not None
        return self.base.load(meter)


def find_teacher(document: LocalTeacher | ServedTeacher, *, beside: Path) -> FoundTeacher:
    """The teacher of a document that stands alone; raises ModelError when a local one names no model or no adapter."""
    if isinstance(document, ServedTeacher):
        return FoundTeacher(document)
    if document.base_model is None:
        raise ModelError(f"{beside}  teacher  names no model; give `base_model`, or `endpoint` and `model`")
    base = find_model(document.base_model, beside=beside, download=True)
    if document.adapter is None:
        return FoundTeacher(document, base)
    folder = find_data(document.adapter, beside=beside).found
    if folder is None or not folder.is_dir():
        raise ModelError(f"{beside}  teacher.adapter  {document.adapter!r} is no folder here; give a PEFT folder")
    check_fits(folder, base)
    return FoundTeacher(document, base, Adapter(folder.name, folder, adapter_digest(folder)))
