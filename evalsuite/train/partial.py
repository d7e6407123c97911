"""The checkpoints of a training in progress: `<output>.partial/`, gone once the adapter stands."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from evalsuite.train.save import sync

# Written last, once every other file is on the disk; a checkpoint without it was cut off while being saved.
_SEAL = "complete"


@dataclass(frozen=True, slots=True)
class Partial:
    """The folder of checkpoints of one job."""

    folder: Path

    @staticmethod
    def open(output: Path, fingerprint: str) -> Partial:
        """The job's folder; emptied first when it was left by a job with another fingerprint."""
        folder = output.with_name(f"{output.name}.partial")
        owner = folder / "job"
        if not owner.is_file() or owner.read_text(encoding="ascii") != fingerprint:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            owner.write_text(fingerprint, encoding="ascii")
        return Partial(folder)

    def latest(self) -> Path | None:
        """The last complete checkpoint; unfinished ones are deleted."""
        for path in self._checkpoints():
            if not (path / _SEAL).is_file():
                shutil.rmtree(path)
        return max(self._checkpoints(), key=_step, default=None)

    def seal(self, step: int, *, best: Path | None) -> None:
        """Declares the checkpoint of this step complete and drops all others but the best."""
        current = self.folder / f"checkpoint-{step}"
        sync(current)
        (current / _SEAL).touch()
        sync(current)
        for path in self._checkpoints():
            if path != current and (best is None or path.name != best.name):
                shutil.rmtree(path)

    def remove(self) -> None:
        """Deletes the folder with all that is in it."""
        shutil.rmtree(self.folder)

    def _checkpoints(self) -> list[Path]:
        return sorted(path for path in self.folder.glob("checkpoint-*") if path.is_dir())


def _step(checkpoint: Path) -> int:
    return int(checkpoint.name.rpartition("-")[2])
