"""A miniature project on disk whose base model and adapter are scripted: real files, real store, no torch."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from evalsuite.models.checkpoints.base import BaseCheckpoint
from evalsuite.models.scripted import ScriptedModel
from evalsuite.pipeline import flow as pipeline
from evalsuite.pipeline.run import RunReport
from evalsuite.plan.steps import Plan, Step
from evalsuite.records import Adapter, Prompt
from evalsuite.spec.judging import ResolvedJudge
from evalsuite.store import Store

SUITE = """
schema_version: 1
name: small
seed: 3
benchmarks:
  - {name: facts, data: data/facts.jsonl, task: {kind: multiple_choice}}
  - {name: sums, data: data/sums.jsonl, task: {kind: generate}}
judged:
  - {name: style, data: data/author.jsonl, rubric: sober, judge: offline}
pairings:
  - {name: duel, of: style, rubric: sober, judge: offline}
probes:
  - {probe: flips, of: [facts, sums]}
"""
RUBRIC = """
schema_version: 1
name: sober
criteria:
  - {name: so, description: Ends soberly., anchors: {"1": no, "5": yes}, check: {kind: pattern, must: ['^So: ']}}
"""
GATE = """
schema_version: 1
name: strict
rules:
  - {rule: floor, metric: style.fidelity, at_least: 0.5}
  - {rule: non_inferior, metric: facts.accuracy, margin: 0.1}
"""
SPEC = """
schema_version: 1
name: elsewhere
base_model: {id: ./base}
adapter: {path: adapter}
suite: small
gate: strict
"""
ITEMS = 60


class Quiet:
    """A watcher that remembers which steps began."""

    def __init__(self) -> None:
        self.began: list[str] = []

    def begin(self, plan: Plan, step: Step) -> None:
        self.began.append(f"{plan.name} {step.label}")

    def progress(self, done: int, total: int) -> None:
        """Not remembered."""

    def say(self, text: str) -> None:
        """Not remembered."""

    def end(self, seconds: float) -> None:
        """Not remembered."""


@dataclass
class Project:
    """The project's folder, and how often its model was asked."""

    folder: Path
    asked: int = 0
    loads: int = 0
    spec: Path = field(init=False)
    place: Path = field(init=False)
    items: int = ITEMS
    harm: bool = False
    deaf: bool = False
    load_judge: Callable[[ResolvedJudge], ScriptedModel] | None = None
    specs: list[Path] = field(default_factory=list)
    began: list[str] = field(default_factory=list)

    @property
    def store(self) -> Store:
        return Store(self.place / ".evalsuite")

    def __post_init__(self) -> None:
        self.spec = self.folder / "specs" / "elsewhere.yaml"
        self.place = self.folder

    def run(self, settings: Sequence[str] = (), specs: Sequence[Path] = ()) -> RunReport:
        """`evalsuite run` with the scripted model."""
        watch, models = Quiet(), []

        def load(base: BaseCheckpoint) -> ScriptedModel:
            models.append(self.load(base))
            return models[-1]

        files = list(specs) or self.specs or [self.spec]
        report = pipeline.run(files, self.store, watch, settings=tuple(settings), load=load, load_judge=self.load_judge)
        self.asked, self.loads, self.began = sum(model.asked for model in models), len(models), watch.began
        return report

    def load(self, base: BaseCheckpoint) -> ScriptedModel:
        """The scripted model in place of a base."""
        return ScriptedModel(self.answer, self.likelihood, digest=base.digest)

    def quiet(self) -> Quiet:
        """A watcher that only remembers."""
        return Quiet()

    def answer(self, prompt: Prompt, adapter: Adapter | None) -> str:
        """Right, and sober only through the adapter; a harmed adapter forgets every third sum."""
        number = int(prompt.shown.split()[-1])
        if prompt.shown.startswith("Sum"):
            return "none" if adapter and self.harm and number % 3 == 0 else str(number)
        shown = len(prompt.messages) > 1
        return f"So: {number}" if (adapter or shown) and not self.deaf else f"{number}, I think"

    def likelihood(self, prompt: Prompt, option: str, adapter: Adapter | None) -> float:
        """The right option is likeliest; a harmed adapter takes every second one wrong."""
        number = int((prompt.shown or option).split()[-1])
        right = option == f"answer {number}"
        if adapter and self.harm and number % 2 == 0:
            right = not right
        changed = (adapter or len(prompt.messages) > 1) and not self.deaf
        return (-1.0 if right else -5.0) - (0.25 if changed else 0.0)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project with one spec about an adapter trained elsewhere."""
    _base(tmp_path / "specs" / "base")
    _adapter(tmp_path / "adapter", scale=1.0)
    documents = {"specs/elsewhere": SPEC, "suites/small": SUITE, "rubrics/sober": RUBRIC, "gates/strict": GATE}
    for name, text in documents.items():
        file = tmp_path / f"{name}.yaml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    rows = {
        "facts": [
            {"question": f"Fact {i}", "choices": [f"answer {i}", f"other {i}"], "answer": 0} for i in range(ITEMS)
        ],
        "sums": [{"question": f"Sum {i}", "answer": str(i)} for i in range(ITEMS)],
        "author": [{"prompt": f"Why {i}", "reference": f"So: {i}"} for i in range(ITEMS)],
    }
    (tmp_path / "data").mkdir()
    for name, items in rows.items():
        lines = (json.dumps({"id": f"{name}-{i:03}", **item}) for i, item in enumerate(items))
        (tmp_path / "data" / f"{name}.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return Project(tmp_path)


def _base(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "config.json").write_text('{"num_hidden_layers": 1}', encoding="utf-8")
    (folder / "tokenizer.json").write_text("{}", encoding="utf-8")
    save_file({"model.layers.0.mlp.up_proj.weight": np.ones((4, 2), "float32")}, folder / "model.safetensors")


def _adapter(folder: Path, *, scale: float) -> None:
    folder.mkdir()
    (folder / "adapter_config.json").write_text('{"peft_type": "LORA", "r": 1}', encoding="utf-8")
    weights = {"lora_A.weight": np.full((1, 2), scale, "float32"), "lora_B.weight": np.full((4, 1), scale, "float32")}
    prefix = "base_model.model.model.layers.0.mlp.up_proj"
    save_file({f"{prefix}.{name}": value for name, value in weights.items()}, folder / "adapter_model.safetensors")


@pytest.fixture
def retrain():
    """Other weights into the same adapter folder, as a training run again would leave them."""

    def write(project: Project) -> None:
        for file in (project.folder / "adapter").iterdir():
            file.unlink()
        (project.folder / "adapter").rmdir()
        _adapter(project.folder / "adapter", scale=2.0)

    return write
