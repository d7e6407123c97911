"""Many calls to one server: bounded in number, pace and money, tried again where that can help."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from evalsuite.errors import BudgetSpent, EvalsuiteError, ModelError
from evalsuite.models.openai.server import Server
from evalsuite.models.openai.wire import Again, Call, Refused, Unreachable, pause, tokens_used
from evalsuite.spec.models import Endpoint

# A little more than a minute: the server's clock sees one call later and the next one earlier than ours.
_MINUTE = 60.25


@dataclass(slots=True)
class Taken:
    """What one call took of a window, and when."""

    at: float
    amount: float


class Window:
    """At most `limit` units in any `seconds`; a single amount above the limit goes alone."""

    def __init__(self, limit: float, *, seconds: float = _MINUTE) -> None:
        self.limit = limit
        self.seconds = seconds
        self._taken: deque[Taken] = deque()

    def wait(self, amount: float, *, now: float) -> float:
        """Seconds until the amount may be taken; 0 when it may be taken now."""
        while self._taken and now - self._taken[0].at >= self.seconds:
            self._taken.popleft()
        left = sum(taken.amount for taken in self._taken)
        for taken in self._taken:
            if left + amount <= self.limit:
                break
            left -= taken.amount
            free = taken.at + self.seconds - now
        else:
            return free if self._taken else 0.0
        return 0.0 if taken is self._taken[0] else free

    def take(self, amount: float, *, now: float) -> Taken:
        """Take the amount now; the caller has waited."""
        taken = Taken(now, amount)
        self._taken.append(taken)
        return taken


class Pace:
    """The windows of one server: calls wait here in order, whoever sends them."""

    def __init__(
        self,
        requests: int | None = None,
        tokens: int | None = None,
        *,
        minute: float = _MINUTE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._requests = Window(requests, seconds=minute) if requests else None
        self._tokens = Window(tokens, seconds=minute) if tokens else None
        self._clock = clock

    async def admit(self, tokens: int, turn: asyncio.Lock) -> Taken | None:
        """Wait until a call of so many tokens may go; `turn` keeps those that wait in order."""
        if self._requests is None and self._tokens is None:
            return None
        async with turn:
            while (pause := self.wait(tokens)) > 0:
                await asyncio.sleep(pause)
            return self.take(tokens)

    def wait(self, tokens: int) -> float:
        """Seconds until a call of so many tokens may go."""
        now = self._clock()
        windows = ((self._requests, 1), (self._tokens, tokens))
        return max((window.wait(amount, now=now) for window, amount in windows if window), default=0.0)

    def take(self, tokens: int) -> Taken | None:
        """Count a call that goes now; its tokens may be corrected in what is returned, once they are known."""
        now = self._clock()
        if self._requests:
            self._requests.take(1, now=now)
        return self._tokens.take(tokens, now=now) if self._tokens else None


@dataclass(slots=True)
class Meter:
    """Counts calls, tokens and money of a run; one meter is shared by all endpoints of the run.

    `doubtful` is the most that attempts may have cost of which no bill came: timeouts, lost connections, replies
    that could not be read. `paces` keep limits per minute for all together who ask one model of one server.
    """

    limit: float | None = None
    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    spent: float = 0.0
    doubtful: float = 0.0
    reserved: float = 0.0
    under_way: int = 0
    paces: dict[str, Pace] = field(default_factory=dict)

    def pace(self, model: str, *, requests: int | None, tokens: int | None) -> Pace:
        """The pace of a served model, by its digest; the first who asks for it says its limits a minute."""
        return self.paces.setdefault(model, Pace(requests, tokens))

    def reserve(self, worst: float) -> bool:
        """Set the most that a call can cost aside; False when that could pass the limit."""
        if self.limit is not None and self.spent + self.doubtful + self.reserved + worst > self.limit:
            return False
        self.reserved += worst
        self.under_way += 1
        return True

    def settle(self, worst: float, *, bill: tuple[int, int, float] | None = None, doubtful: bool = False) -> None:
        """A call that had reserved `worst` is over: with a bill (prompt tokens, completion tokens, money) or without.

        Without one it was free, or `doubtful`.
        """
        self.under_way -= 1
        # Sums of reals drift; with nothing under way nothing is reserved.
        self.reserved = self.reserved - worst if self.under_way else 0.0
        if bill is not None:
            self.calls += 1
            self.prompt_tokens += bill[0]
            self.completion_tokens += bill[1]
            self.spent += bill[2]
        elif doubtful:
            self.doubtful += worst

    def __str__(self) -> str:
        """The meter in a few words, for a progress line."""
        tokens = self.prompt_tokens + self.completion_tokens
        doubt = f" (and at most ${self.doubtful:.2f} for calls that broke off)" if self.doubtful >= 0.005 else ""
        return f"{self.calls:,} calls, {tokens:,} tokens, ${self.spent:.2f}{doubt}"


T = TypeVar("T")

# A server that turns calls away for so many seconds will not answer this one today.
_PATIENCE = 600.0
# So many calls lost one after another mean that the server is down, not that these calls are bad.
_IN_A_ROW = 10


@dataclass(frozen=True, slots=True)
class Job(Generic[T]):
    """One call, and what becomes of its reply: `read` raises Again for one that has not the right shape."""

    index: int
    call: Call
    read: Callable[[Mapping[str, Any]], T]
    lost: Callable[[str], T]
    refused: Callable[[str], T]


class Calls(Generic[T]):
    """The calls of one request for replies; made anew in each event loop."""

    def __init__(self, endpoint: Endpoint, server: Server, *, pace: Pace, meter: Meter) -> None:
        self._endpoint, self._server, self._pace, self._meter = endpoint, server, pace, meter
        self._turn = asyncio.Lock()
        self._landed = asyncio.Event()
        self._stopping = asyncio.Event()
        self._stopped: Exception | None = None
        self._answered = self._lost_in_a_row = 0

    async def carry_out(self, jobs: Sequence[Job[T]], deliver: Callable[[int, T], None]) -> None:
        """Deliver the result of every job as it comes; raises when the rest cannot be had.

        Calls that are under way then are waited for, since they are paid for.
        """
        waiting = iter(jobs)
        async with asyncio.TaskGroup() as group:
            for _ in range(min(self._endpoint.max_in_flight, len(jobs))):
                group.create_task(self._work(waiting, deliver))
        if self._stopped is not None:
            raise self._stopped

    async def _work(self, jobs: Iterable[Job[T]], deliver: Callable[[int, T], None]) -> None:
        for job in jobs:
            try:
                deliver(job.index, await self._result(job))
            except Exception as error:
                self._stopped = self._stopped or error
                self._stopping.set()
            if self._stopped is not None:
                return

    async def _result(self, job: Job[T]) -> T:
        # The same call waits the same, whatever else is under way.
        draw = random.Random(f"{self._endpoint.id} {job.index}")
        attempts, waited = 0, 0.0
        while True:
            try:
                found = await self._attempt(job)
                self._answered += 1
                self._lost_in_a_row = 0
                return found
            except Again as trouble:
                # To be told when to come back is no failure.
                attempts += trouble.asked is None
                rest = pause(max(1, attempts), trouble.asked, draw)
                waited += rest if trouble.asked is not None else 0.0
                if attempts >= self._endpoint.max_attempts or waited > _PATIENCE:
                    return self._give_up(job, trouble, attempts)
            await self._sleep(rest)

    async def _attempt(self, job: Job[T]) -> T:
        call = job.call
        worst = self._endpoint.money(call.most_prompt_tokens, call.most_reply_tokens)
        await self._reserve(worst)
        bill, doubtful = None, True
        try:
            taken = await self._pace.admit(call.likely_tokens, self._turn)
            self._go_on()
            reply = _parsed(await self._server.ask(call))
            counted = tokens_used(reply)
            if counted is not None:
                bill = (counted[1], counted[0], self._endpoint.money(counted[1], counted[0]))
                if taken is not None:
                    taken.amount = sum(counted)
            self._server.check(reply)
            return job.read(reply)
        except Again as trouble:
            doubtful = trouble.billed
            raise
        except Refused as refusal:
            doubtful = False
            return job.refused(refusal.reason)
        except EvalsuiteError:
            doubtful = False
            raise
        finally:
            self._meter.settle(worst, bill=bill, doubtful=doubtful)
            self._landed.set()

    async def _reserve(self, worst: float) -> None:
        while not self._meter.reserve(worst):
            if self._meter.under_way == 0:
                raise BudgetSpent(f"{self._meter} so far, and one more call could cost ${worst:.4f}")
            self._landed.clear()
            await self._landed.wait()
            self._go_on()

    def _go_on(self) -> None:
        if self._stopped is not None:
            raise self._stopped

    async def _sleep(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return
        self._go_on()

    def _give_up(self, job: Job[T], trouble: Again, attempts: int) -> T:
        self._lost_in_a_row += 1
        if isinstance(trouble, Unreachable) and self._answered == 0:
            raise ModelError(f"{self._server.where}: {trouble.reason}; is the server running, and is the URL right?")
        if self._lost_in_a_row >= _IN_A_ROW:
            raise ModelError(
                f"{self._server.where}: {_IN_A_ROW} calls in a row failed, the last with: {trouble.reason}; what was "
                "answered is kept, and the same command goes on from there once the server answers again"
            )
        return job.lost(f"{trouble.reason}, after {max(1, attempts)} attempts")


def _parsed(content: bytes) -> Mapping[str, Any]:
    try:
        reply = json.loads(content)
    except ValueError:
        raise Again("the reply is no JSON", billed=True) from None
    if not isinstance(reply, Mapping):
        raise Again("the reply is no JSON object", billed=True)
    return reply
