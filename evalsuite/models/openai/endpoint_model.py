"""The endpoint backend: a model behind an OpenAI-style server, asked many calls at a time."""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import partial
from itertools import accumulate
from typing import Generic, TypeVar

from evalsuite.data.digest import digest
from evalsuite.errors import BudgetSpent, ModelError
from evalsuite.models.openai.calls import Calls, Job, Meter, Pace
from evalsuite.models.openai.server import Server, key_of
from evalsuite.models.openai.wire import completion_call, likelihood_call, read_completion, read_likelihood
from evalsuite.records import Adapter, Completion, LogLikelihood, Prompt, Rendered, Sampling
from evalsuite.spec.models import Endpoint

T = TypeVar("T")
Deliver = Callable[[int, T], None]

# How long something that has arrived waits for company.
_EVERY = 0.25


def arriving(work: Callable[[Deliver[T]], Awaitable[None]], *, every: float = _EVERY) -> Iterator[dict[int, T]]:
    """What the work delivers, by index, in batches at most `every` seconds after it came; raises what the work raises.

    Leaving the iterator early cancels the work.
    """
    side = _Side(work)
    side.start()
    try:
        while batch := side.batch(every):
            yield batch
    finally:
        side.stop()
    if side.error is not None:
        raise side.error


class _Side(threading.Thread, Generic[T]):
    """The thread with the loop; a loop of its own works where the caller already has one, as in a notebook."""

    def __init__(self, work: Callable[[Deliver[T]], Awaitable[None]]) -> None:
        super().__init__(name="evalsuite-endpoint", daemon=True)
        self._work = work
        self._inbox: queue.SimpleQueue[tuple[int, T] | None] = queue.SimpleQueue()
        self._loop = asyncio.new_event_loop()
        self._task: asyncio.Task[None] | None = None
        self._ended = False
        self.error: BaseException | None = None

    def run(self) -> None:
        """Work until it is done, then say so."""
        try:
            with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
                runner.run(self._whole())
        except asyncio.CancelledError:
            pass
        except BaseException as error:
            self.error = error
        finally:
            self._inbox.put(None)

    async def _whole(self) -> None:
        self._task = asyncio.current_task()
        await self._work(lambda index, value: self._inbox.put((index, value)))

    def batch(self, every: float) -> dict[int, T]:
        """What arrives until `every` seconds have passed, at least one; empty when the work is done."""
        found: dict[int, T] = {}
        until = time.monotonic() + every
        while not self._ended:
            try:
                # Nobody waits for ever: a person's Ctrl-C must come through.
                item = self._inbox.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                if found:
                    return found
                until = time.monotonic() + every
                continue
            if item is None:
                self._ended = True
            else:
                found[item[0]] = item[1]
        return found

    def stop(self) -> None:
        """Cancel what still runs, and wait for its end."""
        if self.is_alive() and not self._ended and self._task is not None:
            self._loop.call_soon_threadsafe(self._task.cancel)
        self.join()


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

    def loglikelihood(self, texts: Sequence[str], *, adapter: Adapter | None = None) -> list[LogLikelihood]:
        """For each text, the log-likelihood of all its tokens but the first, which nothing precedes."""
        found = self.choices([Prompt.raw("")] * len(texts), [[text] for text in texts], adapter=adapter)
        return [whole for (whole,) in found]

    def render(self, prompts: Sequence[Prompt], *, adapter: Adapter | None = None) -> list[Rendered]:
        """Each prompt as it is sent; the server keeps its template and its tokens to itself."""
        return [Rendered(prompt.shown) for prompt in prompts]

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
