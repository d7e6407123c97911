"""Silence for the time of one block: no progress bars, no advice from transformers, PEFT and bitsandbytes."""

from __future__ import annotations

import logging as standard
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet() -> Iterator[None]:
    """Within the block the libraries speak only of errors; afterwards all is as it was."""
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    quantiser = standard.getLogger("bitsandbytes")
    spoke = quantiser.level
    quantiser.setLevel(standard.ERROR)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        quantiser.setLevel(spoke)
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()
