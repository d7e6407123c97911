"""Any trainer: a command of your own makes the adapter, evalsuite judges it.

For `axolotl train config.yaml`, `llamafactory-cli train config.yaml` or a script. What the command reads is declared
under `inputs`; their bytes are digested, so the command runs again exactly when one of them changed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from evalsuite.errors import TrainingError
from evalsuite.plugins import TrainingJob
from evalsuite.records import Recipe, Training
from evalsuite.spec.options import MethodOptions
from evalsuite.spec.source import Source

_LAST_LINES = 5


class Command(MethodOptions):
    """Runs a command in the spec's project folder and takes the PEFT adapter that it leaves under `output`."""

    version: ClassVar[int] = 1
    instead: ClassVar[str] = "a command of your own made the adapter"

    method: Literal["command"]
    run: Annotated[str, Field(min_length=1, description="a shell command, run in the project's folder")]
    output: Annotated[str, Field(min_length=1, description="the folder in which it leaves a PEFT adapter")]
    inputs: Annotated[tuple[str, ...], Field(description="files that it reads; their bytes are digested")] = ()
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0

    @property
    def recipe(self) -> Recipe:
        """The declared inputs; they are digested, and read by the command alone."""
        return Recipe(sources=tuple(Source(path=path) for path in self.inputs), seed=self.seed)

    def train(self, job: TrainingJob) -> Training:
        """Run the command and copy its adapter to `job.output`; raises TrainingError with the end of its log."""
        from evalsuite.train.loop.save import replace_folder, sync
        from evalsuite.train.loop.untrained import made_elsewhere

        began = time.monotonic()
        made = job.folder / self.output
        log = job.output.with_name(f"{job.output.name}.log")
        log.parent.mkdir(parents=True, exist_ok=True)
        self._run(job, log)
        if not (made / "adapter_config.json").is_file():
            raise TrainingError(f"{job.name}  the command ended well but left no PEFT adapter in {made}; see {log}")
        fresh = job.output.with_name(f"{job.output.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.copytree(made, fresh)
        sync(fresh)
        replace_folder(fresh, job.output)
        return made_elsewhere(job, seconds=time.monotonic() - began)

    def _run(self, job: TrainingJob, log: Path) -> None:
        environment = {**os.environ, "EVALSUITE_BASE_MODEL": str(job.base), "EVALSUITE_SEED": str(job.seed)}
        with log.open("wb") as file:
            done = subprocess.run(  # noqa: S602  # a shell command of the person's own is what is asked for
                self.run,
                shell=True,
                cwd=job.folder,
                env=environment,
                stdout=file,
                stderr=subprocess.STDOUT,
                check=False,
            )
        if done.returncode:
            lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
            end = "\n".join(f"  {line}" for line in lines[-_LAST_LINES:])
            raise TrainingError(f"{job.name}  the command ended with {done.returncode}; the end of {log}:\n{end}")
