"""Base or candidate as one who is asked: a model together with the adapter that it answers through."""

from __future__ import annotations

from collections.abc import Sequence

from evalsuite.models import Model
from evalsuite.models.drift import drift_of
from evalsuite.models.recite import recite_of
from evalsuite.records import Adapter, Completion, LogLikelihood, Prompt, Recited, Sampling, TextDrift


class ModelSubject:
    """A model that always answers through the same adapter, or as the base without one."""

    def __init__(self, model: Model, adapter: Adapter | None) -> None:
        self._model = model
        self._adapter = adapter

    def generate(self, prompts: Sequence[Prompt], *, sampling: Sampling) -> list[Completion]:
        """One completion per prompt."""
        return self._model.generate(prompts, sampling=sampling, adapter=self._adapter)

    def choices(self, prompts: Sequence[Prompt], options: Sequence[Sequence[str]]) -> list[tuple[LogLikelihood, ...]]:
        """For each prompt, the log-likelihood of each of its options as the reply."""
        return self._model.choices(prompts, options, adapter=self._adapter)

    def drift(self, texts: Sequence[str]) -> list[TextDrift]:
        """For each text its likelihood, and how far the predictions are from the base's."""
        return drift_of(self._model, texts, adapter=self._adapter)

    def recite(self, rows: Sequence[tuple[Prompt, str]], *, context: int, length: int) -> list[Recited | None]:
        """For each prompt and answer, what follows their first `context` tokens; None where they are too short."""
        return recite_of(self._model, rows, context=context, length=length, adapter=self._adapter)
