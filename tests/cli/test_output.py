"""What commands print for people and for other programs, over a store with planted results."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from planted import change, compared, fill, result, rule, spec, told

from evalsuite.cli import main
from evalsuite.records import Verdict
from evalsuite.report.tables import Table
from evalsuite.store import Store


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Two specs on one base; one passed, one failed."""
    made = Store(tmp_path_factory.mktemp("kept"))
    base = (result("facts.accuracy", 0.5, 0.4, 0.6),)
    specs = []
    for name, value in (("good", 0.9), ("bad", 0.1)):
        row, outcomes = spec(name, (result("facts.accuracy", value, value - 0.1, value + 0.1),), base)
        scores = {f"s{n}": ("so", float(n < 10 * value)) for n in range(10)}
        outcomes[f"{name}-score"] = told(scores)
        specs.append(compared((row, outcomes), change("facts.accuracy", value - 0.5, 0.001)))
    answers = {"good": "pass", "bad": "fail"}
    fill(made, specs, {name: Verdict(word, "release", (rule(word, "so"),)) for name, word in answers.items()})
    return made


@pytest.fixture
def shown(store: Store, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """What a command prints on standard output; nothing goes to standard error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EVALSUITE_STORE", str(store.folder))

    def run(*words: str) -> str:
        with pytest.raises(SystemExit) as ended:
            main(list(words))
        out = capsys.readouterr()
        assert (ended.value.code, out.err) == (0, "")
        return out.out

    return run


@pytest.mark.parametrize(
    "words", [["leaderboard"], ["leaderboard", "--ratings"], ["compare", "good", "bad"], ["registry", "list"],
              ["judge", "list"], ["leaderboard", "--where", "verdict=nothing"]],
)  # fmt: skip
def test_json_and_csv_are_for_programs_even_where_there_is_nothing(shown, words):
    rows = json.loads(shown(*words, "--format", "json"))
    assert isinstance(rows, list)
    head, *lines = csv.reader(io.StringIO(shown(*words, "--format", "csv")))
    assert (len(lines), len(set(head))) == (len(rows), len(head))


def test_numbers_of_a_comparison_are_numbers_for_programs(shown):
    [row] = json.loads(shown("compare", "good", "bad", "--format", "json"))
    assert (row["metric"], row["difference"], row["n"], row["higher"], row["lower"]) == (
        "facts.accuracy",
        0.8,
        10,
        8,
        0,
    )
    assert row["low"] < 0.8 < row["high"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ["registry", "list"],
            "no card in adapters_registry yet; `evalsuite release SPEC --version 1.0.0` writes one\n",
        ),
        (["judge", "list"], "no judge was measured yet; `evalsuite judge check JUDGE --labels FILE` measures one\n"),
        (["leaderboard", "--where", "verdict=no"], "no spec fits every --where; without them all are shown\n"),
    ],
)
def test_an_empty_table_is_a_sentence_for_people(shown, words, sentence):
    assert shown(*words) == sentence


def test_what_is_not_finite_is_left_out_for_programs():
    table = Table(("a", "b"), ((float("inf"), float("nan")), (1.5, None)))
    assert json.loads(table.json()) == [{"a": None, "b": None}, {"a": 1.5, "b": None}]
    assert table.csv() == "a,b\n,\n1.5,\n"


@pytest.mark.parametrize(("setting", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)])
def test_colours_only_where_they_are_wanted(store: Store, setting: dict[str, str], coloured: bool):
    mine, theirs = pty.openpty()
    environment = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
    environment |= {"TERM": "xterm", "EVALSUITE_STORE": str(store.folder), **setting}
    command = [sys.executable, "-m", "evalsuite", "leaderboard"]
    subprocess.run(command, env=environment, stdout=theirs, check=True)
    os.close(theirs)
    text = os.read(mine, 100_000).decode()
    os.close(mine)
    assert "good" in text
    assert ("\x1b[" in text) == coloured


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["runn"], "No such command 'runn'. Did you mean 'run'?"),
        (["xyzzy"], "No such command 'xyzzy'."),
        (["data", "score", "none.jsonl"], "evalsuite: none.jsonl  does not exist; check the path"),
    ],
)
def test_a_slip_gets_the_nearest_or_what_is_missing(
    words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert (ended.value.code, capsys.readouterr().err.strip().splitlines()[-1].removeprefix("Error: ")) == (2, sentence)


def test_init_says_how_to_go_on_from_where_one_stands(shown, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    assert shown("init", ".").endswith("\nnext:  evalsuite run specs/*.yaml\n")
    assert shown("init", "more").endswith("\nnext:  cd more && evalsuite run specs/*.yaml\n")
