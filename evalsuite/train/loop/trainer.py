"""What surrounds a TRL trainer: loading, resuming, watching, saving. Every trained method calls `fit`."""

from __future__ import annotations

import math
import resource
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from evalsuite.data.digest import digest
from evalsuite.errors import EvalsuiteError, TrainingError
from evalsuite.plugins import TrainingJob
from evalsuite.records import Adapter, LayerNorm, Training, TrainingPoint
from evalsuite.train.loop.loaded_base import keep_in_float32, load_base, quiet, sizes, threads_for
from evalsuite.train.loop.save import Partial, save_adapter
from evalsuite.train.loop.training_options import TrainerOptions, arguments

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


_LIBRARIES = ("torch", "transformers", "peft", "trl", "bitsandbytes")


@dataclass(frozen=True)
class Loaded:
    """What a method builds its trainer from: the loaded base, its tokenizer and the shared trainer arguments."""

    model: Any
    tokenizer: Any
    arguments: dict[str, Any]


def fit(job: TrainingJob, options: TrainerOptions, *, build: Callable[[Loaded], Any]) -> Training:
    """Trains what `build` makes, saves the adapter into `job.output` and reports; goes on where a kill cut it off.

    Raises TrainingError, naming the job, when the rows, the options or the libraries do not allow it.
    """
    began = time.monotonic()
    with _named(job.name):
        _check(job, options)
        with quiet():
            partial = Partial.open(job.output, _fingerprint(job, options))
            watch = Watch(partial, job.progress, options.evaluations, options.early_stopping, bool(job.held_out))
            trainer = _run(job, options, watch=watch, build=build)
            loop_seconds = watch.seconds
            save_adapter(trainer.model, job.output, name=job.name, remark=options.adapter.remark)
        partial.remove()
    points = curve(trainer.state.log_history)
    held_out = [point.held_out_loss for point in points if point.held_out_loss is not None]
    kept = min if options.early_stopping is not None else _last
    tokens = int(trainer.state.num_input_tokens_seen)
    trained, total = sizes(trainer.model, replaces=options.adapter.replaces)
    return Training(
        adapter=Adapter(job.name, job.output, _digest(job.output)),
        curve=points,
        tokens_seen=tokens,
        tokens_per_second=tokens / max(loop_seconds, 1e-9),
        wall_seconds=watch.earlier_seconds + time.monotonic() - began,
        peak_memory_mb=peak_memory_mb(),
        trained_parameters=trained,
        total_parameters=total,
        held_out_loss=kept(held_out) if held_out else None,
        norms=_norms(job),
    )


def _check(job: TrainingJob, options: TrainerOptions) -> None:
    if not job.train:
        raise TrainingError("there are no training rows; name a source with rows under train.data")
    if options.early_stopping is not None and not job.held_out:
        raise TrainingError("early_stopping needs held-out rows, and there are none; raise train.held_out")


def _run(job: TrainingJob, options: TrainerOptions, *, watch: Watch, build: Callable[[Loaded], Any]) -> Any:
    from transformers import PrinterCallback, set_seed

    model, tokenizer = load_base(job.base, options.adapter)
    # After loading, which may draw: a base that was kept from an earlier training must not change what is drawn.
    set_seed(job.seed)
    checkpoint = watch.partial.latest()
    shared = arguments(options, watch.partial.folder, seed=job.seed, evaluates=bool(job.held_out))
    with threads_for(model):
        trainer = build(Loaded(model, tokenizer, shared))
        keep_in_float32(trainer.model)
        trainer.remove_callback(PrinterCallback)  # it prints every log to standard output
        trainer.add_callback(callback(watch))
        trainer.create_model_card = _no_card
        if checkpoint is not None:
            job.progress(f"going on from {checkpoint.name}")
        trainer.train(resume_from_checkpoint=None if checkpoint is None else str(checkpoint))
    return trainer


def _no_card(*_: object, **__: object) -> None:
    """TRL would write a model card, with its own version and links, beside every checkpoint."""


def _last(values: list[float]) -> float:
    return values[-1]


def _norms(job: TrainingJob) -> tuple[LayerNorm, ...]:
    from evalsuite.train.loop.save import layer_norms

    try:
        return layer_norms(job.output, job.base)
    except TrainingError as error:
        # Checkpoints may name their weights in a way of their own; the adapter is good all the same.
        job.progress(f"the layers' norms are not known: {error}")
        return ()


def _digest(folder: Path) -> str:
    from evalsuite.models.checkpoints.adapter import adapter_digest

    return adapter_digest(folder)


def _fingerprint(job: TrainingJob, options: TrainerOptions) -> str:
    """What a checkpoint depends on; a checkpoint of anything else must not be gone on from."""
    rows = [[asdict(row) for row in part] for part in (job.train, job.held_out)]
    versions = {name: _version(name) for name in _LIBRARIES}
    return digest(options.model_dump(mode="json"), rows, job.seed, str(job.base), versions)


def _version(library: str) -> str | None:
    try:
        return version(library)
    except PackageNotFoundError:
        return None


@contextmanager
def _named(name: str) -> Iterator[None]:
    try:
        yield
    except TrainingError as error:
        raise TrainingError(f"{name}  {error}") from error.__cause__
    except EvalsuiteError:
        raise
    except Exception as error:
        lines = str(error).strip().splitlines() or ["no reason given"]
        raise TrainingError(f"{name}  the training failed: {type(error).__name__}: {lines[0]}") from error
