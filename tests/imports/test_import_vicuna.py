"""FastChat's reviews."""

import os
from pathlib import Path

import pytest
from written import answer, jsonl, question, review

from evalsuite.errors import DataError
from evalsuite.imports.fastchat import read_reviews
from evalsuite.imports.figures import outcomes
from evalsuite.imports.imported import Imported
from evalsuite.records import Outcome, Result

VICUNA = Path(os.environ.get("EVALSUITE_SHARED_DATA", "../shared/data")) / "vicuna"
needs_vicuna = pytest.mark.skipif(not VICUNA.is_dir(), reason=f"no public Vicuna reviews at {VICUNA}")

# The worked example of pooled relative scores: (model, reference), then (reference, model).
MODEL_FIRST = ["9 8.5", "9 9", "7 8", "8 8"]
REFERENCE_FIRST = ["8 9", "9 9", "8 7", "9 8"]


def figures(outcome: Outcome) -> dict[str, Result]:
    return {result.metric: result for result in outcome.results}


def imported(folder: Path, reviews: list[dict], *, systems: tuple[str, ...] = ("model", "reference")) -> Imported:
    asked = jsonl(folder / "question.jsonl", [question(number) for number in range(1, 6)])
    # The names of the files say the opposite of what is in them.
    for system, other in zip(systems, reversed(systems), strict=True):
        jsonl(folder / f"answer_{other}.jsonl", [answer(system, number) for number in range(1, 6)])
    files = [jsonl(folder / "review_reference_model.jsonl", reviews)]
    return read_reviews("v", files, answers=sorted(folder.glob("answer_*")), questions=[asked])


def both_orders() -> list[dict]:
    return [review(n, "model", "reference", line) for n, line in enumerate(MODEL_FIRST, 1)] + [
        review(n, "reference", "model", line) for n, line in enumerate(REFERENCE_FIRST, 1)
    ]


def test_reviews_in_both_orders_give_the_pooled_relative_score(tmp_path):
    read = imported(tmp_path, [*both_orders(), review(5, "model", "reference", "no grades here")])
    found = figures(outcomes(read)["model"])
    relative = found["v.relative_score.reference"]
    assert relative.value == pytest.approx(97.777778, abs=5e-7)
    assert (relative.n, relative.unscored) == (8, 1)
    assert relative.detail == "66.0 of 67.5 against reference; placed first: 98.51; placed second: 97.06"
    assert (found["v.total"].value, found["v.grade"].unscored) == (66.0, 1)


def test_a_verdict_that_changes_with_the_order_is_a_tie(tmp_path):
    read = imported(
        tmp_path,
        [
            review(1, "model", "reference", "9 8"),
            review(1, "reference", "model", "8 9"),
            review(2, "model", "reference", "9 8"),
            review(2, "reference", "model", "9 8"),
            review(3, "model", "reference", "7 8"),
        ],
    )
    won = outcomes(read)["model"]
    assert {score.sample_id: score.value for score in won.scores if score.metric == "v.win_rate"} == {
        "1": 1.0,
        "2": 0.5,
        "3": 0.0,
    }
    rate = figures(won)["v.win_rate"]
    assert (rate.value, rate.n) == (0.5, 3)
    assert (rate.detail or "").startswith("1 won, 1 tied, 1 lost; 1 pairs changed with the order; standard error")


def test_systems_are_known_by_the_ids_of_their_answers(tmp_path):
    read = imported(tmp_path, [review(1, "model", "reference", "9 1")])
    assert read.compared[0].first == "model"
    reply = outcomes(read)["model"].replies[0]
    assert (reply.sample_id, reply.prompt) == ("1", "What is 1 and 1?")
    assert reply.text.startswith("model says")
    assert reply.target.startswith("reference says")


def test_grades_entered_by_hand_count_and_are_told(tmp_path):
    read = imported(
        tmp_path,
        [
            review(1, "model", "reference", "First, I solve the problem myself.", score=[10, 6]),
            review(2, "model", "reference", "9 8", score=[9.0, 8.0]),
            review(3, "model", "reference", "9 8", score=[-1, -1]),
        ],
    )
    assert [pair.grades for pair in read.compared] == [(10, 6), (9, 8), None]
    assert read.notes == ("1 of 3 reviews do not begin with their grades; the recorded ones count",)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (review(1, "model", "stranger", "9 8"), "'stranger-1', which no --answers file has"),
        (review(1, "model", "reference", "9 8", answer2_id="reference-2"), "is about question 1, and answer"),
        (review(1, "model", "reference", "9 8", score=[1]), "list of two numbers"),
        ({"question_id": 1}, "'answer1_id' must be text"),
    ],
)
def test_a_review_that_does_not_fit_is_named_by_line(tmp_path, row, message):
    with pytest.raises(DataError, match=rf"review_reference_model.jsonl:1 .*{message}"):
        imported(tmp_path, [row])


@needs_vicuna
def test_the_published_totals_of_the_vicuna_questions():
    answers, questions = [VICUNA / "answer"], [VICUNA / "question.jsonl"]
    totals = {}
    for file in sorted((VICUNA / "review").glob("*.jsonl")):
        read = read_reviews("v", [file], answers=answers, questions=questions)
        for system, outcome in outcomes(read).items():
            opponent = next(name for name in read.systems if name != system)
            total = figures(outcome)["v.total"]
            totals[system.split(":")[0], opponent.split(":")[0]] = (total.value, total.n)
    assert totals == {
        ("llama-13b", "vicuna-13b"): (513.0, 80),
        ("vicuna-13b", "llama-13b"): (694.0, 80),
        ("gpt-3.5-turbo", "vicuna-13b"): (693.0, 80),
        ("vicuna-13b", "gpt-3.5-turbo"): (638.0, 80),
    }


@needs_vicuna
def test_the_vicuna_reviews_rate_all_three_systems():
    files = sorted((VICUNA / "review").glob("*.jsonl"))
    read = read_reviews("v", files, answers=[VICUNA / "answer"], questions=[VICUNA / "question.jsonl"])
    found = {system.split(":")[0]: figures(outcome) for system, outcome in outcomes(read).items()}
    elos = {system: metrics["v.elo"].value for system, metrics in found.items()}
    assert sorted(elos, key=lambda system: -elos[system]) == ["gpt-3.5-turbo", "vicuna-13b", "llama-13b"]
    assert sum(elos.values()) == pytest.approx(3000)
    assert read.notes == ("6 of 160 reviews do not begin with their grades; the recorded ones count",)
