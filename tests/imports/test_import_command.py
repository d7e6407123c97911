"""`evalsuite import`, from files to the leaderboard."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from written import annotation, answer, json_list, jsonl, question, review

from evalsuite.cli import evalsuite, main
from evalsuite.pipeline.paired import compare
from evalsuite.report.leaderboard.leaderboard import leaderboard
from evalsuite.store import Store, read
from evalsuite.store.write import SpecRow, save_plan, start_run


def ran(*words: object) -> str:
    found = CliRunner().invoke(evalsuite, ["import", *map(str, words)], standalone_mode=False)
    if found.exception is not None:
        raise found.exception
    return found.output


@pytest.fixture
def reviews(tmp_path: Path) -> list[object]:
    lines = [("model", "reference", "9 8"), ("reference", "model", "7 9"), ("reference", "model", "9 8")]
    rows = [review(n, *line) for n, line in enumerate(lines, 1)]
    answers = [answer(system, number) for system in ("model", "reference") for number in (1, 2, 3)]
    return [
        jsonl(tmp_path / "reviews.jsonl", rows),
        "--answers",
        jsonl(tmp_path / "answers.jsonl", answers),
        "--questions",
        jsonl(tmp_path / "questions.jsonl", [question(number) for number in (1, 2, 3)]),
        "--store",
        tmp_path / "store",
    ]


def test_an_import_is_printed_and_stands_on_the_leaderboard(tmp_path, reviews):
    printed = json.loads(ran("vicuna", *reviews, "--format", "json"))
    assert {row["system"] for row in printed} == {"model", "reference"}
    assert ["model", "vicuna.total", "26.00 ", 3] in [list(row.values())[:4] for row in printed]
    board = leaderboard(Store(tmp_path / "store"))
    assert [(row.spec, row.method, row.verdict) for row in board.rows] == [
        ("model", "imported", None),
        ("reference", "imported", None),
    ]
    assert board.rows[0].results["vicuna.win_rate"].value == pytest.approx(2 / 3)


def test_two_imported_systems_are_compared_by_question(tmp_path, reviews):
    ran("vicuna", *reviews)
    found = compare("model", "reference", Store(tmp_path / "store")).differences
    grades = {its.metric: its for its in found}["vicuna.grade"]
    assert (grades.difference, grades.n) == (pytest.approx(2 / 3), 3)


def test_answers_can_be_read_in_the_store(tmp_path, reviews):
    ran("vicuna", *reviews)
    store = Store(tmp_path / "store")
    (spec,) = [spec for spec in read.latest_specs(store) if spec.spec == "model"]
    (step,) = read.steps_of(store, spec)
    first, *_ = read.replies_of(store, step.digest)
    assert (first.sample_id, first.prompt) == ("1", "What is 1 and 1?")


def test_a_second_import_stays_beside_the_first_and_the_same_replaces_itself(tmp_path, reviews):
    annotations = json_list(tmp_path / "a.json", [annotation("Do it.", 2.0), annotation("Do that.", 1.4)])
    ran("vicuna", *reviews)
    ran("alpaca-eval", annotations, "--store", tmp_path / "store")
    ran("alpaca-eval", annotations, "--store", tmp_path / "store")
    board = leaderboard(Store(tmp_path / "store"))
    (row,) = [row for row in board.rows if row.spec == "model"]
    assert row.results["vicuna.grade"].n == 3
    assert row.results["alpaca-eval.win_rate"].value == pytest.approx(0.7)
    (spec,) = [spec for spec in read.latest_specs(Store(tmp_path / "store")) if spec.spec == "model"]
    assert len(read.steps_of(Store(tmp_path / "store"), spec)) == 2


def test_systems_can_be_renamed(tmp_path, reviews):
    ran("vicuna", *reviews, "--rename", "model=mine", "--name", "chat")
    board = leaderboard(Store(tmp_path / "store"))
    assert [row.spec for row in board.rows] == ["mine", "reference"]
    assert "chat.relative_score.mine" in board.rows[1].results


def failed(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    with pytest.raises(SystemExit) as ended:
        main(["import", *map(str, words)])
    assert ended.value.code == 2
    return capsys.readouterr().err


def test_a_spec_of_the_project_is_never_overwritten(tmp_path, reviews, capsys):
    store = Store(tmp_path / "store")
    start_run(store, "r1", {})
    save_plan(store, "r1", [SpecRow("model", "d", {}, "quickstart", "b", None, "sft", "lora", ())])
    assert "import it as --rename model=NAME" in failed(capsys, "vicuna", *reviews)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--rename", "model"], "write OLD=NEW"),
        (["--rename", "model=reference"], "two systems would have the same name"),
    ],
)
def test_a_rename_that_makes_no_sense_is_refused(reviews, capsys, words, message):
    assert message in failed(capsys, "vicuna", *reviews, *words)


def test_weights_without_difficulties_are_refused(tmp_path, capsys):
    annotations = json_list(tmp_path / "a.json", [annotation("Do it.", 2.0)])
    said = failed(capsys, "alpaca-eval", annotations, "--gamed", annotations, "--store", tmp_path / "store")
    assert "need --difficulty" in said
    assert not (tmp_path / "store").exists()


def test_the_help_names_every_format():
    said = CliRunner().invoke(evalsuite, ["import", "--help"], prog_name="evalsuite").output
    assert all(form in said for form in ("vicuna", "mt-bench", "alpaca-eval", "pandalm"))
