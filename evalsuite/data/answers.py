"""Answers on file, given by anyone to the prompts of a judged set."""

from __future__ import annotations

from pathlib import Path

from evalsuite.data.authored import read_authored
from evalsuite.data.jsonl import read_objects, text_field
from evalsuite.errors import DataError
from evalsuite.records import Reply


def answers_to(file: Path, authored: Path) -> tuple[Reply, ...]:
    """The rows `{"text", "id" or "prompt"}` of a JSONL file that answer prompts of the judged set in `authored`.

    Rows that answer no prompt of the set are left aside. Raises DataError for a malformed row, two answers to one
    prompt, or a file without any answer to the set.
    """
    samples = read_authored(authored)
    by_id, by_prompt = {s.id: s for s in samples}, {s.prompt.shown: s for s in samples}
    found: dict[str, Reply] = {}
    for number, row in read_objects(file):
        if "id" not in row and "prompt" not in row:
            raise DataError(f"{file}:{number}  has neither 'id' nor 'prompt'; say which prompt it answers")
        text = text_field(row, "text", at=(file, number))
        sample = by_id.get(str(row["id"])) if "id" in row else by_prompt.get(str(row["prompt"]))
        if sample is None:
            continue
        if sample.id in found:
            raise DataError(f"{file}:{number}  answers {sample.id!r} a second time; keep one answer")
        found[sample.id] = Reply(sample.id, sample.prompt.shown, text, sample.target, sample.group)
    if not found:
        raise DataError(f"{file}  answers no prompt of {authored}; its `id` or `prompt` must be one of those")
    return tuple(found.values())
