"""Keeps the training libraries from drawing bars, printing notices and calling home, for a while."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

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
