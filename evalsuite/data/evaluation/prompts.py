"""What is asked: prompts of probes, prompts with the author's own answers, answers on file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalsuite.data.digest import distinct
from evalsuite.data.files import group, identity, part, read_objects, read_rows, text_field
from evalsuite.errors import DataError
from evalsuite.records import Prompt, Reply, Sample

FORMS = ("json", "schema", "markdown", "list", "number", "brief", "sentence")


@dataclass(frozen=True, slots=True)
class ProbePrompt:
    """One prompt: `kind` is what it is an example of, `form` how the reply should look, `schema` a JSON Schema."""

    sample: Sample
    kind: str | None = None
    form: str | None = None
    schema: str | None = None


def read_prompts(path: Path, *, kinds: tuple[str, ...] = ()) -> tuple[ProbePrompt, ...]:
    """The rows `{"id", "prompt"}` of a JSONL file, with `kind`, `form`, `schema`, `choices` and `answer` where given.

    Raises DataError naming the line; every row must have one of `kinds` where these are given.
    """
    found = [_prompt(row, (path, number), kinds) for number, row in read_objects(path)]
    distinct([item.sample for item in found], source=str(path))
    return tuple(found)


def read_texts(path: Path) -> Iterator[tuple[str, str]]:
    """The id and text of each row of a file that has `text`, such as JSONL or the paragraphs of a .txt."""
    seen: set[str] = set()
    for number, row in read_rows(path):
        if isinstance(row, DataError):
            raise row
        name = identity(row, at=(path, number))
        if name in seen:
            raise DataError(f"{path}:{number}  the id {name!r} stands twice; give each row its own")
        seen.add(name)
        yield name, text_field(row, "text", at=(path, number))


def _prompt(row: dict[str, Any], at: tuple[Path, int], kinds: tuple[str, ...]) -> ProbePrompt:
    where = f"{at[0]}:{at[1]}"
    kind, form, schema = (row.get(key) for key in ("kind", "form", "schema"))
    if kinds and kind not in kinds:
        raise DataError(f"{where}  'kind' must be one of {', '.join(kinds)}")
    if form is not None and form not in FORMS:
        raise DataError(f"{where}  'form' must be one of {', '.join(FORMS)}")
    if (form == "schema") != isinstance(schema, dict):
        raise DataError(f"{where}  'form: schema' and an object under 'schema' belong together")
    choices = row.get("choices", [])
    if not isinstance(choices, list) or not all(isinstance(choice, str) and choice.strip() for choice in choices):
        raise DataError(f"{where}  'choices' must be a list of texts")
    sample = Sample(
        identity(row, at=at),
        Prompt.user(text_field(row, "prompt", at=at)),
        str(row.get("answer", "")),
        tuple(choices),
        group(row, at=at),
    )
    return ProbePrompt(sample, kind, form, json.dumps(schema, sort_keys=True) if schema is not None else None)


def read_authored(path: Path) -> tuple[Sample, ...]:
    """The rows `{"id", "prompt", "reference"}` of a JSONL file; raises DataError naming the line."""
    samples = []
    for number, row in read_objects(path):
        at = (path, number)
        prompt, reference = (text_field(row, key, at=at) for key in ("prompt", "reference"))
        name, its = identity(row, at=at), group(row, at=at)
        samples.append(Sample(name, Prompt.user(prompt), reference, group=its, subject=part(row)))
    return tuple(samples)


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
