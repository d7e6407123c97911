"""MT-bench, AlpacaEval and PandaLM."""

import os
from pathlib import Path

import numpy as np
import pytest
from written import annotation, json_list, jsonl

from evalsuite.errors import DataError
from evalsuite.imports.alpaca_eval import question_id, read_annotations, read_length_aid
from evalsuite.imports.fastchat import read_judgments
from evalsuite.imports.figures import outcomes
from evalsuite.imports.imported import slug
from evalsuite.imports.pandalm import majority, read_labels
from evalsuite.records import Outcome, Result
from evalsuite.stats.ratings.length_control import LengthWeights, from_weights, gamed_rows, length_controlled

PANDALM = Path(os.environ.get("EVALSUITE_SHARED_DATA", "../shared/data")) / "pandalm"
needs_pandalm = pytest.mark.skipif(not PANDALM.is_dir(), reason=f"no public PandaLM labels at {PANDALM}")


def figures(outcome: Outcome) -> dict[str, Result]:
    return {result.metric: result for result in outcome.results}


def single(system: str, number: int, turn: int, score: float) -> dict:
    return {"question_id": number, "model": system, "judge": ["a-judge", "single-v1"], "score": score, "turn": turn}


def pair(number: int, first: str, second: str, turn: int = 1) -> dict:
    return {
        "question_id": number, "model_1": "a", "model_2": "b", "g1_winner": first, "g2_winner": second,
        "judge": ["a-judge", "pair-v2"], "turn": turn,
    }  # fmt: skip


def test_single_grades_are_averaged_over_both_turns(tmp_path):
    rows = [single("a", 81, 1, 9), single("a", 81, 2, 8), single("a", 82, 1, 7), single("a", 82, 2, -1)]
    answers = [
        {"answer_id": "x", "model_id": "a", "question_id": 81, "choices": [{"index": 0, "turns": ["One.", "Two."]}]}
    ]
    asked = [{"question_id": 81, "category": "math", "turns": ["First?", "Second?"]}]
    read = read_judgments(
        "mt",
        [jsonl(tmp_path / "j.jsonl", rows)],
        answers=[jsonl(tmp_path / "a.jsonl", answers)],
        questions=[jsonl(tmp_path / "q.jsonl", asked)],
    )
    found = outcomes(read)["a"]
    grade = figures(found)["mt.grade"]
    assert (grade.value, grade.n, grade.unscored, grade.detail) == (8.0, 3, 1, "turn 1: 8.00, turn 2: 8.00")
    assert [(score.sample_id, score.value) for score in found.scores] == [
        ("81", 9), ("81 turn 2", 8), ("82", 7), ("82 turn 2", None),
    ]  # fmt: skip
    assert [(reply.sample_id, reply.prompt, reply.text, reply.group) for reply in found.replies] == [
        ("81", "First?", "One.", "81"),
        ("81 turn 2", "Second?", "Two.", "81"),
    ]


def test_pairs_that_disagree_between_orders_are_ties(tmp_path):
    rows = [
        pair(81, "model_1", "model_1"),
        pair(81, "model_1", "model_2", turn=2),
        pair(82, "tie", "tie"),
        pair(83, "model_2", "model_2"),
        pair(84, "model_2", "error"),
    ]
    read = read_judgments("mt", [jsonl(tmp_path / "j.jsonl", rows)], answers=[], questions=[])
    rate = figures(outcomes(read)["a"])["mt.win_rate"]
    assert (rate.value, rate.n, rate.unscored) == (0.5, 4, 1)
    assert "mt.grade" not in figures(outcomes(read)["a"])
    assert figures(outcomes(read)["a"])["mt.elo"].value == pytest.approx(1000)


