"""A run that is killed at any moment and started again ends with the results of an undisturbed one."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from evalsuite.spec.loading.lookup import bundled_folder
from evalsuite.store import Store
from evalsuite.store.connect import reading

KILLS = 10
SPEC = """
schema_version: 1
name: brief
base_model: {id: quickstart}
train:
  method: sft
  adapter: {type: lora, r: 4, alpha: 8, dropout: 0.1}
  data: [{path: rows.jsonl}]
  epochs: 2
  learning_rate: 5e-3
  max_length: 192
  evaluations: 6
  seed: 1
suite: brief
gate: brief
"""
SUITE = """
schema_version: 1
name: brief
benchmarks:
  - {name: facts, data: facts.jsonl, limit: 20, task: {kind: multiple_choice}}
  - {name: sums, data: sums.jsonl, limit: 10, task: {kind: generate, max_tokens: 16}}
judged:
  - {name: style, data: author_heldout.jsonl, limit: 6, rubric: first-principles, judge: offline, max_tokens: 32}
pairings:
  - {name: duel, of: style, rubric: first-principles, judge: offline}
probes:
  - {probe: flips, of: [facts, sums]}
"""
GATE = """
schema_version: 1
name: brief
rules:
  - {rule: non_inferior, metric: facts.accuracy, margin: 0.2}
"""
# Times, process numbers and the order of attempts differ by nature; everything a person could read must not.
TABLES = {
    "results WHERE metric NOT LIKE 'latency.%'": "*",
    "comparisons": "*",
    "scores": "*",
    "replies": "*",
    "verdicts": "*",
    "rule_outcomes": "*",
    "training_points": "*",
    "trainings": "step_digest, adapter_digest, name, tokens_seen, trained_parameters, held_out_loss",
    "steps": "step_digest, kind, entry, role, seed",
}


def project(folder: Path) -> Path:
    data = bundled_folder("data")
    folder.mkdir()
    for name in ("facts", "sums", "author_heldout"):
        (folder / f"{name}.jsonl").write_bytes((data / f"{name}.jsonl").read_bytes())
    rows = (data / "author_train.jsonl").read_text(encoding="utf-8").splitlines()[:64]
    (folder / "rows.jsonl").write_text("\n".join(rows), encoding="utf-8")
    documents = {"brief-spec": SPEC, "suites/brief": SUITE, "gates/brief": GATE}
    for name, text in documents.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder / "brief-spec.yaml"


def start(spec: Path, store: Store) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "evalsuite", "run", str(spec), "--store", str(store.folder)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )


def finish(spec: Path, store: Store) -> float:
    started = time.monotonic()
    process = start(spec, store)
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 0, output
    return time.monotonic() - started


def tables(store: Store) -> dict[str, list[tuple[object, ...]]]:
    with reading(store) as connection:
        return {
            table: sorted(connection.execute(f"SELECT {columns} FROM {table}").fetchall(), key=repr)
            for table, columns in TABLES.items()
        }


def finished_at(store: Store) -> dict[str, object]:
    if not store.results.exists():
        return {}
    with reading(store) as connection:
        known = connection.execute("SELECT table_name FROM information_schema.tables").fetchall()
        return (
            dict(connection.execute("SELECT step_digest, finished_at FROM steps").fetchall())
            if ("steps",) in known
            else {}
        )


@pytest.mark.slow
def test_killed_at_ten_random_moments_and_run_again_the_tables_are_those_of_an_undisturbed_run(tmp_path):
    spec = project(tmp_path / "project")
    calm, disturbed = Store(tmp_path / "calm"), Store(tmp_path / "disturbed")
    seconds = finish(spec, calm)
    draw = random.Random(int(os.environ.get("EVALSUITE_KILL_SEED", "11")))
    done: dict[str, object] = {}
    for _ in range(KILLS):
        process = start(spec, disturbed)
        time.sleep(draw.uniform(0.1, seconds))
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        now = finished_at(disturbed)
        assert {step: now[step] for step in done} == done, "a finished step was run again"
        done = now
    finish(spec, disturbed)
    again = finished_at(disturbed)
    assert {step: again[step] for step in done} == done
    assert tables(disturbed) == tables(calm)
    adapters = [next(store.adapters.glob("brief-*/adapter_model.safetensors")) for store in (calm, disturbed)]
    assert adapters[0].read_bytes() == adapters[1].read_bytes()
    assert json.loads((disturbed.verdicts / "brief" / "verdict.json").read_text())["answer"] in (
        "pass",
        "fail",
        "undecided",
    )
