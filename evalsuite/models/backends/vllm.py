"""Backend `vllm`: weights on this disk that answer through a vLLM server, started here or running already."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from evalsuite.data.digest import digest
from evalsuite.models.checkpoints.base import BaseCheckpoint, base_of
from evalsuite.models.protocol import Model
from evalsuite.spec.models import BaseModelRef


class VllmBackend(BaseModelRef):
    """The frozen weights that everything starts from, behind vLLM; trainings use them in this process as ever."""

    backend: Literal["vllm"]
    server: Annotated[
        str | None, Field(description="URL of a vLLM server that runs already; without it one is started")
    ] = None

    def find(self, *, beside: Path, download: bool = False) -> BaseCheckpoint:
        """The checkpoint, to be asked through vLLM."""
        return replace(base_of(self, beside=beside, download=download), engine=self)

    def answers_of(self, weights: str) -> str:
        """A digest of its own: its last digits are not those of transformers."""
        return digest("vllm", weights)

    def load(self, checkpoint: BaseCheckpoint) -> Model:
        """The model; its server is started when it is first asked."""
        from evalsuite.models.vllm.vllm_model import VllmModel

        return VllmModel(checkpoint, url=self.server)
