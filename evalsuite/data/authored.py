"""Prompts with the author's own answers: the held-out set that a style is measured on."""

from __future__ import annotations

from pathlib import Path

from evalsuite.data.jsonl import group, identity, part, read_objects, text_field
from evalsuite.records import Prompt, Sample


def read_authored(path: Path) -> tuple[Sample, ...]:
    """The rows `{"id", "prompt", "reference"}` of a JSONL file; raises DataError naming the line."""
    samples = []
    for number, row in read_objects(path):
        at = (path, number)
        prompt, reference = (text_field(row, key, at=at) for key in ("prompt", "reference"))
        name, its = identity(row, at=at), group(row, at=at)
        samples.append(Sample(name, Prompt.user(prompt), reference, group=its, subject=part(row)))
    return tuple(samples)
