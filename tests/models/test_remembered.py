"""Digests of large files: read once, and again as soon as anything about the file may have changed."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

import pytest

from evalsuite.models.checkpoints.base import LARGE, remembered_digest


def weights(folder: Path, fill: bytes = b"w", size: int = LARGE) -> Path:
    file = folder / "model.safetensors"
    file.write_bytes(fill * size)
    return file


def plant(memory: Path, file: Path, lie: str) -> None:
    """Replaces the digest that is remembered of a file, so that it shows whether it is trusted."""
    memory.write_text(memory.read_text().replace(hashlib.sha256(file.read_bytes()).hexdigest(), lie))


def in_an_hour() -> int:
    """The clock an hour on, so that files that were just written are old."""
    return time.time_ns() + 3_600_000_000_000


def test_a_large_file_is_read_once_and_again_after_any_change(tmp_path: Path) -> None:
    file, memory = weights(tmp_path), tmp_path / "cache" / "digests.json"
    true = hashlib.sha256(file.read_bytes()).hexdigest()
    assert remembered_digest(file, memory=memory, now=in_an_hour) == true
    plant(memory, file, "remembered")
    assert remembered_digest(file, memory=memory, now=in_an_hour) == "remembered"
    # The same size and the same time of change: only the inode's own time tells.
    times = file.stat()
    weights(tmp_path, b"v")
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert (
        remembered_digest(file, memory=memory, now=in_an_hour) == hashlib.sha256(file.read_bytes()).hexdigest() != true
    )


def test_a_file_that_was_just_written_is_never_remembered(tmp_path: Path) -> None:
    file, memory = weights(tmp_path), tmp_path / "digests.json"
    remembered_digest(file, memory=memory)
    assert not memory.exists()


def test_a_small_file_is_read_each_time(tmp_path: Path) -> None:
    file, memory = weights(tmp_path, size=1_000), tmp_path / "digests.json"
    remembered_digest(file, memory=memory, now=in_an_hour)
    assert not memory.exists()


@pytest.mark.parametrize("spoilt", ["", "[]", '{"a": 1}', "\x00", '{"a": [[1], 2, 3]}'])
def test_a_spoilt_memory_is_an_empty_one(tmp_path: Path, spoilt: str) -> None:
    file, memory = weights(tmp_path), tmp_path / "digests.json"
    memory.write_text(spoilt)
    true = hashlib.sha256(file.read_bytes()).hexdigest()
    assert remembered_digest(file, memory=memory, now=in_an_hour) == true
    assert true in memory.read_text()


def test_a_memory_that_cannot_be_written_costs_nothing_but_time(tmp_path: Path) -> None:
    file = weights(tmp_path)
    (tmp_path / "cache").write_text("a file where the folder should be")
    true = hashlib.sha256(file.read_bytes()).hexdigest()
    assert remembered_digest(file, memory=tmp_path / "cache" / "digests.json", now=in_an_hour) == true
