"""Prompts with the author's own answers: the held-out set that a style is measured on."""

from __future__ import annotations

from pathlib import Path

from evalsuite.data.jsonl import read_objects, text_field
from evalsuite.records import Prompt, Sample


def read_authored(path: Path) -> tuple[Sample, ...]:
    """The rows `{"id", "prompt", "reference"}` of a JSONL file; raises DataError naming the line."""
    samples = []
    for number, row in read_objects(path):
        prompt, reference = (text_field(row, key, at=(path, number)) for key in ("prompt", "reference"))
        samples.append(Sample(str(row.get("id", number)), Prompt.user(prompt), reference, group=row.get("group")))
    return tuple(samples)
