"""Requests to vLLM by token ids, and what its replies say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from evalsuite.models.openai.wire import Again, Call, read_completion
from evalsuite.records import Completion, LogLikelihood, Sampling

Ids = Sequence[int]


def completion_call(model: str, prompt: Ids, sampling: Sampling, *, ends: Iterable[int], seed: int) -> Call:
    """The request for one completion of a prompt given in tokens."""
    body: dict[str, Any] = {
        "model": model,
        "prompt": list(prompt),
        "max_tokens": sampling.max_tokens,
        "temperature": sampling.temperature,
        "stop": list(sampling.stop),
        "stop_token_ids": sorted(ends),
    }
    if sampling.temperature > 0:
        body["seed"] = seed
    if sampling.top_logprobs:
        body["logprobs"] = sampling.top_logprobs
    if sampling.response_schema is not None:
        import json

        schema = {"name": "reply", "schema": json.loads(sampling.response_schema)}
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    return Call("/completions", body, len(prompt), sampling.max_tokens)


def read_text(reply: Mapping[str, Any]) -> Completion:
    """The completion in a reply."""
    return read_completion(reply, chat=False)


def letters_call(model: str, context: Ids, letters: Ids) -> Call:
    """The request for the chances of single tokens after a context; its prefix cache serves contexts alike."""
    body = {
        "model": model, "prompt": list(context), "max_tokens": 1, "temperature": 0.0,
        "logprobs": 1, "logprob_token_ids": list(letters), "return_tokens_as_token_ids": True,
    }  # fmt: skip
    return Call("/completions", body, len(context), 1)


def read_letters(reply: Mapping[str, Any], letters: Ids) -> tuple[LogLikelihood, ...]:
    """The log-likelihood of each single token; raises Again when one of them is not in the reply."""
    try:
        found = reply["choices"][0]["logprobs"]["top_logprobs"][0]
        return tuple(LogLikelihood(float(found[f"token_id:{token}"]), 1) for token in letters)
    except (KeyError, IndexError, TypeError):
        raise Again("the reply lacks the chances of the options") from None


def likelihood_call(model: str, context: Ids, option: Ids) -> Call:
    """The request for the log-probabilities of an option's tokens after a context."""
    body = {
        "model": model, "prompt": [*context, *option], "max_tokens": 1, "temperature": 0.0, "prompt_logprobs": 0,
    }  # fmt: skip
    return Call("/completions", body, len(context) + len(option), 1)


def read_likelihood(reply: Mapping[str, Any], option: Ids) -> LogLikelihood:
    """The summed log-probability of the option's tokens at the end of the prompt; raises Again for another shape."""
    try:
        places = reply["choices"][0]["prompt_logprobs"][-len(option) :]
        values = [float(place[str(token)]["logprob"]) for place, token in zip(places, option, strict=True)]
    except (KeyError, IndexError, TypeError, ValueError):
        raise Again("the reply lacks the log-probabilities of the prompt") from None
    return LogLikelihood(sum(values), len(values))
