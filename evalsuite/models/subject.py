"""Base or candidate as one who is asked, and the proof that an adapter makes a difference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan

from evalsuite.errors import AdapterNotApplied, ModelError
from evalsuite.models.hf.drift import drift_of, recite_of
from evalsuite.models.protocol import Model
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


# A short reply and a longer one: more tokens, more places where a small change shows.
REPLIES = ("Yes.", "I do not know, but here is what I would say about it: first, it depends on what is asked.")
TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True)
class Proof:
    """The largest change of a reply's log-likelihood that the adapter made, over so many prompts."""

    max_difference: float
    prompts: int


def applied_proof(model: Model, adapter: Adapter, prompts: Sequence[Prompt], *, tolerance: float = TOLERANCE) -> Proof:
    """How far the adapter moves the log-likelihoods of fixed replies; raises AdapterNotApplied when it does not.

    Raises ModelError when there is no prompt to ask, or when an answer is not a number.
    """
    if not prompts:
        raise ModelError(f"adapter {adapter.name!r}: no prompts to prove on that it was applied; give at least one")
    options = [REPLIES] * len(prompts)
    base = model.choices(prompts, options)
    adapted = model.choices(prompts, options, adapter=adapter)
    differences = [
        abs(one.value - other.value)
        for without, through in zip(base, adapted, strict=True)
        for one, other in zip(without, through, strict=True)
    ]
    if any(isnan(difference) for difference in differences):
        raise ModelError(f"adapter {adapter.name!r}: its log-likelihoods are not numbers; try another dtype")
    largest = max(differences)
    if largest <= tolerance:
        raise AdapterNotApplied(
            f"adapter {adapter.name!r} ({adapter.path}) changes nothing: the log-likelihoods of {len(REPLIES)} fixed "
            f"replies to {len(prompts)} prompts, with it and without it, differ by {largest:.1g} at most; check that "
            "training saved it and that it names the right modules, or set `allow_no_effect: true` if that is intended"
        )
    return Proof(largest, len(prompts))
