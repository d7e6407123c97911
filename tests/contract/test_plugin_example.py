"""A package that knows evalsuite only from outside: installed, it adds one plug-in of each kind to a real run."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from small_project import Project

from evalsuite.pipeline import flow as pipeline
from evalsuite.store import Store

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "tests" / "plugin_example"
SPEC = """\
schema_version: 1
name: mine
base_model: {id: quickstart}
train: {method: first_rows, k: 1, data: [{path: data/train.jsonl}]}
suite: small
gate: strict
"""
SUITE = """\
schema_version: 1
name: small
benchmarks:
  - {name: bees, data: data/bees.jsonl, task: {kind: mentions, max_tokens: 8}}
judged:
  - {name: style, data: data/author.jsonl, rubric: helpfulness, judge: brief, max_tokens: 8}
probes:
  - {probe: wordiness, data: data/asked.jsonl, max_tokens: 8}
"""
GATE = """\
schema_version: 1
name: strict
rules:
  - {rule: scored, metric: bees.recall}
"""
JUDGE = """\
schema_version: 1
name: brief
kind: word_limit
at_most: 200
"""


def command(*words: str, cwd: Path, path: str) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if key != "EVALSUITE_PLUGINS"}
    environment |= {"PYTHONPATH": path}
    return subprocess.run(
        [sys.executable, "-m", *words], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The search path with the package on it, installed as people install it."""
    folder = tmp_path_factory.mktemp("installed")
    # Without the caches that the interpreter leaves beside the sources.
    source = shutil.copytree(EXAMPLE, folder / "source", ignore=shutil.ignore_patterns("__pycache__"))
    options = ("--quiet", "--no-index", "--no-deps", "--no-build-isolation", "--disable-pip-version-check")
    done = command("pip", "install", *options, "--target", str(folder / "site"), str(source), cwd=folder, path="")
    assert done.returncode == 0, done.stderr
    return os.pathsep.join([str(folder / "site"), str(ROOT)])


@pytest.fixture
def using(project: Project) -> Project:
    """A project whose documents name a plug-in of each kind."""
    for name, text in (("specs/mine.yaml", SPEC), ("suites/small.yaml", SUITE), ("gates/strict.yaml", GATE)):
        project.write(name, text)
    project.write("judges/brief.yaml", JUDGE)
    items = ({"id": f"bee-{i}", "question": f"What do {i} bees make?", "words": ["honey", "wax"]} for i in range(3))
    project.rows("data/bees.jsonl", *items)
    project.rows("data/author.jsonl", {"id": "1", "prompt": "Why?", "reference": "Because."})
    project.rows("data/asked.jsonl", {"id": "a", "prompt": "Say hello."}, {"id": "b", "prompt": "Say goodbye."})
    return project


@pytest.mark.slow
def test_an_installed_package_adds_its_plug_ins_to_a_run(using: Project, installed: str) -> None:
    done = command("evalsuite", "run", "specs/mine.yaml", cwd=using.root, path=installed)
    assert done.returncode == 0, done.stdout + done.stderr
    store = Store(using.root / ".evalsuite")
    figures = pipeline.candidate_results("mine", store).by_metric
    assert (figures["bees.recall"].n, figures["wordiness.words"].n) == (3, 2)
    assert (figures["style.score"].value, figures["style.score"].n) == (1.0, 1)
    verdict = json.loads(next(store.folder.glob("verdicts/mine/verdict.json")).read_text(encoding="utf-8"))
    (rule,) = verdict["rules"]
    assert (verdict["answer"], rule["rule"], rule["metric"]) == ("pass", "scored", "bees.recall")
    assert rule["sentence"] == "3 of 3 samples of bees.recall have a score; 95% are wanted"
