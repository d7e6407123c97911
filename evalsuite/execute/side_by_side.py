"""Trainings side by side: a small model trains on one thread, so every processor can have one of its own."""

from __future__ import annotations

import os
import queue
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from evalsuite.errors import EvalsuiteError
from evalsuite.execute import local
from evalsuite.models.checkpoints.base import weight_files
from evalsuite.plan.steps import Plan
from evalsuite.records import Training

# 20 million parameters in bfloat16 or 10 million in float32; below that a training takes one thread and under 2 GB.
_SMALL_BYTES = 40_000_000
_GLANCE_SECONDS = 0.2

Job = tuple[Plan, Path]


def places(plans: Sequence[Plan]) -> int:
    """How many of the plans' trainings to run at once; 1 unless all of their bases are small."""
    small = all(_bytes(plan) < _SMALL_BYTES for plan in plans)
    return max(1, min(len(plans), os.cpu_count() or 1)) if small else 1


def train(
    jobs: Sequence[Job], *, places: int, told: Callable[[Plan, str], None]
) -> Iterator[tuple[Plan, Training | EvalsuiteError]]:
    """Each plan with its training, or with the error that it ended in, as they come to their end.

    `told` hears what the trainings say. When the caller stops listening, or is interrupted, the workers are ended.
    """
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import active_children, get_context

    # Not forked: the libraries' threads and locks do not survive that.
    context = get_context("spawn")
    says = context.Queue()
    before = set(active_children())
    pool = ProcessPoolExecutor(places, mp_context=context, initializer=_begin, initargs=(says, os.getpid()))
    try:
        futures = {pool.submit(_train, number, *job): job[0] for number, job in enumerate(jobs)}
        while futures:
            _pass_on(says, jobs, told)
            for future in [future for future in futures if future.done()]:
                plan = futures.pop(future)
                error = future.exception()
                if error is not None and not isinstance(error, EvalsuiteError):
                    raise error
                yield plan, error if isinstance(error, EvalsuiteError) else future.result()
    except BaseException:
        # Also when the caller stops listening: nobody waits for what a worker would still make.
        for child in set(active_children()) - before:
            child.terminate()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        says.close()


def _pass_on(says: Any, jobs: Sequence[Job], told: Callable[[Plan, str], None]) -> None:
    """Wait a moment for what the trainings say, and pass it on."""
    try:
        number, text = says.get(timeout=_GLANCE_SECONDS)
        told(jobs[number][0], text)
    except queue.Empty:
        return


_says: Any = None


def _begin(says: Any, parent: int) -> None:
    """A worker's first act: the terminal's Ctrl-C is the parent's, and without the parent there is nothing to do."""
    global _says  # noqa: PLW0603  # a worker's queue can only be handed over at its start
    _says = says
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    # A killed parent cannot end its workers, and two trainings must never write into one folder.
    while os.getppid() == parent:
        time.sleep(_GLANCE_SECONDS)
    os._exit(1)


def _train(number: int, plan: Plan, output: Path) -> Training:
    return local.train(plan, output, lambda text: _says.put((number, text)))


def _bytes(plan: Plan) -> int:
    return sum(file.stat().st_size for file in weight_files(plan.checkpoint.folder))
