"""A base model as a document names it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from evalsuite.spec.document import Document


def _printable(value: str) -> str:
    if not value.isprintable():
        raise ValueError("a model id has printable characters only")
    return value


ModelId = Annotated[str, AfterValidator(_printable)]


class BaseModelRef(Document):
    """The frozen weights that everything starts from."""

    id: Annotated[ModelId, Field(min_length=1, description="hub id, local folder, or `quickstart`")]
    revision: Annotated[str | None, Field(description="hub commit or tag; pin it, or results can change")] = None
    dtype: Literal["float32", "bfloat16", "float16"] = "float32"

    backend: Annotated[
        Literal["hf", "vllm"], Field(description="what answers: transformers in this process, or a vLLM server")
    ] = "hf"
    server: Annotated[
        str | None, Field(description="URL of a vLLM server that runs already; without it one is started")
    ] = None

    @model_validator(mode="after")
    def _served_by_vllm(self) -> BaseModelRef:
        if self.server is not None and self.backend != "vllm":
            raise ValueError("`server` is for `backend: vllm`; a model behind any other server is `endpoint`")
        return self
