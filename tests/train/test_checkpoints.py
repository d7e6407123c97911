"""Checkpoints and the rhythm of a training, without a model."""

from __future__ import annotations

from pathlib import Path

from evalsuite.train.loop.save import Partial
from evalsuite.train.loop.trainer import due


def _save(partial: Partial, step: int) -> Path:
    folder = partial.folder / f"checkpoint-{step}"
    folder.mkdir()
    (folder / "optimizer.pt").write_bytes(b"state")
    return folder


def test_the_latest_complete_checkpoint_counts(tmp_path: Path) -> None:
    partial = Partial.open(tmp_path / "adapter", "job")
    for step in (9, 10):
        _save(partial, step)
        partial.seal(step, best=None)
    _save(partial, 11)
    assert partial.latest() == partial.folder / "checkpoint-10"
    assert sorted(path.name for path in partial.folder.glob("checkpoint-*")) == ["checkpoint-10"]


def test_the_best_checkpoint_is_kept_beside_the_last(tmp_path: Path) -> None:
    partial = Partial.open(tmp_path / "adapter", "job")
    best = _save(partial, 1)
    for step in (2, 3):
        _save(partial, step)
        partial.seal(step, best=best)
    assert sorted(path.name for path in partial.folder.glob("checkpoint-*")) == ["checkpoint-1", "checkpoint-3"]


def test_a_folder_left_by_another_job_is_emptied(tmp_path: Path) -> None:
    first = Partial.open(tmp_path / "adapter", "one job")
    _save(first, 1)
    first.seal(1, best=None)
    assert Partial.open(tmp_path / "adapter", "one job").latest() is not None
    assert Partial.open(tmp_path / "adapter", "another job").latest() is None


def test_evaluations_are_evenly_spaced_and_the_last_step_is_one() -> None:
    assert [step for step in range(1, 11) if due(step, 10, 3)] == [4, 7, 10]
    assert [step for step in range(1, 4) if due(step, 3, 100)] == [1, 2, 3]
