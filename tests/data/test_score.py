"""Scores of rows: IFD by its oracle, duplicates, and what is broken by a wrong encoding."""

from __future__ import annotations

import itertools
import json
import random
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from evalsuite.cli import evalsuite
from evalsuite.data.files import write_objects
from evalsuite.data.near_duplicates import NearSets
from evalsuite.data.training.quality import RowScore, loss_ratio, noise, perplexity_ratio, score_rows
from evalsuite.data.training.rows import score_file, source_rows
from evalsuite.evaluate.scoring.loglikelihood import difficulties
from evalsuite.models.scripted import ScriptedModel
from evalsuite.records import Example, LogLikelihood, Prompt
from evalsuite.spec.source import Filter, Source

GIVEN = LogLikelihood(-sum((0.5, 0.7, 0.3, 0.5)), 4)
ALONE = LogLikelihood(-sum((1.2, 1.5, 0.9, 1.4)), 4)


def test_ifd_by_the_worked_example_of_methods() -> None:
    assert loss_ratio(GIVEN, ALONE) == pytest.approx(0.4)
    assert perplexity_ratio(GIVEN, ALONE) == pytest.approx(0.4723666, abs=1e-7)


def test_the_two_measures_called_ifd_rank_rows_differently() -> None:
    easy = (LogLikelihood(-0.2, 1), LogLikelihood(-0.4, 1))
    hard = (LogLikelihood(-3.0, 1), LogLikelihood(-5.0, 1))
    assert loss_ratio(*easy) < loss_ratio(*hard)  # type: ignore[operator]
    assert perplexity_ratio(*easy) > perplexity_ratio(*hard)


def test_an_answer_that_is_certain_alone_has_no_ratio_of_losses() -> None:
    assert loss_ratio(GIVEN, LogLikelihood(0.0, 3)) is None


@pytest.mark.parametrize(
    "text", ["Привет, «мир»!", "où, déjà vu: Äpfel", "He said “no” – twice.\n\tOK", "老磨坊 😀", ""]
)
def test_sound_text_has_no_noise(text: str) -> None:
    assert noise(text) == 0.0


@pytest.mark.parametrize("text", ["Привет, мир", "été à Noël", "He said “no”", "naïve café"])
def test_text_read_in_a_wrong_encoding_is_noise(text: str) -> None:
    assert noise(text.encode("utf-8").decode("latin-1")) > 0.1


@pytest.mark.parametrize("text", ["Привет, мир", "«Да», — сказал он", "He said “no”"])
def test_text_read_in_the_wrong_russian_encoding_is_noise(text: str) -> None:
    assert noise(text.encode("utf-8").decode("cp1251", "replace")) > 0.1
    assert noise(text.encode("cp1251").decode("utf-8", "replace")) > 0.1


def test_control_characters_are_noise() -> None:
    assert noise("ab\x00\x07") == 0.5


def row(asked: str, answer: str) -> Example:
    return Example(Prompt.user(asked), answer)


def test_a_row_repeats_the_first_that_says_the_same_or_nearly() -> None:
    long = "The northern river carries more water in spring for the snow of the hills melts into it all at once"
    rows = [
        row("Why?", long),
        row("What?", "No."),
        row("why", f"{long}!"),
        row("Why?", f"{long} and fast."),
        row("?", "x"),
    ]
    assert score_rows(rows) == (
        RowScore(20, 0.0),
        RowScore(1, 0.0),
        RowScore(20, 0.0, 0, 1.0),
        RowScore(22, 0.0, 0, pytest.approx(19 / 21)),
        RowScore(1, 0.0),
    )


def jaccard(one: set[tuple[str, ...]], other: set[tuple[str, ...]]) -> float:
    return len(one & other) / len(one | other) if one | other else 0.0


@given(st.integers(0, 10_000), st.floats(0.05, 1.0))
def test_no_near_set_is_missed_and_none_is_made_up(seed: int, least: float) -> None:
    draw = random.Random(seed)
    kinds = [(str(n),) for n in range(12)]
    sets = {number: set(draw.sample(kinds, draw.randint(0, 8))) for number in range(12)}
    index = NearSets.of(sets, least=least)
    for one, other in itertools.product(sets, sets):
        share = jaccard(sets[one], sets[other])
        assert dict(index.near(sets[one])).get(other) == (share if share >= least and sets[one] else None)


def test_a_file_is_written_with_its_scores_and_can_be_filtered_by_them(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    lines = [
        {"prompt": "Cat?", "completion": "fish"},
        {"prompt": "Dog?", "completion": "bones"},
        {},
        {"prompt": "cat", "completion": "Fish!"},
    ]
    file.write_text("\n".join(map(json.dumps, lines)))
    likely = {"Cat?": -1.0, "Dog?": -4.0, "cat": -1.5, "": -3.0}
    model = ScriptedModel(lambda prompt, adapter: "", lambda prompt, option, adapter: likely[prompt.shown], digest="d")
    found = score_file(file, measure=partial(difficulties, model=model))
    assert (found.dropped, found.lines) == (1, (1, 2, 4))
    write_objects(tmp_path / "scored.jsonl", found.objects())
    scored = [json.loads(line) for line in (tmp_path / "scored.jsonl").read_text().splitlines()]
    assert [(row["words"], row["noise"], row["repeats"]) for row in scored] == [(1, 0, None), (1, 0, None), (1, 0, 1)]
    assert [row["ifd"] for row in scored] == pytest.approx([1 / 3, 4 / 3, 1 / 2])
    best = Source(path="scored.jsonl", filter=Filter(by="ifd", keep=0.34))
    assert source_rows(tmp_path / "scored.jsonl", best, wanted=Example).rows == (row("cat", "Fish!"),)


def test_the_command_sums_the_scores_up(tmp_path: Path) -> None:
    file = tmp_path / "rows.txt"
    file.write_text("One two.\n\nOne, two\n\nThree.")
    shown = CliRunner().invoke(
        evalsuite, ["data", "score", str(file), "--format", "csv", "--out", str(tmp_path / "x.jsonl")]
    )
    assert shown.output.splitlines()[1:] == ["words,3,1.5,2,2", "noise,0,,,", "repeats,1,1,1,1"]
    assert len((tmp_path / "x.jsonl").read_text().splitlines()) == 3