def test_judgments_without_a_score_are_read_from_the_reply(tmp_path):
    rows = [
        {"question_id": 1, "model": "a", "judgment": "Rating: [[6]]", "turn": 1},
        {"question_id": 2, "model": "a", "judgment": "six", "turn": 1},
    ]
    read = read_judgments("mt", [jsonl(tmp_path / "j.jsonl", rows)], answers=[], questions=[])
    assert [graded.grade for graded in read.graded] == [6.0, None]


INSTRUCTIONS = [f"Explain item {number}." for number in range(40)]
ROW = np.arange(40)
CHANCES = ((29 * ROW % 31) / 30) * 0.4 + 0.55
DIFFICULTY = ((17 * ROW % 23) - 11) / 5


def annotations(folder: Path, rows: list[dict]) -> Path:
    return json_list(folder / "annotations.json", rows)


def alpaca(folder: Path) -> Path:
    rows = [
        annotation(text, 1 + chance, output_2="Short." * (1 + number % 9))
        for number, (text, chance) in enumerate(zip(INSTRUCTIONS, CHANCES, strict=True))
    ]
    return annotations(folder, rows)


def difficulties(folder: Path, *, by: str) -> Path:
    rows = [
        f"{'' if by == 'index' else chr(34)}{key}{'' if by == 'index' else chr(34)},{value}"
        for key, value in zip(range(40) if by == "index" else INSTRUCTIONS, DIFFICULTY.tolist(), strict=True)
    ]
    path = folder / f"difficulty_{by}.csv"
    path.write_text("\n".join([f"{by},instruction_difficulty", *rows]) + "\n", encoding="utf-8")
    return path


def test_weighted_preferences_give_alpaca_evals_win_rate_and_standard_error(tmp_path):
    preferences = [2.0, 1.9, 1.5, 0, None, 1.2]
    rows = [annotation(f"Do {number}.", value) for number, value in enumerate(preferences)]
    read = read_annotations("alpaca", [annotations(tmp_path, rows)])
    # alpaca_eval's own rule: 2 is a win, 1.5 and 0 are ties, what is missing is dropped.
    shares = [1, 0.9, 0.5, 0.5, 0.2]
    rate = figures(outcomes(read)["model"])["alpaca.win_rate"]
    assert rate.value == pytest.approx(np.mean(shares))
    assert (rate.n, rate.unscored) == (5, 1)
    assert rate.detail == f"2 won, 2 tied, 1 lost; standard error {np.std(shares, ddof=1) / 5**0.5:.6g}"
    base = figures(outcomes(read)["baseline"])["alpaca.win_rate"]
    assert base.value == pytest.approx(1 - np.mean(shares))
    reply = outcomes(read)["model"].replies[0]
    assert (reply.prompt, reply.text, reply.target) == ("Do 0.", "Short.", "A long answer of the baseline.")


def test_outputs_may_stand_in_files_of_their_own(tmp_path):
    row = {key: value for key, value in annotation("Do it.", 2.0).items() if not key.startswith("output")}
    outputs = json_list(tmp_path / "outputs.json", [{"instruction": "Do it.", "generator": "model", "output": "Done."}])
    read = read_annotations("alpaca", [annotations(tmp_path, [row])], outputs=[outputs])
    assert [(answer.system, answer.text) for answer in read.answers] == [("model", "Done.")]


def test_length_control_is_fitted_with_difficulties_and_regulariser_rows(tmp_path):
    gamed = tmp_path / "gamed.csv"
    gamed.write_text("preference,std_delta_len,index,instruction_difficulty\n0.4,0.5,0,0.2\n0.7,-0.9,1,-0.4\n", "utf-8")
    aid = read_length_aid(difficulties(tmp_path, by="instruction"), gamed=gamed)
    found = figures(outcomes(read_annotations("alpaca", [alpaca(tmp_path)]), aid=aid)["model"])
    longer = 30 - 6 * (1 + ROW % 9)
    expected = length_controlled(longer, DIFFICULTY, CHANCES, gamed=gamed_rows([0.5, -0.9], [0.2, -0.4], [0.4, 0.7]))
    rate = found["alpaca.length_controlled_win_rate"]
    assert rate.value == pytest.approx(expected.win_rate / 100, abs=1e-6)
    assert rate.low < rate.value < rate.high
    assert (rate.detail or "").startswith("fitted: length")


