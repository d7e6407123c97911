"""A model that never asks twice: replies come from the reply cache, new ones go into it as they arrive."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from typing import Any, TypeVar

from evalsuite.data.digest import digest
from evalsuite.models.hf.drift import drift_of, recite_of
from evalsuite.models.protocol import Arriving, Model
from evalsuite.records import (
    Adapter,
    Completion,
    LogLikelihood,
    Prompt,
    Recited,
    Rendered,
    Sampling,
    TextDrift,
    TokenChances,
)
from evalsuite.store.replies import ReplyCache

# Small enough that a killed process loses a second or two of work, large enough to fill batches.
_CHUNK = 128

T = TypeVar("T")


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
        """One completion per prompt, asked only where it is not known yet; those that were known are `cached`."""
        keys = [self._key("generate", prompt, asdict(sampling), adapter) for prompt in prompts]

        def ask(missing: list[int]) -> Iterator[Mapping[int, Completion]]:
            model, wanted = self._make(), [prompts[i] for i in missing]
            if isinstance(model, Arriving):
                return model.completions(wanted, sampling=sampling, adapter=adapter)
            return _chunks(
                len(wanted),
                lambda part: _timed(partial(model.generate, wanted[part], sampling=sampling, adapter=adapter)),
            )

        texts = [prompt.shown for prompt in prompts]
        asked: set[int] = set()

        def ask_written(missing: list[int]) -> Iterator[dict[int, str]]:
            asked.update(missing)
            return _written(ask(missing), _kept)

        found = self._through(keys, texts, ask_written)
        return [_completion(value, cached=place not in asked) for place, value in enumerate(found)]

    def choices(
        self, prompts: Sequence[Prompt], options: Sequence[Sequence[str]], *, adapter: Adapter | None = None
    ) -> list[tuple[LogLikelihood, ...]]:
        """The log-likelihood of every option, asked only where it is not known yet."""
        keys = [
            self._key("choices", prompt, list(given), adapter) for prompt, given in zip(prompts, options, strict=True)
        ]

        def ask(missing: list[int]) -> Iterator[Mapping[int, tuple[LogLikelihood, ...]]]:
            model, wanted, among = self._make(), [prompts[i] for i in missing], [options[i] for i in missing]
            if isinstance(model, Arriving):
                return model.likelihoods(wanted, among, adapter=adapter)
            return _chunks(len(wanted), lambda part: model.choices(wanted[part], among[part], adapter=adapter))

        def ask_written(missing: list[int]) -> Iterator[dict[int, str]]:
            return _written(ask(missing), lambda likelihoods: [(found.value, found.tokens) for found in likelihoods])

        texts = [prompt.shown for prompt in prompts]
        return [
            tuple(LogLikelihood(value, tokens) for value, tokens in json.loads(found))
            for found in self._through(keys, texts, ask_written)
        ]

    def loglikelihood(self, texts: Sequence[str], *, adapter: Adapter | None = None) -> list[LogLikelihood]:
        """The log-likelihood of every text, asked only where it is not known yet."""
        keys = [self._key("loglikelihood", Prompt.raw(text), None, adapter) for text in texts]

        def ask(missing: list[int]) -> Iterator[dict[int, str]]:
            model, wanted = self._make(), [texts[i] for i in missing]
            found = _chunks(len(wanted), lambda part: model.loglikelihood(wanted[part], adapter=adapter))
            return _written(found, lambda likelihood: (likelihood.value, likelihood.tokens))

        return [LogLikelihood(*json.loads(kept)) for kept in self._through(keys, list(texts), ask)]

    def render(self, prompts: Sequence[Prompt], *, adapter: Adapter | None = None) -> list[Rendered]:
        """Each prompt as the model sees it; nothing is asked, so nothing is kept."""
        return self._make().render(prompts, adapter=adapter)

    def drift(self, texts: Sequence[str], *, adapter: Adapter | None = None) -> list[TextDrift]:
        """The likelihood and divergence of every text, asked only where they are not known yet."""
        keys = [self._key("drift", Prompt.raw(text), None, adapter) for text in texts]

        def ask(missing: list[int]) -> Iterator[dict[int, str]]:
            wanted = [texts[i] for i in missing]
            return _written(
                _chunks(len(wanted), lambda part: drift_of(self._make(), wanted[part], adapter=adapter)), asdict
            )

        return [TextDrift(**json.loads(found)) for found in self._through(keys, list(texts), ask)]

    def recite(
        self, rows: Sequence[tuple[Prompt, str]], *, context: int, length: int, adapter: Adapter | None = None
    ) -> list[Recited | None]:
        """What follows the first tokens of every row, asked only where it is not known yet."""
        keys = [self._key("recite", prompt, [answer, context, length], adapter) for prompt, answer in rows]

        def some(part: Sequence[tuple[Prompt, str]]) -> list[Recited | None]:
            return recite_of(self._make(), part, context=context, length=length, adapter=adapter)

        def ask(missing: list[int]) -> Iterator[dict[int, str]]:
            wanted = [rows[i] for i in missing]
            return _written(
                _chunks(len(wanted), lambda part: some(wanted[part])), lambda found: found and asdict(found)
            )

        kept = self._through(keys, [prompt.shown + answer for prompt, answer in rows], ask)
        return [_recited(json.loads(found)) for found in kept]

    def _through(
        self, keys: list[str], texts: list[str], ask: Callable[[list[int]], Iterator[dict[int, str]]]
    ) -> list[str]:
        known = self._cache.get(keys)
        first = {key: index for index, key in reversed(list(enumerate(keys)))}
        # What prompts have in common at their start is run once, so those that begin alike are asked together.
        missing = sorted((index for key, index in first.items() if key not in known), key=lambda i: (texts[i], i))
        there = len(keys) - len(missing)
        self._progress(there, len(keys))
        for batch in ask(missing) if missing else ():
            fresh = {keys[missing[place]]: value for place, value in batch.items()}
            self._cache.put({key: value for key, value in fresh.items() if not _failed(value)})
            known.update(fresh)
            there += len(fresh)
            self._progress(there, len(keys))
        return [known[key] for key in keys]

    def _key(self, verb: str, prompt: Prompt, asked: Any, adapter: Adapter | None) -> str:
        return digest(verb, self.digest, adapter.digest if adapter else None, asdict(prompt), asked)


def _chunks(count: int, ask: Callable[[slice], Sequence[T]]) -> Iterator[dict[int, T]]:
    for start in range(0, count, _CHUNK):
        yield dict(enumerate(ask(slice(start, start + _CHUNK)), start))


def _written(batches: Iterator[Mapping[int, T]], plain: Callable[[T], Any]) -> Iterator[dict[int, str]]:
    for batch in batches:
        yield {place: json.dumps(plain(answer)) for place, answer in batch.items()}


def _kept(completion: Completion) -> dict[str, Any]:
    # Where an answer came from is no part of it.
    return {name: value for name, value in asdict(completion).items() if name != "cached"}


def _completion(kept: str, *, cached: bool) -> Completion:
    fields = json.loads(kept)
    chances = tuple(
        TokenChances(found["token"], tuple((token, value) for token, value in found["top"]))
        for found in fields.pop("chances", ())
    )
    return Completion(**fields, chances=chances, cached=cached)


def _timed(ask: Callable[[], list[Completion]]) -> list[Completion]:
    """Completions that were made together, each with its share of the time they took."""
    started = time.monotonic()
    found = ask()
    share = (time.monotonic() - started) / max(1, len(found))
    return [c if c.seconds is not None or c.finish == "failed" else replace(c, seconds=share) for c in found]


def _recited(kept: dict[str, Any] | None) -> Recited | None:
    return None if kept is None else Recited(tuple(kept["said"]), tuple(kept["truth"]), kept["text"])


def _failed(kept: str) -> bool:
    # A request that failed is asked again by the next run; only what was answered is an answer.
    found = json.loads(kept)
    return isinstance(found, dict) and found.get("finish") == "failed"
