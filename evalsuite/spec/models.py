"""Models as documents name them: a base, or an endpoint with its price and pace."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Protocol, cast
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from evalsuite.spec.document import Document, OneOf


def _printable(value: str) -> str:
    if not value.isprintable():
        raise ValueError("a model id has printable characters only")
    return value


ModelId = Annotated[str, AfterValidator(_printable)]


class ModelDocument(Protocol):
    """What `base_model` says: which backend answers, and what can be known of it before a model is looked for.

    How the model is then found, `models.checkpoints.base.Backend` says.
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


_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PATHS = ("/completions", "/responses", "/models")
_OURS = ("model", "messages", "prompt", "n", "best_of", "stream", "echo", "stop", "response_format", "logprobs")
_MILLION = 1_000_000


class Endpoint(Document):
    """Where a model is served, and within which bounds it is asked; a key is only ever named, never written."""

    endpoint: Annotated[str, Field(min_length=1, description="base URL, for instance https://api.openai.com/v1")]
    model: Annotated[str, Field(min_length=1, description="the model's name on that server")]
    reported_model: Annotated[
        str | None,
        Field(description="the name that replies must carry, such as a dated version; others are refused"),
    ] = None
    api_key_env: Annotated[
        str | None, Field(description="name of the environment variable with the key; never the key itself")
    ] = None
    prompt_price: Annotated[float | None, Field(ge=0, description="money for a million prompt tokens")] = None
    completion_price: Annotated[float | None, Field(ge=0, description="money for a million completion tokens")] = None
    requests_per_minute: Annotated[int | None, Field(ge=1)] = None
    tokens_per_minute: Annotated[int | None, Field(ge=1)] = None
    max_in_flight: Annotated[int, Field(ge=1, le=1024, description="calls that wait for an answer at once")] = 64
    timeout: Annotated[float, Field(gt=0, description="seconds for one attempt of one call")] = 60.0
    max_attempts: Annotated[int, Field(ge=1, le=100, description="attempts of one call before it counts as failed")] = 6
    limit_field: Annotated[
        Literal["max_tokens", "max_completion_tokens"],
        Field(description="what the server calls the longest reply; reasoning models want max_completion_tokens"),
    ] = "max_tokens"
    parameters: Annotated[
        dict[str, Any],
        Field(
            default_factory=dict,
            description="more fields of every request, such as reasoning_effort; null leaves a field out",
        ),
    ]

    @property
    def id(self) -> str:
        """The model and its server in one word, as tables and messages show it."""
        return f"{self.model}@{urlsplit(self.endpoint).netloc}"

    @property
    def identity(self) -> tuple[Any, ...]:
        """All that decides what is answered, for digests: prices, limits and the key's name have no part in it."""
        return self.endpoint.rstrip("/"), self.model, self.reported_model, self.parameters

    @property
    def priced(self) -> bool:
        """Whether money can be counted; a server of one's own has the prices 0."""
        return self.prompt_price is not None and self.completion_price is not None

    def money(self, prompt_tokens: int, completion_tokens: int) -> float:
        """The price of so many tokens; a price that is not given counts as 0."""
        prompt, completion = self.prompt_price or 0.0, self.completion_price or 0.0
        return (prompt_tokens * prompt + completion_tokens * completion) / _MILLION

    # One check of the whole: a problem of a single field is shown with its value, which may be a key.
    @model_validator(mode="after")
    def _sound(self) -> Endpoint:
        _check_url(self.endpoint)
        if self.api_key_env is not None and not _VARIABLE.fullmatch(self.api_key_env):
            raise ValueError("api_key_env is the name of an environment variable, such as OPENAI_API_KEY, not a key")
        if (self.prompt_price is None) != (self.completion_price is None):
            raise ValueError("has one price only; give both `prompt_price` and `completion_price`")
        ours = [key for key in self.parameters if key in _OURS]
        if ours:
            raise ValueError(f"parameters must leave {', '.join(ours)} alone; evalsuite sets that itself")
        return self


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        raise ValueError("endpoint is no URL; write it like https://api.openai.com/v1") from None
    if not sound or not url.isprintable() or " " in url:
        raise ValueError("endpoint is no URL; write it like https://api.openai.com/v1")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("endpoint must hold no password and no query; name the key's variable as `api_key_env`")
    if parts.path.rstrip("/").endswith(_PATHS):
        raise ValueError("endpoint is the base URL, without /chat/completions at its end")
