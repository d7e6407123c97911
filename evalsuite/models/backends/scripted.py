"""Backend `scripted`: answers from its document, for examples and for trying a suite without a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from evalsuite.data.digest import digest
from evalsuite.models.openai.calls import Meter
from evalsuite.models.protocol import Model
from evalsuite.models.scripted import ScriptedModel
from evalsuite.records import Adapter, Prompt
from evalsuite.spec.document import Document, Name


class ScriptedBackend(Document):
    """Answers that are written down; it is no language model."""

    backend: Literal["scripted"]
    id: Name = "scripted"
    answers: Annotated[dict[str, str], Field(default_factory=dict, description="prompt, as a person reads it -> reply")]
    otherwise: Annotated[str, Field(description="the reply to every other prompt")] = ""

    @property
    def adapts(self) -> bool:
        """Never: there are no weights."""
        return False

    @property
    def tells_likelihood(self) -> bool:
        """Always: what it would say is likely, and all else is not."""
        return True

    def money(self, prompt_tokens: int, completion_tokens: int) -> float:
        """Nothing."""
        return 0.0

    def find(self, *, beside: Path, download: bool = False) -> ScriptedBase:
        """The same as a base, known by its answers."""
        return ScriptedBase(self.id, self.answers, self.otherwise)


@dataclass(frozen=True)
class ScriptedBase:
    """Answers in place of a base model."""

    id: str
    said: Mapping[str, str]
    otherwise: str

    @property
    def dtype(self) -> str:
        """In place of a number format, which it has none of."""
        return "scripted"

    @property
    def digest(self) -> str:
        """The digest of its answers."""
        return digest("scripted", dict(self.said), self.otherwise)

    @property
    def answers(self) -> str:
        """The digest that its replies are kept under."""
        return self.digest

    @property
    def tells_likelihood(self) -> bool:
        """Always."""
        return True

    def load(self, meter: Meter) -> Model:
        """The model, at once."""

        def answer(prompt: Prompt, adapter: Adapter | None) -> str:
            return self.said.get(prompt.shown, self.otherwise)

        return ScriptedModel(answer, digest=self.digest)
