"""A model whose adapters may be contexts: those change the prompt, all others go on to the model."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from evalsuite.models.checkpoints.adapter import adapter_digest
from evalsuite.models.checkpoints.context import shown_with, weights_beside
from evalsuite.models.hf.drift import drift_of, recite_of
from evalsuite.models.protocol import Model
from evalsuite.records import Adapter, Completion, LogLikelihood, Prompt, Recited, Rendered, Sampling, TextDrift


class InContextModel:
    """Asks the model behind it: with a context a longer prompt, through the context's own adapter where it has one."""

    def __init__(self, model: Model) -> None:
        self._model = model

    @property
    def digest(self) -> str:
        """The digest of the model behind it."""
        return self._model.digest

    def generate(
        self, prompts: Sequence[Prompt], *, sampling: Sampling, adapter: Adapter | None = None
    ) -> list[Completion]:
        """One completion per prompt."""
        longer = shown_with(prompts, adapter.path) if adapter is not None else None
        if longer is not None:
            return self._model.generate(longer, sampling=sampling, adapter=_inside(adapter))
        return self._model.generate(prompts, sampling=sampling, adapter=adapter)

    def choices(
        self, prompts: Sequence[Prompt], options: Sequence[Sequence[str]], *, adapter: Adapter | None = None
    ) -> list[tuple[LogLikelihood, ...]]:
        """For each prompt, the log-likelihood of each of its options as the reply."""
        longer = shown_with(prompts, adapter.path) if adapter is not None else None
        if longer is not None:
            return self._model.choices(longer, options, adapter=_inside(adapter))
        return self._model.choices(prompts, options, adapter=adapter)

    def loglikelihood(self, texts: Sequence[str], *, adapter: Adapter | None = None) -> list[LogLikelihood]:
        """The log-likelihood of each whole text; raises ModelError with a context, which has no place."""
        if adapter is not None:
            shown_with([Prompt.raw(text) for text in texts], adapter.path)
        return self._model.loglikelihood(texts, adapter=adapter)

    def render(self, prompts: Sequence[Prompt], *, adapter: Adapter | None = None) -> list[Rendered]:
        """Each prompt as the model sees it, with the context that is put before it."""
        longer = shown_with(prompts, adapter.path) if adapter is not None else None
        if longer is not None:
            return self._model.render(longer, adapter=_inside(adapter))
        return self._model.render(prompts, adapter=adapter)

    def drift(self, texts: Sequence[str], *, adapter: Adapter | None = None) -> list[TextDrift]:
        """For each text its likelihood and divergence; a context stands before questions only, so it changes none."""
        return drift_of(self._model, texts, adapter=_weights(adapter))

    def recite(
        self, rows: Sequence[tuple[Prompt, str]], *, context: int, length: int, adapter: Adapter | None = None
    ) -> list[Recited | None]:
        """What follows the first tokens of each row; as for `drift`, a context changes nothing."""
        return recite_of(self._model, rows, context=context, length=length, adapter=_weights(adapter))


def _inside(context: Adapter | None) -> Adapter | None:
    weights = None if context is None else weights_beside(context.path)
    return None if context is None or weights is None else _digested(context.name, weights)


@lru_cache(maxsize=32)
def _digested(name: str, weights: Path) -> Adapter:
    return Adapter(name, weights, adapter_digest(weights))


def _weights(adapter: Adapter | None) -> Adapter | None:
    """The adapter itself, or the weights behind a context."""
    return adapter if adapter is None or shown_with((), adapter.path) is None else _inside(adapter)
