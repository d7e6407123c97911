"""JSON Schemas of the documents, emitted from the pydantic models for editors and other tools."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from evalsuite.spec.card import Aliases, Card
from evalsuite.spec.judge import JudgeFile
from evalsuite.spec.policy import Policy, VerdictFile
from evalsuite.spec.rubric import Rubric
from evalsuite.spec.run_spec import RunSpec
from evalsuite.spec.suite import Suite
from evalsuite.spec.teacher import Writing

DOCUMENTS: dict[str, type[BaseModel]] = {
    "run": RunSpec,
    "suite": Suite,
    "rubric": Rubric,
    "judge": JudgeFile,
    "policy": Policy,
    "writing": Writing,
    "card": Card,
    "aliases": Aliases,
    "verdict": VerdictFile,
}


def emit(kind: str) -> dict[str, Any]:
    """The JSON Schema of a document kind, with its version in the id."""
    schema = DOCUMENTS[kind].model_json_schema(mode="validation")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"{kind}.v1.json", **schema}


def write(folder: Path) -> list[Path]:
    """Write every schema into a folder, as `run.v1.json` and so on; returns the files."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for kind in DOCUMENTS:
        file = folder / f"{kind}.v1.json"
        file.write_text(json.dumps(emit(kind), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        written.append(file)
    return written
