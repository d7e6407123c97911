"""Watches a trainer at work: when to log, evaluate and save, when to stop, what to tell the person waiting."""

from __future__ import annotations

import math
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evalsuite.errors import TrainingError
from evalsuite.records import TrainingPoint
from evalsuite.train.partial import Partial

_LOGS = 20
_SECONDS = "evalsuite_seconds"


@dataclass
class Watch:
    """What happens around the steps of one training; its memory is the trainer's log, so it survives a kill."""

    partial: Partial
    progress: Callable[[str], None]
    evaluations: int
    patience: int | None
    evaluates: bool
    earlier_seconds: float = 0.0
    _began: float = field(default_factory=time.monotonic)
    _earlier_tokens: int = 0

    def begin(self, state: Any, control: Any) -> None:
        """Takes over what an earlier, killed attempt had spent."""
        self.earlier_seconds = max((entry.get(_SECONDS, 0.0) for entry in state.log_history), default=0.0)
        self._earlier_tokens = state.num_input_tokens_seen
        self._began = time.monotonic()
        self._stop_if_stale(state, control)

    def step(self, state: Any, control: Any) -> None:
        """Asks for a log line, an evaluation or a checkpoint where one is due."""
        if due(state.global_step, state.max_steps, self.evaluations):
            # Logging with every checkpoint keeps the curve the same whether or not the training was resumed.
            control.should_log = control.should_save = True
            control.should_evaluate = self.evaluates
        elif due(state.global_step, state.max_steps, _LOGS):
            control.should_log = True

    def log(self, state: Any, logs: dict[str, float]) -> None:
        """Reports the step; raises TrainingError when a loss is not a finite number."""
        state.log_history[-1][_SECONDS] = self.seconds
        for key, what in (("loss", "loss"), ("eval_loss", "held-out loss")):
            if key not in logs:
                continue
            if not math.isfinite(logs[key]):
                raise TrainingError(f"the {what} is {logs[key]} at step {state.global_step}; lower learning_rate")
            self.progress(self._line(state, f"{what} {logs[key]:.3f}"))

    def evaluated(self, state: Any, control: Any) -> None:
        """Stops the training when the held-out loss has not improved for `patience` evaluations."""
        self._stop_if_stale(state, control)

    def saved(self, state: Any) -> None:
        """Makes the checkpoint count."""
        best = state.best_model_checkpoint
        self.partial.seal(state.global_step, best=None if best is None else Path(best))

    @property
    def seconds(self) -> float:
        """Seconds in the training loop, earlier attempts included."""
        return self.earlier_seconds + time.monotonic() - self._began

    def _stop_if_stale(self, state: Any, control: Any) -> None:
        losses = [entry["eval_loss"] for entry in state.log_history if "eval_loss" in entry]
        if self.patience is not None and losses and len(losses) - 1 - losses.index(min(losses)) >= self.patience:
            control.should_training_stop = True

    def _line(self, state: Any, loss: str) -> str:
        elapsed = time.monotonic() - self._began
        done = state.global_step / state.max_steps
        speed = (state.num_input_tokens_seen - self._earlier_tokens) / max(elapsed, 1e-9)
        left = self.seconds * (1 - done) / max(done, 1e-9)
        return f"step {state.global_step}/{state.max_steps}, {loss}, {speed:.0f} tokens/s, {left:.0f} s left"


def due(step: int, total: int, times: int) -> bool:
    """Whether this step is one of `times` evenly spaced ones out of `total`; the last step always is."""
    return step * times // total != (step - 1) * times // total


def curve(history: list[dict[str, float]]) -> tuple[TrainingPoint, ...]:
    """The trainer's log as one point per step that has a training or held-out loss."""
    losses = {int(entry["step"]): entry["loss"] for entry in history if "loss" in entry}
    held_out = {int(entry["step"]): entry["eval_loss"] for entry in history if "eval_loss" in entry}
    return tuple(
        TrainingPoint(step, losses.get(step), held_out.get(step)) for step in sorted(losses.keys() | held_out.keys())
    )


def peak_memory_mb() -> float:
    """The most memory this process has held, in MB: of the GPU where there is one, else of the process."""
    import torch

    if torch.cuda.is_available():
        return float(torch.cuda.max_memory_allocated()) / 1e6
    # Linux counts in KiB, macOS in bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def callback(watch: Watch) -> Any:
    """The watch as a transformers callback."""
    from transformers import TrainerCallback

    class Callback(TrainerCallback):  # type: ignore[misc]  # transformers is untyped here
        def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            watch.begin(state, control)

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            watch.step(state, control)

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
            watch.log(state, logs)

        def on_evaluate(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            watch.evaluated(state, control)

        def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            watch.saved(state)

    return Callback()
