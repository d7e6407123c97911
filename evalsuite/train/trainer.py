"""What surrounds the run of a TRL trainer: loading, resuming, watching, saving. Every trained method calls `fit`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from evalsuite.data.digest import digest
from evalsuite.errors import EvalsuiteError, TrainingError
from evalsuite.plugins import TrainingJob
from evalsuite.records import Adapter, LayerNorm, Training
from evalsuite.train.base import keep_in_float32, load_base, sizes, threads_for
from evalsuite.train.options import TrainerOptions, arguments
from evalsuite.train.partial import Partial
from evalsuite.train.quiet import quiet
from evalsuite.train.save import save_adapter
from evalsuite.train.watch import Watch, callback, curve, peak_memory_mb

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
    from evalsuite.train.norms import layer_norms

    try:
        return layer_norms(job.output, job.base)
    except TrainingError as error:
        # Checkpoints may name their weights in a way of their own; the adapter is good all the same.
        job.progress(f"the layers' norms are not known: {error}")
        return ()


def _digest(folder: Path) -> str:
    from evalsuite.models.adapter import adapter_digest

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