def test_stored_weights_need_no_fit(tmp_path):
    weights = tmp_path / "weights.csv"
    weights.write_text(
        ",np.tanh(std_delta_len),instruction_difficulty,not_gamed_baseline.astype(float)\n"
        "model,-0.3,1.1135907866,-3.0486680859\n",
        "utf-8",
    )
    aid = read_length_aid(difficulties(tmp_path, by="instruction"), weights=weights)
    rate = figures(outcomes(read_annotations("alpaca", [alpaca(tmp_path)]), aid=aid)["model"])
    found = rate["alpaca.length_controlled_win_rate"]
    stored = from_weights(LengthWeights(-0.3, 1.1135907866, -3.0486680859), DIFFICULTY)
    assert found.value == pytest.approx(stored.win_rate / 100)
    assert (found.detail or "").startswith("stored weights")


def test_difficulties_by_place_need_the_full_list_of_instructions(tmp_path):
    by_index = difficulties(tmp_path, by="index")
    with pytest.raises(DataError, match="give the full list of instructions"):
        read_length_aid(by_index)
    full = json_list(tmp_path / "all.json", [{"instruction": text} for text in INSTRUCTIONS])
    aid = read_length_aid(by_index, instructions=full)
    assert aid.difficulty == read_length_aid(difficulties(tmp_path, by="instruction")).difficulty
    short = json_list(tmp_path / "short.json", [{"instruction": INSTRUCTIONS[0]}])
    with pytest.raises(DataError, match="has 1 instructions"):
        read_length_aid(by_index, instructions=short)


def test_length_control_says_why_it_cannot_be_had(tmp_path):
    aid = read_length_aid(difficulties(tmp_path, by="instruction"))
    strange = read_annotations("alpaca", [annotations(tmp_path, [annotation("Never seen.", 1.5)])])
    found = figures(outcomes(strange, aid=aid)["model"])["alpaca.length_controlled_win_rate"]
    assert (found.value, found.reason) == (None, "1 instructions have no difficulty")


def test_a_repeated_instruction_has_the_difficulty_of_its_own_place(tmp_path):
    full = json_list(tmp_path / "all.json", [{"instruction": text} for text in ("Do it.", "Other.", "Do it.")])
    by_index = tmp_path / "difficulty.csv"
    # The regulariser's file has each instruction twice.
    by_index.write_text("index,instruction_difficulty\n0,0.5\n1,0.1\n2,-0.5\n0,0.5\n1,0.1\n2,-0.5\n", "utf-8")
    aid = read_length_aid(by_index, instructions=full)
    assert [aid.of(question_id("Do it.", occurrence)) for occurrence in (1, 2, 3)] == [0.5, -0.5, 0.5]
    assert aid.of(question_id("Never seen.")) is None


def test_a_repeated_instruction_is_a_sample_of_its_own():
    assert question_id("Do it.") != question_id("Do it.", 2)
    assert question_id("Do it.") == question_id("Do it.")


@pytest.mark.parametrize("preference", [2.5, -1, "much", True])
def test_what_is_no_preference_is_named_by_line(tmp_path, preference):
    with pytest.raises(DataError, match=r"annotations.json:1  'preference'"):
        read_annotations("alpaca", [annotations(tmp_path, [annotation("Do it.", preference)])])


def labelled(idx: int, labels: tuple[int, int, int], **more: object) -> dict:
    return {
        "idx": idx, "cmp_key": "bloom-7b_llama-7b", "instruction": "Shorten.", "input": "Long text.",
        "response1": "Long.", "response2": "Text.",
        **{f"annotator{place}": label for place, label in enumerate(labels, 1)}, **more,
    }  # fmt: skip


