"""Every document that ships, and every one shown in the docs, is valid by its model and by its schema."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from evalsuite import __version__
from evalsuite.plan.preflight import check_data
from evalsuite.spec.document import validate
from evalsuite.spec.loading.load import load_specs
from evalsuite.spec.loading.lookup import bundled_folder
from evalsuite.spec.loading.schema import DOCUMENTS, emit, write
from evalsuite.spec.loading.yaml_reader import read_file, read_text

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = ROOT / "evalsuite" / "schemas"
KINDS = {"specs": "run", "suites": "suite", "gates": "policy", "rubrics": "rubric", "judges": "judge"}
SHIPPED = sorted(file for folder in KINDS for file in (ROOT / folder).rglob("*.y*ml"))
LINE_1 = re.compile(r"# yaml-language-server: \$schema=(\S+)")
STALE = "the schemas in evalsuite/schemas are stale; run `make golden` and look at the difference"


def named(file: Path) -> str:
    return str(file.relative_to(ROOT))


def test_the_newest_release_in_the_changelog_is_this_version() -> None:
    headings = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert headings[0] == "Unreleased"
    assert re.fullmatch(r"\[(.+)\] - \d{4}-\d{2}-\d{2}", headings[1])[1] == __version__  # type: ignore[index]


def test_something_of_every_kind_ships() -> None:
    assert {file.parent.name for file in SHIPPED} == set(KINDS)


@pytest.mark.parametrize("file", SHIPPED, ids=named)
def test_a_shipped_document_is_valid_and_named_as_its_file(file: Path) -> None:
    document: Any = validate(DOCUMENTS[KINDS[file.parent.name]], read_file(file))
    assert document.name == file.stem


@pytest.mark.parametrize("file", SHIPPED, ids=named)
def test_a_shipped_document_names_its_schema_in_line_1_and_satisfies_it(file: Path) -> None:
    found = LINE_1.fullmatch(file.read_text(encoding="utf-8").splitlines()[0])
    assert found
    schema = (file.parent / found[1]).resolve()
    assert schema == SCHEMAS / f"{KINDS[file.parent.name]}.v1.json"
    Draft202012Validator(json.loads(schema.read_text(encoding="utf-8"))).validate(read_file(file).data)


def test_the_shipped_specs_find_all_that_they_name() -> None:
    specs = load_specs(sorted((ROOT / "specs").glob("*.yaml")))
    check_data(specs)
    assert len(specs) >= 2


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_the_committed_schema_is_the_emitted_one(kind: str) -> None:
    committed = json.loads((SCHEMAS / f"{kind}.v1.json").read_text(encoding="utf-8"))
    assert committed == emit(kind), STALE


def test_the_schemas_folder_holds_what_is_written_and_no_more(tmp_path: Path) -> None:
    written = {file.name: file.read_text(encoding="utf-8") for file in write(tmp_path / "schemas")}
    committed = {file.name: file.read_text(encoding="utf-8") for file in SCHEMAS.iterdir()}
    assert committed == written, STALE


def snippets(file: Path) -> list[tuple[int, str]]:
    """The fenced YAML blocks of a page that are whole documents, with their lines."""
    found = []
    for block in re.finditer(r"^```ya?ml\n(.*?)^```", file.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
        if re.search(r"^schema_version:", block[1], re.MULTILINE):
            found.append((file.read_text(encoding="utf-8")[: block.start()].count("\n") + 2, block[1]))
    return found


def test_every_document_in_the_docs_is_valid() -> None:
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    for page in pages:
        for line, text in snippets(page):
            raw = read_text(text, file=f"{named(page)}:{line}")
            validate(DOCUMENTS[kind_of(raw.data)], raw)


def kind_of(data: dict[str, Any]) -> str:
    """The kind of a document by the key that only this kind has."""
    marks = {
        "teacher": "writing",
        "base_model": "run",
        "rules": "policy",
        "criteria": "rubric",
        "kind": "judge",
        "adapter_digest": "card",
    }
    return next((kind for mark, kind in marks.items() if mark in data), "suite")


def test_document_folders_hold_no_python() -> None:
    assert [named(file) for folder in (*KINDS, "data") for file in (ROOT / folder).rglob("*.py")] == []


def test_the_readme_shows_the_good_spec_as_it_is() -> None:
    readme = (bundled_folder("specs").parent / "README.md").read_text(encoding="utf-8")
    spec = (bundled_folder("specs") / "principles-lora.yaml").read_text(encoding="utf-8")
    assert f"```yaml\n{spec}```" in readme


def test_what_is_unreleased_is_told_once_and_in_few_words() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").partition("## Unreleased")[2].partition("\n## ")[0]
    heads, lines = re.findall(r"^### (\w+)$", text, re.MULTILINE), re.split(r"^- ", text, flags=re.MULTILINE)[1:]
    told = [line.partition("\n\n")[0].split() for line in lines]
    assert len(set(heads)) == len(heads)
    assert [" ".join(words) for words in told if len(words) > 25] == []
    assert len({tuple(words) for words in told}) == len(told)
