"""What a run's log hears of its steps."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from evalsuite.pipeline.run import Logged
from evalsuite.store import Store
from evalsuite.store.runs import RunLog, tail


class Heard:
    """A watcher that keeps what it is told."""

    def __init__(self) -> None:
        self.said: list[Any] = []

    def begin(self, plan: Any, step: Any) -> None:
        self.said.append(("begin", plan.name))

    def progress(self, done: int, total: int) -> None:
        self.said.append((done, total))

    def say(self, text: str) -> None:
        self.said.append(text)

    def end(self, seconds: float) -> None:
        self.said.append(seconds)


def test_trainings_that_take_turns_begin_once_each_and_the_watcher_hears_all(tmp_path: Path) -> None:
    heard, step = Heard(), SimpleNamespace(label="train")
    with RunLog(Store(tmp_path), "run-1") as log:
        watch = Logged(heard, log)
        for name in ("one", "two", "one", "two"):
            watch.begin(SimpleNamespace(name=name), step)  # type: ignore[arg-type]
            watch.say("loss 0.5")
        watch.end(2.0)
        watch.failed("one", "out of memory")
    assert [line[10:] for line in tail(Store(tmp_path), "run-1")] == [
        "one  train  begins",
        "two  train  begins",
        "two  train  done in 2.0 s",
        "one  could not be carried through: out of memory",
    ]
    assert heard.said.count("loss 0.5") == 4
    assert heard.said[-1] == 2.0
