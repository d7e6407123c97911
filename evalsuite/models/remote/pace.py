"""When a call may go: so many requests and so many tokens in any minute, counted exactly."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

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
