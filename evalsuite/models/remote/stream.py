"""Async work as a plain iterator: it runs in a loop of its own beside the caller, who gets what arrives."""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Generic, TypeVar

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
