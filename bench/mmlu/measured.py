"""CPU time and memory of this process, written down for the one that started it; needs nothing but Python."""

from __future__ import annotations

import json
import resource
import time
from pathlib import Path


class Clock:
    """CPU seconds (user and system, all threads) of each named phase of this process; the first one is its start."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = 0.0

    def lap(self, name: str) -> None:
        """Add what has passed since the last lap to the phase."""
        now = time.process_time()
        self.seconds[name] = self.seconds.get(name, 0.0) + now - self._last
        self._last = now


def write(file: Path, clock: Clock, found: dict[str, object]) -> None:
    """The phases, the peak of resident memory in MB and what was found, as JSON."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    file.write_text(json.dumps({"seconds": clock.seconds, "peak_mb": peak, **found}), encoding="utf-8")
