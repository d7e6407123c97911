"""Judge kind `hf`: a model that answers in this process through transformers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from evalsuite.judges.llm_judge import AskedJudge
from evalsuite.models.backends.hf import HfBackend
from evalsuite.models.checkpoints.base import is_local
from evalsuite.spec.judging import ResolvedJudge
from evalsuite.spec.models import ModelId


class HfJudge(AskedJudge):
    """A model that answers in this process through transformers."""

    kind: Literal["hf"]
    model: Annotated[ModelId, Field(min_length=1, description="hub id, local folder, or `quickstart`")]
    revision: Annotated[str | None, Field(description="hub commit or tag; pin it, or grades can change")] = None
    dtype: Literal["float32", "bfloat16", "float16"] = "float32"

    @property
    def base_model(self) -> HfBackend:
        """The model as a spec would name it."""
        return HfBackend(id=self.model, revision=self.revision, dtype=self.dtype)

    def identity_of(self, its: ResolvedJudge) -> Mapping[str, Any]:
        """How it is asked, and its model: a hub id stands for itself with its revision, a folder for its weights."""
        ref = self.base_model
        model = ref.find(beside=its.file).digest if is_local(ref, beside=its.file) else self.model
        return {**self._how_asked(its), "model": model, "revision": self.revision, "dtype": self.dtype}
