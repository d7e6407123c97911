"""A small project on disk, for tests of documents, data and the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SPEC = """\
schema_version: 1
name: mine
base_model: {id: ./base}
train:
  method: sft
  adapter: {type: lora}
  data:
    - path: data/train.jsonl
  epochs: 3
suite: small
gate: strict
"""
SUITE = """\
schema_version: 1
name: small
benchmarks:
  - name: facts
    data: data/facts.jsonl
    task: {kind: multiple_choice}
"""
GATE = """\
schema_version: 1
name: strict
rules:
  - {rule: floor, metric: facts.accuracy, at_least: 0.5}
"""


class Project:
    """A folder with one spec, its suite, gate, data and a base model that can be digested but not loaded."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.write("specs/mine.yaml", SPEC)
        self.write("suites/small.yaml", SUITE)
        self.write("gates/strict.yaml", GATE)
        self.rows("data/train.jsonl", {"prompt": "Say hello.", "completion": "Hello."})
        self.rows("data/facts.jsonl", {"id": "1", "question": "Two?", "choices": ["2", "3"], "answer": 0})
        for name in ("config.json", "model.safetensors", "tokenizer.json"):
            self.write(f"specs/base/{name}", "{}")

    @property
    def spec(self) -> Path:
        """The spec's file."""
        return self.root / "specs" / "mine.yaml"

    def write(self, path: str, text: str) -> Path:
        """Write a file of the project."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def change(self, path: str, old: str, new: str) -> Path:
        """Replace a part of a file that is surely there."""
        text = (self.root / path).read_text(encoding="utf-8")
        assert old in text
        return self.write(path, text.replace(old, new, 1))

    def rows(self, path: str, *rows: dict[str, Any]) -> Path:
        """Write rows as JSON Lines."""
        return self.write(path, "".join(json.dumps(row) + "\n" for row in rows))
