"""One server through the openai client: a call's bytes, or what went wrong in our words."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from typing import Any

from evalsuite.errors import ModelError
from evalsuite.models.openai.wire import Again, Call, Refused, Unreachable, asked_pause
from evalsuite.spec.models import Endpoint

_HEALS = (408, 409, 425, 429)
# Nobody waits longer for a server that turned a call away; an hour means that a quota is used up.
_LONGEST_PAUSE = 300.0


class Server:
    """A connection pool to an endpoint, for one event loop."""

    def __init__(self, endpoint: Endpoint) -> None:
        import openai

        self._endpoint = endpoint
        self._key = key_of(endpoint)
        self._openai = openai
        # The client would take keys and organisations of other servers out of the environment, wait 600 seconds
        # for each attempt, and try again by itself.
        unset: dict[str, Any] = {"OpenAI-Organization": openai.Omit(), "OpenAI-Project": openai.Omit()}
        if self._key is None:
            unset["Authorization"] = openai.Omit()
        self._options: Any = {"headers": unset}
        self._client = openai.AsyncOpenAI(
            api_key=self._key or "none",
            base_url=endpoint.endpoint,
            timeout=endpoint.timeout,
            max_retries=0,
            http_client=openai.DefaultAioHttpClient(timeout=endpoint.timeout),
        )

    @property
    def where(self) -> str:
        """The endpoint as messages name it."""
        return f"endpoint {self._endpoint.endpoint} (model {self._endpoint.model})"

    async def ask(self, call: Call) -> bytes:
        """The body of the answer.

        Raises Again where another attempt may help, Refused where the prompt was filtered, ModelError where no call
        like this one can succeed.
        """
        try:
            # The client's own timeout counts from byte to byte; a server that trickles would never end.
            async with asyncio.timeout(self._endpoint.timeout):
                return await self._client.post(call.path, cast_to=bytes, body=call.body, options=self._options)
        except TimeoutError:
            raise self._too_late() from None
        except self._openai.APIStatusError as error:
            raise self._status(error) from None
        except self._openai.APIConnectionError as error:
            raise self._connection(error) from None

    def check(self, reply: Mapping[str, Any]) -> None:
        """Make sure that the model that was wanted has answered; raises ModelError."""
        wanted, reported = self._endpoint.reported_model, reply.get("model")
        if wanted is not None and reported != wanted:
            raise ModelError(f"{self.where}: {reported!r} has answered, `reported_model` wants {wanted!r}")

    async def close(self) -> None:
        """Close all connections."""
        await self._client.close()

    def _status(self, error: Any) -> Exception:
        status, headers = error.status_code, error.response.headers
        body = error.body if isinstance(error.body, Mapping) else {}
        said = self._clean(str(body.get("message") or error.message))
        if status == 429 and body.get("code") == "insufficient_quota":
            return ModelError(f"{self.where}: the account's quota is used up ({said}); raise it, then run again")
        if status in _HEALS or status >= 500:
            asked = asked_pause(headers)
            if asked is not None and asked > _LONGEST_PAUSE:
                return ModelError(f"{self.where}: wants to be left alone for {asked:.0f} s ({said}); run again then")
            return Again(f"status {status} ({said})", asked=asked)
        if body.get("code") == "content_filter":
            return Refused(said)
        return ModelError(f"{self.where}: {self._advice(status)} (status {status}: {said})")

    def _advice(self, status: int) -> str:
        variable = self._endpoint.api_key_env
        if status in (401, 403) and variable is None:
            return "wants a key; name the environment variable that holds it as `api_key_env`"
        if status in (401, 403):
            return f"does not accept the key in {variable}; check it and what it may be used for"
        if status == 404:
            return "is not there; check `endpoint` (often it ends with /v1) and `model`"
        return "does not accept the request; change what it names, or `parameters`"

    def _connection(self, error: Exception) -> Again:
        import aiohttp

        # The client calls every lost connection a timeout; what it was is told by the first cause.
        first: BaseException = error
        while first.__cause__ is not None and not isinstance(first, aiohttp.ClientError):
            first = first.__cause__
        why = self._clean(str(first) or type(first).__name__)
        if isinstance(first, aiohttp.ClientConnectorError):
            return Unreachable(f"no connection ({why})")
        if isinstance(first, TimeoutError):
            return self._too_late()
        return Again(f"the connection broke off ({why})", billed=True)

    def _too_late(self) -> Again:
        return Again(f"no answer within {self._endpoint.timeout:g} s", billed=True)

    def _clean(self, text: str) -> str:
        """What a server says in one short line, without the key."""
        words = " ".join(text.split())
        words = words.replace(self._key, "***") if self._key else words
        return words if len(words) <= 200 else f"{words[:197]}..."


def key_of(endpoint: Endpoint) -> str | None:
    """The key out of the environment; raises ModelError when the variable that should hold it is empty."""
    if endpoint.api_key_env is None:
        return None
    key = os.environ.get(endpoint.api_key_env, "").strip()
    if not key:
        raise ModelError(
            f"endpoint {endpoint.endpoint} (model {endpoint.model}): the environment variable {endpoint.api_key_env} "
            "with its key is not set; set it and run again"
        )
    return key
