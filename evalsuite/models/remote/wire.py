"""Requests and replies of OpenAI-style servers as they stand on the wire."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evalsuite.models.remote.retry import Again
from evalsuite.records import Completion, LogLikelihood, Prompt, Sampling, TokenChances
from evalsuite.spec.endpoint import Endpoint

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
    tokens, prompt_tokens = used(reply) or (0, 0)
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
            if place >= start or place + len(token) > start
        ]
        return LogLikelihood(sum(inside), len(inside))
    except (AssertionError, KeyError, IndexError, TypeError, ValueError):
        raise Again("the reply has no log-probabilities of the prompt", billed=True) from None


def used(reply: Mapping[str, Any]) -> tuple[int, int] | None:
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
