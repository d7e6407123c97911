"""The endpoint backend: a model behind an OpenAI-style server, asked many calls at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import accumulate
from typing import TypeVar

from evalsuite.data.digest import digest
from evalsuite.errors import BudgetSpent, ModelError
from evalsuite.models.remote.calls import Calls, Job
from evalsuite.models.remote.meter import Meter
from evalsuite.models.remote.pace import Pace
from evalsuite.models.remote.server import Server, key_of
from evalsuite.models.remote.stream import Deliver, arriving
from evalsuite.models.remote.wire import completion_call, likelihood_call, read_completion, read_likelihood
from evalsuite.records import Adapter, Completion, LogLikelihood, Prompt, Sampling
from evalsuite.spec.endpoint import Endpoint

T = TypeVar("T")


def endpoint_digest(endpoint: Endpoint) -> str:
    """The digest that stands for the model behind an endpoint: its URL and name, for nobody can see its weights."""
    return digest("endpoint", *endpoint.identity)


class EndpointModel:
    """A served model; `meter` counts its money, `pace` keeps its limits per minute across requests."""

    def __init__(self, endpoint: Endpoint, *, meter: Meter | None = None, pace: Pace | None = None) -> None:
        self._endpoint = endpoint
        self._meter = meter or Meter()
        self._pace = pace or Pace(endpoint.requests_per_minute, endpoint.tokens_per_minute)
        self._where = f"endpoint {endpoint.endpoint} (model {endpoint.model})"

    @property
    def digest(self) -> str:
        """Digest of the server's URL and the model's name."""
        return endpoint_digest(self._endpoint)

    def generate(
        self, prompts: Sequence[Prompt], *, sampling: Sampling, adapter: Adapter | None = None
    ) -> list[Completion]:
        """One completion per prompt; one whose call failed for good is `failed` with the reason.

        Raises ModelError when no call can succeed, BudgetSpent when one more could cost too much.
        """
        return _whole(len(prompts), self.completions(prompts, sampling=sampling, adapter=adapter))

    def choices(
        self, prompts: Sequence[Prompt], options: Sequence[Sequence[str]], *, adapter: Adapter | None = None
    ) -> list[tuple[LogLikelihood, ...]]:
        """For each prompt of raw text, the log-likelihood of each option; raises ModelError for chat messages.

        The server must echo prompts with log-probabilities (`echo`, `logprobs` of completions), as vLLM does.
        """
        return _whole(len(prompts), self.likelihoods(prompts, options, adapter=adapter))

    def completions(
        self, prompts: Sequence[Prompt], *, sampling: Sampling, adapter: Adapter | None = None
    ) -> Iterator[dict[int, Completion]]:
        """The completions as they arrive, by the prompt's position."""
        self._check(adapter)
        jobs = [
            Job(
                index,
                completion_call(self._endpoint, prompt, sampling),
                read=partial(read_completion, chat=prompt.text is None),
                lost=lambda reason: Completion("", 0, 0, "failed", reason=reason),
                refused=lambda reason: Completion("", 0, 0, "refused", reason=reason),
            )
            for index, prompt in enumerate(prompts)
        ]
        return self._carried_out(jobs)

    def likelihoods(
        self, prompts: Sequence[Prompt], options: Sequence[Sequence[str]], *, adapter: Adapter | None = None
    ) -> Iterator[dict[int, tuple[LogLikelihood, ...]]]:
        """The log-likelihoods of each prompt's options, as they are complete."""
        self._check(adapter)
        if any(prompt.text is None for prompt in prompts):
            raise ModelError(
                f"{self._where}: a chat server does not tell how likely given replies are; ask this benchmark in raw "
                "text, or for a generated letter, which is a metric of its own"
            )
        places = [(at, option) for at, texts in enumerate(options) for option in texts]
        jobs = [
            Job(
                index,
                likelihood_call(self._endpoint, prompts[at].shown, option),
                read=partial(read_likelihood, option=option),
                lost=self._no_likelihood,
                refused=self._no_likelihood,
            )
            for index, (at, option) in enumerate(places)
        ]
        return _gathered(self._carried_out(jobs), [at for at, _ in places], [len(texts) for texts in options])

    def _carried_out(self, jobs: list[Job[T]]) -> Iterator[dict[int, T]]:
        if not jobs:
            return
        key_of(self._endpoint)

        async def work(deliver: Deliver[T]) -> None:
            server = Server(self._endpoint)
            try:
                calls: Calls[T] = Calls(self._endpoint, server, pace=self._pace, meter=self._meter)
                await calls.carry_out(jobs, deliver)
            finally:
                await server.close()

        arrived = 0
        try:
            for batch in arriving(work):
                arrived += len(batch)
                yield batch
        except BudgetSpent as error:
            raise BudgetSpent(
                f"{self._where}: {len(jobs) - arrived} of {len(jobs)} calls were not made: {error}; what is paid for "
                "is kept, and the same command with a higher --max-cost goes on from there"
            ) from None

    def _check(self, adapter: Adapter | None) -> None:
        if adapter is not None:
            raise ModelError(f"{self._where}: no adapter can be put on a model behind an endpoint ({adapter.name})")
        if self._meter.limit is not None and not self._endpoint.priced:
            raise ModelError(
                f"{self._where}: has no price, so that --max-cost cannot be kept; give `prompt_price` and "
                "`completion_price` (0 for a server of your own)"
            )

    def _no_likelihood(self, reason: str) -> LogLikelihood:
        raise ModelError(f"{self._where}: {reason}; log-likelihoods need a server that echoes prompts with logprobs")


def _whole(count: int, batches: Iterator[dict[int, T]]) -> list[T]:
    found: dict[int, T] = {}
    for batch in batches:
        found.update(batch)
    return [found[index] for index in range(count)]


def _gathered(
    batches: Iterator[dict[int, LogLikelihood]], prompt_of: Sequence[int], sizes: Sequence[int]
) -> Iterator[dict[int, tuple[LogLikelihood, ...]]]:
    """Options that arrive one by one, given on once a prompt has all of its own."""
    first = [0, *accumulate(sizes)]
    waiting: dict[int, dict[int, LogLikelihood]] = {}
    for batch in batches:
        complete = {}
        for index, value in batch.items():
            at = prompt_of[index]
            mine = waiting.setdefault(at, {})
            mine[index - first[at]] = value
            if len(mine) == sizes[at]:
                complete[at] = tuple(mine[place] for place in range(sizes[at]))
        if complete:
            yield complete
