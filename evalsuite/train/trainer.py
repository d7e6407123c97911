"""What surrounds the run of a TRL trainer: loading, resuming, watching, saving. Every trained method calls `fit`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from evalsuite.data.digest import digest
from evalsuite.errors import EvalsuiteError, TrainingError
from evalsuite.plugins import TrainingJob
from evalsuite.records import Adapter, Training
from evalsuite.train.lora import save_adapter
from evalsuite.train.options import TrainerOptions, arguments, has_cuda
from evalsuite.train.partial import Partial
from evalsuite.train.quiet import quiet
from evalsuite.train.watch import Watch, callback, curve, peak_memory_mb

# Threads that wait for each other cost a small model more than they do: on two cores shared with other work, two
# threads took 4-20 times as long as one with 0.1 M parameters and 10-30 times with 1.4 M and 11 M.
_SMALL = 20_000_000
_LIBRARIES = ("torch", "transformers", "peft", "trl")


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
            trainer = _prepare(job, options, watch=watch, build=build)
            sizes = _sizes(trainer.model)
            checkpoint = partial.latest()
            if checkpoint is not None:
                job.progress(f"going on from {checkpoint.name}")
            with _threads_for(sizes[1]):
                trainer.train(resume_from_checkpoint=None if checkpoint is None else str(checkpoint))
            loop_seconds = watch.seconds
            save_adapter(trainer.model, job.output, name=job.name)
        partial.remove()
    points = curve(trainer.state.log_history)
    held_out = [point.held_out_loss for point in points if point.held_out_loss is not None]
    kept = min if options.early_stopping is not None else _last
    tokens = int(trainer.state.num_input_tokens_seen)
    return Training(
        adapter=Adapter(job.name, job.output, _digest(job.output)),
        curve=points,
        tokens_seen=tokens,
        tokens_per_second=tokens / max(loop_seconds, 1e-9),
        wall_seconds=watch.earlier_seconds + time.monotonic() - began,
        peak_memory_mb=peak_memory_mb(),
        trained_parameters=sizes[0],
        total_parameters=sizes[1],
        held_out_loss=kept(held_out) if held_out else None,
    )


def _check(job: TrainingJob, options: TrainerOptions) -> None:
    if not job.train:
        raise TrainingError("there are no training rows; name a source with rows under train.data")
    if options.early_stopping is not None and not job.held_out:
        raise TrainingError("early_stopping needs held-out rows, and there are none; raise train.held_out")


def _prepare(job: TrainingJob, options: TrainerOptions, *, watch: Watch, build: Callable[[Loaded], Any]) -> Any:
    from transformers import PrinterCallback, set_seed

    set_seed(job.seed)
    model, tokenizer = _load(job.base)
    folder = watch.partial.folder
    trainer = build(Loaded(model, tokenizer, arguments(options, folder, seed=job.seed, evaluates=bool(job.held_out))))
    trainer.remove_callback(PrinterCallback)  # it prints every log to standard output
    trainer.add_callback(callback(watch))
    trainer.create_model_card = _no_card
    return trainer


def _load(base: Path) -> tuple[Any, Any]:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    dtype = torch.bfloat16 if has_cuda() else torch.float32
    tokenizer = AutoTokenizer.from_pretrained(base, local_files_only=True)
    model = AutoModelForCausalLM.from_pretrained(base, dtype=dtype, local_files_only=True)
    return model, tokenizer


@contextmanager
def _threads_for(parameters: int) -> Iterator[None]:
    import torch

    before = torch.get_num_threads()
    if parameters < _SMALL:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _no_card(*_: object, **__: object) -> None:
    """TRL would write a model card, with its own version and links, beside every checkpoint."""


def _sizes(model: Any) -> tuple[int, int]:
    sizes = [(parameter.numel(), parameter.requires_grad) for parameter in model.parameters()]
    return sum(size for size, trained in sizes if trained), sum(size for size, _ in sizes)


def _last(values: list[float]) -> float:
    return values[-1]


def _digest(folder: Path) -> str:
    from evalsuite.models.adapter import adapter_digest

    return adapter_digest(folder)


def _fingerprint(job: TrainingJob, options: TrainerOptions) -> str:
    """What a checkpoint depends on; a checkpoint of anything else must not be gone on from."""
    rows = [[asdict(row) for row in part] for part in (job.train, job.held_out)]
    versions = {name: version(name) for name in _LIBRARIES}
    return digest(options.model_dump(mode="json"), rows, job.seed, str(job.base), versions)


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
