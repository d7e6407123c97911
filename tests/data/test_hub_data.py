"""Data sets as sources: a folder that `datasets` reads becomes rows, with digests by content and errors by row."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from small_project import Project

from evalsuite.data.rows import training_rows
from evalsuite.errors import DataError, DocumentError
from evalsuite.models.base import find_base
from evalsuite.plan.make import training_digest
from evalsuite.records import Example, Prompt
from evalsuite.spec.load import load_specs

DATASET = "dataset: sets/trees\n      columns: {prompt: question, completion: answer}"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    import datasets

    monkeypatch.setenv("EVALSUITE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "hub")
    made = Project(tmp_path / "project")
    made.rows("sets/trees/train.jsonl", *({"question": f"What grows in {n}?", "answer": "An elm."} for n in range(3)))
    made.rows("sets/trees/test.jsonl", {"question": "What grows in 9?", "answer": "An oak."})
    made.change("specs/mine.yaml", "path: data/train.jsonl", DATASET)
    return made


def digest(project: Project) -> str | None:
    [resolved] = load_specs([project.spec])
    base = find_base(str(project.root / "specs" / "base"), revision=None, dtype="float32")
    return training_digest(resolved, base)


def test_the_rows_of_a_split_are_read_with_its_columns_renamed(project: Project) -> None:
    [source] = training_rows(load_specs([project.spec])[0])
    assert source.rows[0] == Example(Prompt.user("What grows in 0?"), "An elm.")
    assert str(source) == "sets/trees[train]: 3 rows, prompt and completion"
    project.change("specs/mine.yaml", "dataset: sets/trees", "dataset: sets/trees\n      split: test")
    [source] = training_rows(load_specs([project.spec])[0])
    assert source.rows == (Example(Prompt.user("What grows in 9?"), "An oak."),)


def test_the_digest_is_that_of_the_rows_wherever_they_lie(project: Project) -> None:
    before = digest(project)
    (project.root / "sets" / "trees").rename(project.root / "sets" / "wood")
    project.change("specs/mine.yaml", "sets/trees", "sets/wood")
    assert digest(project) == before
    project.change("sets/wood/train.jsonl", "An elm.", "A yew.")
    assert digest(project) != before


def test_a_bad_row_is_told_by_its_number(project: Project) -> None:
    rows = [{"question": "Why?", "answer": text} for text in ("So.", " ", "So.")]
    project.rows("sets/trees/train.jsonl", *rows)
    with pytest.raises(DataError, match=r"trees-train-.*\.jsonl:2  'completion' must be non-empty text \(1 of 3"):
        training_rows(load_specs([project.spec])[0])


def test_a_column_that_is_not_there_is_told_with_those_that_are(project: Project) -> None:
    project.change("specs/mine.yaml", "prompt: question", "prompt: asked")
    with pytest.raises(DataError, match=r"has no column 'asked' \(its columns: answer, question\)"):
        training_rows(load_specs([project.spec])[0])


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("dataset: sets/trees", "dataset: sets/none"), "'sets/none'  cannot be loaded: "),
        (("dataset: sets/trees", "dataset: sets/trees\n      split: dev"), "cannot be loaded: Unknown split"),
        (("dataset: sets/trees", "dataset: sets/trees\n      path: data/train.jsonl"), "give one of them"),
        (("columns: {prompt: question", "columns: {promt: question"), "promt"),
    ],
)
def test_what_cannot_be_had_is_a_problem_of_the_spec(
    project: Project, change: tuple[str, str], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    project.change("specs/mine.yaml", *change)
    with pytest.raises(DocumentError, match=sentence):
        load_specs([project.spec])


def test_a_file_with_columns_of_its_own_is_read_too(project: Project) -> None:
    text = project.spec.read_text().replace("dataset: sets/trees", "path: sets/trees/train.jsonl")
    project.write("specs/mine.yaml", text)
    [source] = training_rows(load_specs([project.spec])[0])
    assert len(source.rows) == 3


def test_equal_rows_are_exported_once(project: Project, tmp_path: Path) -> None:
    for _ in range(2):
        load_specs([project.spec])
    [file] = (tmp_path / "cache" / "datasets").iterdir()
    assert json.loads(file.read_text().splitlines()[0]) == {"question": "What grows in 0?", "answer": "An elm."}


def test_a_data_set_is_scored_like_a_file(project: Project) -> None:
    from click.testing import CliRunner

    from evalsuite.cli import evalsuite

    rows = [{"prompt": f"What grows in {n}?", "completion": "An elm."} for n in range(3)]
    for split in ("train", "test"):
        project.rows(f"sets/trees/{split}.jsonl", *rows)
    done = CliRunner().invoke(evalsuite, ["data", "score", str(project.root / "sets" / "trees"), "--format", "csv"])
    assert (done.exit_code, len(done.output.splitlines())) == (0, 4), done.exception
