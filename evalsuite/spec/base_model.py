"""A base model as a document names it; the backends are plug-ins of the group `evalsuite.models`."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Protocol, cast

from pydantic import AfterValidator, Field

from evalsuite.spec.document import Document, OneOf


def _printable(value: str) -> str:
    if not value.isprintable():
        raise ValueError("a model id has printable characters only")
    return value


ModelId = Annotated[str, AfterValidator(_printable)]


class ModelDocument(Protocol):
    """What `base_model` says: which backend answers, and what can be known of it before a model is looked for.

    How the model is then found, `models.base.Backend` says.
    """

    @property
    def backend(self) -> str:
        """The backend's name, which is its file's."""
        ...

    @property
    def id(self) -> str:
        """The model in one word, as tables and messages show it."""
        ...

    @property
    def adapts(self) -> bool:
        """Whether adapters can be trained for it and put on it: it has weights on this disk."""
        ...

    @property
    def tells_likelihood(self) -> bool:
        """Whether it tells how likely a given reply is; where it does not, options are asked for by letter."""
        ...

    def money(self, prompt_tokens: int, completion_tokens: int) -> float:
        """The price of so many tokens in dollars."""
        ...


class BaseModelRef(Document):
    """Frozen weights on this disk or on the hub, whatever answers with them."""

    id: Annotated[ModelId, Field(min_length=1, description="hub id, local folder, or `quickstart`")]
    revision: Annotated[str | None, Field(description="hub commit or tag; pin it, or results can change")] = None
    dtype: Literal["float32", "bfloat16", "float16"] = "float32"

    @property
    def adapts(self) -> bool:
        """Always: the weights are there."""
        return True

    @property
    def tells_likelihood(self) -> bool:
        """Always."""
        return True

    def money(self, prompt_tokens: int, completion_tokens: int) -> float:
        """Nothing: the machine is one's own."""
        return 0.0


def backend(value: Any) -> str:
    """The backend of a `base_model`, written or read already; by its keys `endpoint` or `hf` where it is left out."""
    if isinstance(value, dict):
        return str(value.get("backend", "endpoint" if "endpoint" in value else "hf"))
    return cast(ModelDocument, value).backend if isinstance(value, Document) else "hf"


AnyModel = Annotated[ModelDocument, OneOf("models", by=backend)]
