"""Backend `hf`, the default: weights on this disk that answer in this process, by transformers and PEFT."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from evalsuite.models.checkpoints.base import BaseCheckpoint, base_of
from evalsuite.spec.models import BaseModelRef


class HfBackend(BaseModelRef):
    """The frozen weights that everything starts from, in this process."""

    backend: Literal["hf"] = "hf"

    def find(self, *, beside: Path, download: bool = False) -> BaseCheckpoint:
        """The checkpoint; what it says is kept under the digest of its weights alone."""
        return base_of(self, beside=beside, download=download)
