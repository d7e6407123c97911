"""Data sets as sources: a folder that `datasets` reads becomes rows, with digests by content and errors by row."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from small_project import Project

from evalsuite.cli import main
from evalsuite.data.fetch import fetch_data
from evalsuite.data.training.rows import training_rows
from evalsuite.errors import DataError, DocumentError
from evalsuite.models.checkpoints.base import find_base
from evalsuite.plan.digests import training_digest
from evalsuite.plan.preflight import check_data
from evalsuite.records import Example, Prompt
from evalsuite.spec.loading.load import load_specs
from evalsuite.spec.run_spec import ResolvedSpec
from evalsuite.spec.source import sources_of

DATASET = "path: sets/trees\n      split: train\n      columns: {prompt: question, completion: answer}"
HUB = "hub: org/trees\n      revision: 4f1b2c0"


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


def loaded(project: Project) -> ResolvedSpec:
    """The project's spec, with its data sets' rows on this machine."""
    [resolved] = load_specs([project.spec])
    fetch_data(resolved, download=False)
    return resolved


def digest(project: Project) -> str | None:
    base = find_base(str(project.root / "specs" / "base"), revision=None, dtype="float32")
    return training_digest(loaded(project), base)


def test_the_rows_of_a_split_are_read_with_its_columns_renamed(project: Project) -> None:
    [source] = training_rows(loaded(project))
    assert source.rows[0] == Example(Prompt.user("What grows in 0?"), "An elm.")
    assert str(source) == "sets/trees[train]: 3 rows, prompt and completion"
    project.change("specs/mine.yaml", "split: train", "split: test")
    [source] = training_rows(loaded(project))
    assert source.rows == (Example(Prompt.user("What grows in 9?"), "An oak."),)
    assert str(source) == "sets/trees[test]: 1 rows, prompt and completion"


def test_parts_of_a_split_are_kept_apart(project: Project) -> None:
    for part, count in (("train[:1]", 1), ("train[1:]", 2)):
        project.change("specs/mine.yaml", "split: train", f"split: {part}")
        assert len(training_rows(loaded(project))[0].rows) == count
        project.change("specs/mine.yaml", f"split: {part}", "split: train")


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
    with pytest.raises(DataError, match=r"trees--train--.*\.jsonl:2  'completion' must be non-empty text \(1 of 3"):
        training_rows(loaded(project))


def test_a_column_that_is_not_there_is_told_with_those_that_are(project: Project) -> None:
    project.change("specs/mine.yaml", "prompt: question", "prompt: asked")
    with pytest.raises(DataError, match=r"has no column 'asked' \(its columns: answer, question\)"):
        training_rows(loaded(project))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("path: sets/trees", "path: sets/none"), "'sets/none' does not exist; looked for"),
        (
            ("path: sets/trees", "path: data/train.jsonl"),
            "0.split  split belongs to a data set, and data/train.jsonl is",
        ),
        (("      split: train\n", ""), "must be a file, not a folder; one that `datasets` reads needs `split`"),
        (("path: sets/trees", "path: sets/trees\n      hub: org/trees"), "give one of them"),
        (("path: sets/trees", "path: sets/trees\n      revision: abc"), "revision belongs to a data set of the `hub`"),
        (("path: sets/trees", "hub: org/trees"), "needs `revision`, the commit of the data set"),
        (("columns: {prompt: question", "columns: {promt: question"), "promt"),
    ],
)
def test_what_a_source_cannot_say_is_a_problem_of_the_spec(
    project: Project, change: tuple[str, str], sentence: str
) -> None:
    project.change("specs/mine.yaml", *change)
    with pytest.raises(DocumentError, match=sentence):
        load_specs([project.spec])


def test_a_split_that_a_folder_does_not_have_is_told_with_those_it_has(project: Project) -> None:
    project.change("specs/mine.yaml", "split: train", "split: dev")
    with pytest.raises(DataError, match=r"trees': split 'dev' cannot be loaded \(Unknown split .*'train', 'test'"):
        check_data(load_specs([project.spec]))


def test_validate_reads_folders_and_says_what_the_first_run_fetches(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    words = validated(project, capsys)
    assert words == [f"{project.spec}  mine  is valid", "  sets/trees[train]: 3 rows, prompt and completion"]
    project.change("specs/mine.yaml", "path: sets/trees", HUB)
    assert validated(project, capsys) == [
        f"{project.spec}  mine  is valid",
        "  data set 'org/trees' at revision '4f1b2c0': train is not on this machine; `evalsuite run` fetches it once",
    ]


def validated(project: Project, capsys: pytest.CaptureFixture[str]) -> list[str]:
    with pytest.raises(SystemExit) as ended:
        main(["validate", str(project.spec)])
    out = capsys.readouterr()
    assert (ended.value.code, out.err) == (0, "")
    return out.out.splitlines()


def test_a_set_of_the_hub_is_read_alike_for_training_and_for_benchmarks(project: Project) -> None:
    project.change("specs/mine.yaml", "path: sets/trees", f"{HUB}\n      config: small")
    project.change("specs/mine.yaml", "split: train", "split: test")
    project.change(
        "suites/small.yaml", "data: data/facts.jsonl", "data: {hub: org/trees, revision: 4f1b2c0, config: small}"
    )
    [resolved] = load_specs([project.spec])
    assert len(set(resolved.splits)) == 1
    assert resolved.training_data == (resolved.suite_data["facts"],)
    [source] = sources_of(resolved.spec.train)
    assert source.place == "org/trees:small[test]"


def test_a_file_with_columns_of_its_own_is_read_too(project: Project) -> None:
    project.change("specs/mine.yaml", "path: sets/trees\n      split: train", "path: sets/trees/train.jsonl")
    [source] = training_rows(loaded(project))
    assert len(source.rows) == 3


def test_equal_rows_are_exported_once(project: Project, tmp_path: Path) -> None:
    for _ in range(2):
        loaded(project)
    [file] = (tmp_path / "cache" / "data").iterdir()
    assert json.loads(file.read_text().splitlines()[0]) == {"question": "What grows in 0?", "answer": "An elm."}


def test_a_data_set_is_scored_like_a_file(project: Project) -> None:
    from click.testing import CliRunner

    from evalsuite.cli import evalsuite

    rows = [{"prompt": f"What grows in {n}?", "completion": "An elm."} for n in range(3)]
    for split in ("train", "test"):
        project.rows(f"sets/trees/{split}.jsonl", *rows)
    done = CliRunner().invoke(evalsuite, ["data", "score", str(project.root / "sets" / "trees"), "--format", "csv"])
    assert (done.exit_code, len(done.output.splitlines())) == (0, 4), done.exception
