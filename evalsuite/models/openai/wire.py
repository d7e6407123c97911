"""Requests and replies of OpenAI-style servers as they stand on the wire, and which troubles may heal."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from evalsuite.records import Completion, LogLikelihood, Prompt, Sampling, TokenChances
from evalsuite.spec.models import Endpoint

_FIRST = 0.5
_LONGEST = 30.0


class Again(Exception):
    """An attempt went wrong in a way that may heal.

    `asked` is the pause in seconds that the server asks for; `billed` says that the attempt may have cost money.
    """

    def __init__(self, reason: str, *, asked: float | None = None, billed: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.asked, self.billed = reason, asked, billed


class Unreachable(Again):
    """No connection could be made."""


class Refused(Exception):
    """The server's content filter declined the prompt."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def pause(attempt: int, asked: float | None, draw: random.Random) -> float:
    """Seconds to wait after attempt 1, 2, ...: exponential with full jitter, and never less than the server asks.

    Full jitter as in M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
    """
    if asked is not None:
        # Those who were turned away together must not come back together.
        return asked + draw.uniform(0.0, _FIRST)
    return draw.uniform(0.0, min(_LONGEST, _FIRST * 2.0 ** (attempt - 1)))


def asked_pause(headers: Mapping[str, str], *, now: datetime | None = None) -> float | None:
    """The pause in seconds that a reply's headers ask for (`retry-after-ms`, `Retry-After` as seconds or date)."""
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    value = headers.get("retry-after")
    seconds = _number(value)
    if seconds is not None or value is None:
        return seconds
    try:
        date = parsedate_to_datetime(value)
    except ValueError:
        return None
    moment = date if date.tzinfo else date.replace(tzinfo=UTC)
    return max(0.0, (moment - (now or datetime.now(UTC))).total_seconds())


def _number(text: str | None) -> float | None:
    try:
        value = float(text) if text is not None else None
    except ValueError:
        return None
    # NaN and infinity are written as numbers too.
    return value if value is not None and 0 <= value < 1e9 else None


Body = dict[str, Any]

# What a server adds around messages, and its rule of thumb for the size of a text.
_PER_MESSAGE, _PER_CALL, _BYTES_PER_TOKEN = 8, 16, 4


@dataclass(frozen=True, slots=True)
class Call:
    """One request: what is sent where, and the most tokens that its prompt and its reply can have."""

    path: str
    body: Body
    most_prompt_tokens: int
    most_reply_tokens: int

    @property
    def likely_tokens(self) -> int:
        """What a server counts against a limit per minute when the call comes in."""
        return self.most_prompt_tokens // _BYTES_PER_TOKEN + self.most_reply_tokens


def completion_call(endpoint: Endpoint, prompt: Prompt, sampling: Sampling) -> Call:
    """The request for one completion: of messages by chat completions, of raw text by completions."""
    body: Body = {endpoint.limit_field: sampling.max_tokens, "temperature": sampling.temperature}
    if sampling.temperature > 0:
        body["seed"] = sampling.seed
    if sampling.stop:
        body["stop"] = list(sampling.stop)
    if sampling.response_schema is not None:
        schema = {"name": "reply", "strict": True, "schema": json.loads(sampling.response_schema)}
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    if prompt.text is not None:
        body |= {"prompt": prompt.text} | ({"logprobs": sampling.top_logprobs} if sampling.top_logprobs else {})
        return _call(endpoint, "/completions", body, sampling.max_tokens)
    body["messages"] = [{"role": message.role, "content": message.content} for message in prompt.messages]
    if sampling.top_logprobs:
        body |= {"logprobs": True, "top_logprobs": sampling.top_logprobs}
    return _call(endpoint, "/chat/completions", body, sampling.max_tokens)


def likelihood_call(endpoint: Endpoint, context: str, option: str) -> Call:
    """The request for the log-probabilities of a text's own tokens: nothing is generated, the prompt is echoed."""
    body = {"prompt": context + option, "max_tokens": 0, "temperature": 0.0, "echo": True, "logprobs": 1}
    return _call(endpoint, "/completions", body, 0)


