"""The base model in memory, ready to be trained on."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from copy import deepcopy
from functools import lru_cache
from pathlib import Path
from typing import Any

from evalsuite.models.checkpoints.base import weight_files
from evalsuite.train.loop.training_options import has_cuda
from evalsuite.train.parametrisation import Parametrisation

_LOGGERS = ("transformers", "trl", "peft", "accelerate", "datasets", "bitsandbytes")


@contextmanager
def quiet() -> Iterator[None]:
    """Silences transformers, TRL, PEFT, accelerate, datasets and bitsandbytes; everything is as before afterwards."""
    import datasets
    from huggingface_hub import constants

    with ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        stack.enter_context(_variable("TRL_EXPERIMENTAL_SILENCE", "1"))
        stack.enter_context(_variable("TQDM_DISABLE", "1"))
        stack.enter_context(_attribute(constants, "HF_HUB_DISABLE_TELEMETRY", True))
        for name in _LOGGERS:
            logger = logging.getLogger(name)
            stack.callback(logger.setLevel, logger.level)
            logger.setLevel(logging.ERROR)
        if not datasets.are_progress_bars_disabled():
            stack.callback(datasets.enable_progress_bars)
            datasets.disable_progress_bars()
        stack.enter_context(_no_loading_bars())
        yield


@contextmanager
def _no_loading_bars() -> Iterator[None]:
    from transformers.utils import logging as bars

    shown = bars.is_progress_bar_enabled()
    bars.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            bars.enable_progress_bar()


@contextmanager
def _variable(name: str, value: str) -> Iterator[None]:
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


@contextmanager
def _attribute(owner: Any, name: str, value: object) -> Iterator[None]:
    before = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)


# Threads that wait for each other cost a small model more than they do: on two cores shared with other work, two
# threads took 4-20 times as long as one with 0.1 M parameters and 10-30 times with 1.4 M and 11 M.
_SMALL = 20_000_000
# A second copy of a base below this stays in memory for the next training of the process.
_KEPT_BYTES = 200_000_000


def load_base(folder: Path, adapter: Parametrisation) -> tuple[Any, Any]:
    """The model, quantised where the adapter type wants it, and its tokenizer; raises TrainingError.

    Weights are bfloat16 on a GPU and float32 on the CPU.

    What the trainings of a matrix share is read once by a process: the tokenizer, and the weights of a small base.
    """
    import torch
    from transformers import AutoModelForCausalLM

    dtype = torch.bfloat16 if has_cuda() else torch.float32
    quantisation = adapter.quantisation(dtype)
    stamps = tuple(_stamp(file) for file in sorted(folder.iterdir()))
    tokenizer = _tokenizer(folder, stamps)
    if quantisation is None and sum(file.stat().st_size for file in weight_files(folder)) < _KEPT_BYTES:
        return deepcopy(_weights(folder, stamps, dtype)), tokenizer
    how = {} if quantisation is None else {"quantization_config": quantisation}
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, local_files_only=True, **how)
    for module in model.modules():
        if hasattr(module, "support_avx512bf16_for_cpu"):
            # On some CPUs bitsandbytes repacks 4-bit weights between training and evaluation and rounds their scales
            # anew each time, so that the base would change under the adapter, and a resumed training end elsewhere.
            module.support_avx512bf16_for_cpu = False
    return model, tokenizer


def _stamp(file: Path) -> tuple[str, int, int]:
    found = file.stat()
    return file.name, found.st_size, found.st_mtime_ns


@lru_cache(maxsize=4)
def _tokenizer(folder: Path, stamps: tuple[tuple[str, int, int], ...]) -> Any:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


@lru_cache(maxsize=1)
def _weights(folder: Path, stamps: tuple[tuple[str, int, int], ...], dtype: Any) -> Any:
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, local_files_only=True)


def keep_in_float32(model: Any) -> None:
    """Makes the trained weights float32: TRL holds those of a quantised base in bfloat16, where small steps vanish."""
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data.float()


def sizes(model: Any, *, replaces: bool = False) -> tuple[int, int]:
    """How many weights are trained, and how many the adapted model has; those that are replaced count once."""
    counts = [(_count(parameter), parameter.requires_grad) for parameter in model.parameters()]
    trained = sum(count for count, learns in counts if learns)
    return trained, sum(count for count, _ in counts) - (trained if replaces else 0)


@contextmanager
def threads_for(model: Any) -> Iterator[None]:
    """Within the block a small model runs on one thread; afterwards the number is as it was."""
    import torch

    before = torch.get_num_threads()
    if sizes(model)[1] < _SMALL:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _count(parameter: Any) -> int:
    packed = type(parameter).__name__ == "Params4bit"  # two weights in each byte
    return int(parameter.numel()) * (2 * int(parameter.element_size()) if packed else 1)
