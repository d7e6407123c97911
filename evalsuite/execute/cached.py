"""A model that never asks twice: replies come from the reply cache, new ones go into it as they arrive."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from evalsuite.data.digest import digest
from evalsuite.models import Model
from evalsuite.records import Adapter, Completion, LogLikelihood, Prompt, Sampling, TokenChances
from evalsuite.store.replies import ReplyCache

# Small enough that a killed process loses a second or two of work, large enough to fill batches.
_CHUNK = 128


class CachedModel:
    """A model behind the reply cache; the model itself is made only when a reply is missing."""

    def __init__(
        self, digest: str, make: Callable[[], Model], *, cache: ReplyCache, progress: Callable[[int, int], None]
    ) -> None:
        self.digest = digest
        self._make = make
        self._cache = cache
        self._progress = progress

    def generate(
        self, prompts: Sequence[Prompt], *, sampling: Sampling, adapter: Adapter | None = None
    ) -> list[Completion]:
        """One completion per prompt, asked only where it is not known yet."""
        keys = [self._key("generate", prompt, asdict(sampling), adapter) for prompt in prompts]

        def ask(missing: list[int]) -> list[str]:
            asked = self._make().generate([prompts[i] for i in missing], sampling=sampling, adapter=adapter)
            return [json.dumps(asdict(completion)) for completion in asked]

        texts = [prompt.shown for prompt in prompts]
        return [_completion(value) for value in self._through(keys, texts, ask)]

    def choices(
        self, prompts: Sequence[Prompt], options: Sequence[Sequence[str]], *, adapter: Adapter | None = None
    ) -> list[tuple[LogLikelihood, ...]]:
        """The log-likelihood of every option, asked only where it is not known yet."""
        keys = [
            self._key("choices", prompt, list(given), adapter) for prompt, given in zip(prompts, options, strict=True)
        ]

        def ask(missing: list[int]) -> list[str]:
            asked = self._make().choices([prompts[i] for i in missing], [options[i] for i in missing], adapter=adapter)
            return [json.dumps([(found.value, found.tokens) for found in likelihoods]) for likelihoods in asked]

        texts = [prompt.shown for prompt in prompts]
        return [
            tuple(LogLikelihood(value, tokens) for value, tokens in json.loads(found))
            for found in self._through(keys, texts, ask)
        ]

    def _through(self, keys: list[str], texts: list[str], ask: Callable[[list[int]], list[str]]) -> list[str]:
        known = self._cache.get(keys)
        first = {key: index for index, key in reversed(list(enumerate(keys)))}
        # What prompts have in common at their start is run once, so those that begin alike are asked together.
        missing = sorted((index for key, index in first.items() if key not in known), key=lambda i: (texts[i], i))
        self._progress(len(keys) - len(missing), len(keys))
        for start in range(0, len(missing), _CHUNK):
            part = missing[start : start + _CHUNK]
            fresh = dict(zip((keys[index] for index in part), ask(part), strict=True))
            self._cache.put({key: value for key, value in fresh.items() if not _failed(value)})
            known.update(fresh)
            self._progress(len(keys) - len(missing) + start + len(part), len(keys))
        return [known[key] for key in keys]

    def _key(self, verb: str, prompt: Prompt, asked: Any, adapter: Adapter | None) -> str:
        return digest(verb, self.digest, adapter.digest if adapter else None, asdict(prompt), asked)


def _completion(kept: str) -> Completion:
    fields = json.loads(kept)
    chances = tuple(
        TokenChances(found["token"], tuple((token, value) for token, value in found["top"]))
        for found in fields.pop("chances", ())
    )
    return Completion(**fields, chances=chances)


def _failed(kept: str) -> bool:
    # A request that failed is asked again by the next run; only what was answered is an answer.
    found = json.loads(kept)
    return isinstance(found, dict) and found.get("finish") == "failed"
