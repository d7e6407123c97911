"""How long completions took: the mean with an interval over what was timed apart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from evalsuite.records import Outcome, Reply, Result
from evalsuite.spec.declared import LATENCY


def with_latency(entry: str, outcome: Outcome) -> Outcome:
    """The outcome with the result `latency.ENTRY`, mean seconds a completion, where the backend was timed."""
    metric = LATENCY.on(entry)
    found = _latency(metric.name, outcome.replies)
    return outcome if found is None else replace(outcome, results=(*outcome.results, found)).declaring([metric])


def _latency(metric: str, replies: Sequence[Reply]) -> Result | None:
    from evalsuite.stats.interval import mean

    seconds = [reply.seconds for reply in replies if reply.seconds is not None]
    if not seconds:
        return None
    # Completions of one batch share its time to the last digit; they are one measurement, not many.
    estimate = mean(seconds, clusters=seconds)
    low, high = estimate.interval.low, estimate.interval.high
    batches = len(set(seconds))
    if not math.isfinite(high - low):
        detail = "timed in one batch, which gives no interval"
        return Result(metric, estimate.value, None, None, len(seconds), detail=detail)
    detail = f"timed in {batches} batches"
    return Result(metric, estimate.value, max(0.0, low), high, len(seconds), detail=detail)
