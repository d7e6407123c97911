"""A random tiny Llama with its own tokenizer and chat template, and jobs that train it."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tiny_training import Job, write_base


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A base model that has learned nothing."""
    made = write_base(tmp_path_factory.mktemp("tiny") / "base")
    import trl  # noqa: F401

    # Every training ends by collecting garbage; what the libraries keep for good need not be looked through each time.
    gc.collect()
    gc.freeze()
    yield made
    gc.unfreeze()


@pytest.fixture
def job(base: Path, tmp_path: Path) -> Callable[..., Job]:
    """Makes jobs that leave their adapter in this test's folder."""

    def make(**changes: Any) -> Job:
        return Job(base=str(base), output=str(tmp_path / "adapter"), **changes)

    return make
