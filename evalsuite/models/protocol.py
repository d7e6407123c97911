"""The protocol of models: asked for completions or log-likelihoods, with or without an adapter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol, runtime_checkable

from evalsuite.plugins import Ask
from evalsuite.records import Adapter, Completion, LogLikelihood, Prompt, Rendered, Sampling


class Model(Protocol):
    """A base model that answers as itself or through one of its adapters; results keep the order of the input."""

    @property
    def digest(self) -> str:
        """Digest of the base's weights, tokenizer, chat template and number format."""
        ...

    def generate(
        self, prompts: Sequence[Prompt], *, sampling: Sampling, adapter: Adapter | None = None
    ) -> list[Completion]:
        """One completion per prompt."""
        ...

    def choices(
        self, prompts: Sequence[Prompt], options: Sequence[Sequence[str]], *, adapter: Adapter | None = None
    ) -> list[tuple[LogLikelihood, ...]]:
        """For each prompt, the log-likelihood of each of its options as the reply."""
        ...

    def loglikelihood(self, texts: Sequence[str], *, adapter: Adapter | None = None) -> list[LogLikelihood]:
        """For each text, the log-likelihood of the whole of it, every token predicted once."""
        ...

    def render(self, prompts: Sequence[Prompt], *, adapter: Adapter | None = None) -> list[Rendered]:
        """Each prompt as the model sees it."""
        ...


@runtime_checkable
class Arriving(Protocol):
    """A model whose replies arrive one by one and in any order, each worth keeping at once.

    Batches are by the prompt's position, and come a moment after their replies; together they hold every position
    once. What arrived before an error was given out before it is raised.
    """

    def completions(
        self, prompts: Sequence[Prompt], *, sampling: Sampling, adapter: Adapter | None = None
    ) -> Iterator[Mapping[int, Completion]]:
        """The completions as they arrive."""
        ...

    def likelihoods(
        self, prompts: Sequence[Prompt], options: Sequence[Sequence[str]], *, adapter: Adapter | None = None
    ) -> Iterator[Mapping[int, tuple[LogLikelihood, ...]]]:
        """The log-likelihoods of all options of a prompt, as they arrive."""
        ...


@runtime_checkable
class Closing(Protocol):
    """A model that holds something that must be given back, such as a server's process."""

    def close(self) -> None:
        """Give it back; the model is of no use afterwards, or takes it anew."""
        ...


def way_to(model: Model) -> Ask:
    """The way to a model for whoever only puts prompts to it, such as a judge."""

    def ask(prompts: Sequence[Prompt], sampling: Sampling) -> Sequence[Completion]:
        return model.generate(prompts, sampling=sampling)

    return ask