def test_the_majority_of_people_is_the_outcome(tmp_path):
    rows = [
        labelled(0, (1, 1, 2)),
        labelled(1, (2, 2, 2)),
        labelled(2, (0, 1, 2)),
        labelled(3, (1, 1, 1), response1=True),
    ]
    said = [{"idx": 0, "gpt_result": "1"}, {"idx": 1, "gpt_result": "2"}, {"idx": 2, "gpt_result": "Tie"}]
    judged = json_list(tmp_path / "judged.json", [*said, {"idx": 3, "gpt_result": "garbage"}])
    read = read_labels("p", [json_list(tmp_path / "t.json", rows)], judged=judged, judge="a-judge")
    assert [match.score for match in read.compared] == [1.0, 0.0, 0.5, 1.0]
    assert read.answers[0].prompt == "Shorten.\n\nLong text."
    found = outcomes(read)
    assert figures(found["bloom-7b"])["p.win_rate"].value == 0.625
    accuracy = figures(found["a-judge"])["p.accuracy"]
    assert (accuracy.value, accuracy.n, accuracy.unscored) == (1.0, 3, 1)
    assert figures(found["a-judge"])["p.kappa"].value == 1
    assert majority(["tie", "first", "second"]) == "tie"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (labelled(0, (1, 1, 5)), "'annotator3' is 5"),
        (labelled(0, (1, 1, 1), cmp_key="one"), "must name two systems"),
        (labelled(0, (1, 1, 1), response1=None), "'response1' must be text"),
    ],
)
def test_a_label_that_does_not_fit_is_named_by_line(tmp_path, row, message):
    with pytest.raises(DataError, match=rf"t.json:1 .*{message}"):
        read_labels("p", [json_list(tmp_path / "t.json", [row])])


def test_names_become_parts_of_metrics():
    assert slug("gpt-3.5-turbo:20230327") == "gpt-3-5-turbo-20230327"


@needs_pandalm
def test_agreement_of_people_and_a_judge_on_the_published_labels():
    import json

    files = PANDALM / "testset-first400.json", PANDALM / "gpt-3.5-turbo-first400.json"
    read = read_labels("p", [files[0]], judged=files[1], judge="gpt-3.5-turbo")
    found = figures(outcomes(read)["gpt-3.5-turbo"])
    people, said = (json.loads(file.read_text(encoding="utf-8")) for file in files)
    labels = {"1": 1, "2": 2, "Tie": 0}
    majorities = []
    for row in people:
        votes = [row[f"annotator{place}"] for place in (1, 2, 3)]
        majorities.append(max(set(votes), key=votes.count) if len(set(votes)) < 3 else 0)
    kept = [
        (labels[row["gpt_result"]], own)
        for row, own in zip(said, majorities, strict=True)
        if row["gpt_result"] in labels
    ]
    accuracy = found["p.accuracy"]
    assert (accuracy.n, accuracy.unscored) == (len(kept), 400 - len(kept)) == (380, 20)
    assert accuracy.value == pytest.approx(np.mean([mine == theirs for mine, theirs in kept]))

    from statsmodels.stats.inter_rater import aggregate_raters, cohens_kappa, fleiss_kappa

    table = np.zeros((3, 3))
    for mine, theirs in kept:
        table[mine, theirs] += 1
    assert found["p.kappa"].value == pytest.approx(float(cohens_kappa(table, return_results=False)))
    votes = np.array([[row[f"annotator{place}"] for place in (1, 2, 3)] for row in people])
    assert found["p.human_kappa"].value == pytest.approx(float(fleiss_kappa(aggregate_raters(votes)[0])))
    assert found["p.human_kappa"].low < found["p.human_kappa"].value < found["p.human_kappa"].high
    assert found["p.human_alpha"].value == pytest.approx(found["p.human_kappa"].value, abs=0.005)
