"""Many calls to one server: bounded in number, pace and money, tried again where that can help, stopped where not."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from evalsuite.errors import BudgetSpent, EvalsuiteError, ModelError
from evalsuite.models.remote.meter import Meter
from evalsuite.models.remote.pace import Pace
from evalsuite.models.remote.retry import Again, Refused, Unreachable, pause
from evalsuite.models.remote.server import Server
from evalsuite.models.remote.wire import Call, used
from evalsuite.spec.endpoint import Endpoint

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
            counted = used(reply)
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