def read_completion(reply: Mapping[str, Any], *, chat: bool) -> Completion:
    """The completion in a reply; raises Again when the reply has not the shape of one."""
    choice = _first(reply)
    message = choice.get("message") if chat else {"content": choice.get("text")}
    if not isinstance(message, Mapping):
        raise Again("the reply has no message", billed=True)
    text, refusal = message.get("content"), message.get("refusal")
    if not isinstance(text, str | None) or (text is None and not chat):
        raise Again("the reply's message is no text", billed=True)
    tokens, prompt_tokens = tokens_used(reply) or (0, 0)
    if refusal or choice.get("finish_reason") == "content_filter":
        reason = str(refusal) if refusal else "the server's content filter"
        return Completion(text or "", tokens, prompt_tokens, "refused", reason=reason)
    finish = "length" if choice.get("finish_reason") == "length" else "stop"
    chances = _chat_chances(choice) if chat else _text_chances(choice)
    return Completion(text or "", tokens, prompt_tokens, "length" if finish == "length" else "stop", chances=chances)


def read_likelihood(reply: Mapping[str, Any], option: str) -> LogLikelihood:
    """The log-likelihood of the option at the end of an echoed text; raises Again when the reply has another shape.

    A token that reaches over from the context belongs to the option, as lm-evaluation-harness has it.
    """
    found = _first(reply).get("logprobs")
    try:
        assert isinstance(found, Mapping)
        tokens, values, places = (found[key] for key in ("tokens", "token_logprobs", "text_offset"))
        # Counted from the end: servers differ in whether a start token takes up room at the beginning.
        start = places[-1] + len(tokens[-1]) - len(option)
        inside = [
            float(value)
            for token, value, place in zip(tokens, values, places, strict=True)
            # Nothing precedes the very first token, so that no server says how likely it is.
            if value is not None and (place >= start or place + len(token) > start)
        ]
        return LogLikelihood(sum(inside), len(inside))
    except (AssertionError, KeyError, IndexError, TypeError, ValueError):
        raise Again("the reply has no log-probabilities of the prompt", billed=True) from None


def tokens_used(reply: Mapping[str, Any]) -> tuple[int, int] | None:
    """Completion and prompt tokens as the server counted them, or None where it does not say."""
    usage = reply.get("usage")
    if not isinstance(usage, Mapping):
        return None
    tokens, prompt_tokens = usage.get("completion_tokens", 0), usage.get("prompt_tokens")
    if not isinstance(tokens, int) or not isinstance(prompt_tokens, int) or min(tokens, prompt_tokens) < 0:
        return None
    return tokens, prompt_tokens


def _call(endpoint: Endpoint, path: str, body: Body, most_reply_tokens: int) -> Call:
    whole = {"model": endpoint.model, **body, **endpoint.parameters}
    whole = {key: value for key, value in whole.items() if value is not None}
    # A token is at least one byte of text, so that bytes are a bound that no tokenizer passes.
    shown = [whole.get(key) for key in ("prompt", "messages", "response_format")]
    bytes_ = sum(len(json.dumps(part, ensure_ascii=False).encode()) for part in shown if part is not None)
    most_prompt_tokens = bytes_ + _PER_MESSAGE * len(whole.get("messages") or ()) + _PER_CALL
    given = (endpoint.parameters.get(key) for key in ("max_tokens", "max_completion_tokens"))
    return Call(path, whole, most_prompt_tokens, max([most_reply_tokens, *(n for n in given if isinstance(n, int))]))


def _first(reply: Mapping[str, Any]) -> Mapping[str, Any]:
    choices = reply.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], Mapping):
        raise Again("the reply has no choices", billed=True)
    return choices[0]


def _chat_chances(choice: Mapping[str, Any]) -> tuple[TokenChances, ...]:
    try:
        return tuple(
            TokenChances(at["token"], tuple((top["token"], float(top["logprob"])) for top in at["top_logprobs"]))
            for at in (choice.get("logprobs") or {}).get("content") or ()
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        raise Again("the reply's log-probabilities are malformed", billed=True) from None


def _text_chances(choice: Mapping[str, Any]) -> tuple[TokenChances, ...]:
    found = choice.get("logprobs") or {}
    try:
        pairs = zip(found.get("tokens") or (), found.get("top_logprobs") or (), strict=False)
        return tuple(TokenChances(token, tuple((t, float(v)) for t, v in top.items())) for token, top in pairs)
    except (AttributeError, TypeError, ValueError):
        raise Again("the reply's log-probabilities are malformed", billed=True) from None
