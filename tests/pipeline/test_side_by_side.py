"""Trainings side by side: the same results, one spec's trouble is its own, and nothing outlives its parent."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from evalsuite.execute.side_by_side import places
from evalsuite.pipeline import flow as pipeline

COMMAND = "train: {{method: command, run: '{run}', output: out-{name}}}"


def with_commands(project, **commands: str):
    """The project with one spec per command; each command makes the adapter of its name."""
    text = project.spec.read_text()
    project.spec.unlink()
    for name, run in commands.items():
        train = COMMAND.format(run=run, name=name)
        spec = text.replace("name: elsewhere", f"name: {name}").replace("adapter: {path: adapter}", train)
        (project.spec.parent / f"{name}.yaml").write_text(spec)
    return sorted(project.spec.parent.glob("*.yaml"))


def run(project, specs):
    class Silent:
        def begin(self, plan, step): ...

        def progress(self, done, total): ...

        def say(self, text): ...

        def end(self, seconds): ...

    from evalsuite.models.scripted import ScriptedModel

    return pipeline.run(
        specs,
        project.store,
        Silent(),
        load=lambda base: ScriptedModel(project.answer, project.likelihood, digest=base.digest),
    )


def test_several_trainings_run_at_once_and_a_failed_one_costs_the_others_nothing(project):
    make = "mkdir -p out-{0}; cp adapter/* out-{0}; sleep 0.1"
    specs = with_commands(project, one=make.format("one"), two="echo no luck; exit 3", three=make.format("three"))
    assert places(pipeline.plan(specs, project.store)) == min(3, os.cpu_count() or 1)
    report = run(project, specs)
    assert [name for name, _ in report.errors] == ["two"]
    assert "the command ended with 3" in report.errors[0][1]
    for name in ("one", "three"):
        assert pipeline.candidate_results(name, project.store).by_metric["facts.accuracy"].value == 1.0
    assert run(project, [spec for spec in specs if spec.stem != "two"]).run_id is None


def test_a_large_base_is_trained_on_alone(project):
    specs = with_commands(project, one="true", two="true")
    weights = project.spec.parent / "base" / "model.safetensors"
    os.truncate(weights, 50_000_000)
    assert places(pipeline.plan(specs, project.store)) == 1


def test_workers_end_when_their_parent_is_killed(tmp_path):
    script = tmp_path / "parent.py"
    script.write_text(
        """
import os, signal, time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from evalsuite.execute.side_by_side import _begin

if __name__ == "__main__":
    context = get_context("spawn")
    pool = ProcessPoolExecutor(1, mp_context=context, initializer=_begin, initargs=(context.Queue(), os.getpid()))
    print(pool.submit(os.getpid).result(), flush=True)
    pool.submit(time.sleep, 60)
    time.sleep(0.3)
    os.kill(os.getpid(), signal.SIGKILL)
"""
    )
    parent = subprocess.run([sys.executable, str(script)], stdout=subprocess.PIPE, text=True, check=False)
    worker = int(parent.stdout)
    deadline = time.monotonic() + 10
    while _runs(worker) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _runs(worker)


def _runs(process: int) -> bool:
    try:
        # A zombie has ended; only its parent's glance is missing.
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
