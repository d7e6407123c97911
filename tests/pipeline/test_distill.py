"""Distillation from spec to verdict: the student's base learns a manner that only the teacher's adapter had."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evalsuite.pipeline import flow as pipeline
from evalsuite.report.progress import looked_up, totals
from evalsuite.spec.loading.lookup import bundled_folder
from evalsuite.store import Store

TRAINING = """
  adapter: {type: lora, r: 8, alpha: 16, target_modules: all-linear}
  learning_rate: 8e-3
  batch_size: 16
  warmup_ratio: 0.1
  max_length: 256
  seed: 7
"""
TEACHER = f"""
schema_version: 1
name: teacher
base_model: {{id: quickstart}}
train:
  method: sft
  data: [{{path: data/author_train.jsonl}}]
  epochs: 4{TRAINING}
suite: manner
"""
STUDENT = f"""
schema_version: 1
name: student
base_model: {{id: quickstart}}
train:
  method: distill
  teacher: {{adapter: teacher, max_tokens: 128}}
  data: [{{path: data/prompts.jsonl}}]
  epochs: 4{TRAINING}
suite: manner
"""


SUITE = """
schema_version: 1
name: manner
judged:
  - {name: style, data: data/author_heldout.jsonl, limit: 20, rubric: first-principles, judge: offline, max_tokens: 128}
"""


class Quiet:
    """A watcher that remembers what the trainings said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def begin(self, plan, step) -> None:
        """Not remembered."""

    def progress(self, done, total) -> None:
        """Not remembered."""

    def say(self, text) -> None:
        self.said.append(text)

    def end(self, seconds) -> None:
        """Not remembered."""


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """The quickstart's project with a teacher, and a student that is given the questions without their answers."""
    (tmp_path / "data").mkdir()
    for file in bundled_folder("data").iterdir():
        (tmp_path / "data" / file.name).symlink_to(file)
    rows = (bundled_folder("data") / "author_train.jsonl").read_text(encoding="utf-8").splitlines()
    # Two of the questions stand there twice.
    asked = [{"prompt": json.loads(line)["prompt"]} for line in [*rows, *rows[:2]]]
    (tmp_path / "data" / "prompts.jsonl").write_text("\n".join(map(json.dumps, asked)), encoding="utf-8")
    (tmp_path / "specs").mkdir()
    (tmp_path / "suites").mkdir()
    (tmp_path / "suites" / "manner.yaml").write_text(SUITE, encoding="utf-8")
    specs = {"student": STUDENT, "teacher": TEACHER}
    for name, text in specs.items():
        (tmp_path / "specs" / f"{name}.yaml").write_text(text, encoding="utf-8")
    return [tmp_path / "specs" / f"{name}.yaml" for name in specs]


@pytest.mark.slow
def test_the_student_learns_the_teachers_manner_from_its_answers_alone(files: list[Path], tmp_path: Path) -> None:
    store, watch = Store(tmp_path / "store"), Quiet()
    [student, _] = pipeline.plan(files, store)
    assert looked_up(student)[-2:] == [
        "builds on teacher, which is trained first",
        "data/prompts.jsonl: 242 rows, prompt",
    ]
    assert "242 teacher calls" in totals([student], frozenset())
    report = pipeline.run(files, store, watch)
    assert report.errors == ()
    found = {
        name: {metric: result.value for metric, result in pipeline.candidate_results(name, store).by_metric.items()}
        for name in ("student", "teacher")
    }
    # Nearly all of what the teacher learnt from the author's own answers, where the base has none of it.
    assert found["teacher"]["style.fidelity"] > 0.8
    assert found["student"]["style.fidelity"] > 0.9 * found["teacher"]["style.fidelity"]
    [answers] = store.adapters.glob("student-*.answers.jsonl")
    rows = [json.loads(line) for line in answers.read_text(encoding="utf-8").splitlines()]
    # An answer may be cut off.
    assert 235 < len(rows) == len({row["prompt"] for row in rows}) <= 240
    assert rows[0]["teacher"]["id"] == "quickstart with teacher"
    [told] = [line for line in watch.said if line.startswith("teacher ")]
    used = f"{len(rows)} of 242 answers used; repeats an earlier row: 2"
    assert told.startswith(f"teacher quickstart with teacher: {used}")
    assert pipeline.run(files, store, watch).steps_run == 0
