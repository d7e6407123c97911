"""Judge health: what was planted comes out, per order and together, from labels in a file to rows in the store."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from replayed import grading, preferring
from shared_data import shared

from evalsuite.cli import evalsuite
from evalsuite.data.evaluation.labels import LabelledPair, read_labels
from evalsuite.errors import DataError, EvalsuiteError
from evalsuite.judges.delimiters import reveal_hidden
from evalsuite.models.scripted import ScriptedModel
from evalsuite.pipeline.judge_check import Checked, CheckRequest, check_judge
from evalsuite.records import Usage
from evalsuite.report.judging.judges_page import calls_made
from evalsuite.spec.judging import ResolvedJudge
from evalsuite.store import Store
from evalsuite.store.judges import JudgeCheck, checks, human_scores

SERVED = "schema_version: 1\nname: served\nkind: endpoint\nendpoint: http://localhost:1/v1\nmodel: m\n"
PRICED = "prompt_price: 1\ncompletion_price: 2\n"
RUBRIC = """schema_version: 1
name: two
criteria:
  - {name: form, description: Form., anchors: {"1": bad, "5": good}}
  - {name: sense, description: Sense., anchors: {"1": bad, "5": good}}
"""
Load = Callable[[ResolvedJudge], ScriptedModel]


def rows(file: Path, *given: dict[str, Any]) -> Path:
    file.write_text("".join(json.dumps(row) + "\n" for row in given), encoding="utf-8")
    return file


def measured(folder: Path, load: Load, labels: Path, **more: Any) -> JudgeCheck:
    return checked(folder, load, labels, **more).check


def checked(folder: Path, load: Load, labels: Path, **more: Any) -> Checked:
    judge, rubric = folder / "served.yaml", folder / "two.yaml"
    judge.write_text(SERVED + PRICED)
    rubric.write_text(RUBRIC)
    question = CheckRequest(str(judge), labels, str(rubric), **more)
    return check_judge(question, Store(folder / "store"), lambda done, total: None, load=load)


def value(check: JudgeCheck, metric: str) -> float:
    found = check.figure(metric)
    assert found is not None
    assert found.value is not None
    return found.value


def planted(index: int, *, right: str, wrong: str) -> Callable[[str, str], str]:
    """What a judge with known biases says: of 100 pairs 30 first, 10 second, 8 always wrong, the rest right."""

    def say(first: str, second: str) -> str:
        if index % 100 < 30:
            return "first"
        if index % 100 < 40:
            return "second"
        wanted = wrong if index % 100 < 48 else right
        return "first" if first == wanted else "second"

    return say


def biased(gold: list[tuple[str, str, str]]) -> Load:
    """The planted judge for pairs given as (question, right reply, wrong reply)."""
    says = {question: planted(index, right=a, wrong=b) for index, (question, a, b) in enumerate(gold)}
    return preferring(lambda question, first, second: says[question](first, second))


def test_accuracy_consistency_and_bias_to_a_position_come_out_as_planted(tmp_path: Path) -> None:
    gold = [(f"question {n}", f"right {n}", f"wrong {n}") for n in range(100)]
    labelled = [
        {"question": q, "a": right, "b": wrong, "label": "a"}
        if n % 2
        else {"question": q, "a": wrong, "b": right, "label": "b"}
        for n, (q, right, wrong) in enumerate(gold)
    ]
    check = measured(tmp_path, biased(gold), rows(tmp_path / "l.jsonl", *labelled))
    figures = {metric: value(check, metric) for metric in ("accuracy", "consistency", "unparsed", "self_consistency")}
    assert figures == {"accuracy": 0.72, "consistency": 0.6, "unparsed": 0.0, "self_consistency": 1.0}
    assert (value(check, "biased_to_first"), value(check, "biased_to_second")) == (0.3, 0.1)
    # Of the biased pairs the planted position is right as they stand for half of them.
    assert (value(check, "accuracy.given"), value(check, "accuracy.swapped")) == (0.72, 0.72)
    accuracy = check.figure("accuracy")
    assert accuracy is not None
    assert (accuracy.n, accuracy.low < 0.72 < accuracy.high) == (100, True)


def test_on_llmbar_a_judge_with_known_bias_has_the_accuracy_and_agreement_that_were_planted(tmp_path: Path) -> None:
    items = shared("llmbar/natural.json")
    gold, labelled = [], []
    for number, item in enumerate(items):
        question = f"{number}: {item['input']}"
        replies = [item["output_1"], item["output_2"]]
        right = replies.pop(item["label"] - 1)
        gold.append((question, right, replies[0]))
        label = "ab"[item["label"] - 1]
        labelled.append({"question": question, "a": item["output_1"], "b": item["output_2"], "label": label})
    check = measured(tmp_path, biased(gold), rows(tmp_path / "l.jsonl", *labelled))
    assert (check.row.judgments, check.row.calls) == (100, 200)
    assert (value(check, "accuracy"), value(check, "consistency")) == (0.72, 0.6)
    assert (value(check, "biased_to_first"), value(check, "biased_to_second")) == (0.3, 0.1)
    # 52 right, 8 wrong, 40 ties by disagreement of the orders: kappa by hand from the label shares.
    shares = [sum(row["label"] == label for row in labelled) / 100 for label in "ab"]
    said = dict.fromkeys("ab", 0)
    for number, row in enumerate(labelled):
        if number >= 40:
            said["ab".replace(row["label"], "") if number < 48 else row["label"]] += 1
    by_chance = sum(share * said[label] / 100 for share, label in zip(shares, "ab", strict=True))
    assert value(check, "agreement") == pytest.approx((0.52 - by_chance) / (1 - by_chance))


def test_on_pandalm_the_stored_verdicts_of_gpt_agree_with_people_as_counted_by_hand(tmp_path: Path) -> None:
    words = {0: "tie", 1: "a", 2: "b", "Tie": "tie", "1": "a", "2": "b", "garbage": "garbage"}
    items, verdicts = shared("pandalm/testset-first400.json"), shared("pandalm/gpt-3.5-turbo-first400.json")
    labelled, said, people = [], {}, []
    for item, verdict in zip(items, verdicts, strict=True):
        question = f"{item['idx']}: {item['instruction']}\n{item['input']}"
        given = [words[item[f"annotator{n}"]] for n in (1, 2, 3)]
        labelled.append(
            {"question": question, "a": str(item["response1"]), "b": str(item["response2"]), "labels": given}
        )
        said[reveal_hidden(question)] = (words[verdict["gpt_result"]], reveal_hidden(str(item["response1"])))
        people.append(next((word for word in given if given.count(word) > 1), "tie"))

    def replay(question: str, first: str, second: str) -> str:
        stored, a = said[question]
        return {"a": "first" if first == a else "second", "b": "second" if first == a else "first"}.get(stored, stored)

    check = measured(tmp_path, preferring(replay), rows(tmp_path / "l.jsonl", *labelled), repeats=0)
    read = [(word, own) for (word, _), own in zip(said.values(), people, strict=True) if word != "garbage"]
    observed = sum(word == own for word, own in read)
    by_chance = (
        sum(
            sum(word == label for word, _ in read) * sum(own == label for _, own in read) for label in ("a", "b", "tie")
        )
        / len(read) ** 2
    )
    assert value(check, "unparsed") == pytest.approx(1 - len(read) / 400)
    assert value(check, "accuracy") == pytest.approx(observed / 400)
    assert value(check, "agreement") == pytest.approx((observed / len(read) - by_chance) / (1 - by_chance))
    assert 0 < value(check, "alpha") < value(check, "human_alpha") < 1
    assert value(check, "biased_to_first") == value(check, "biased_to_second") == 0.0


def test_a_judge_that_likes_the_longer_reply_shows_it(tmp_path: Path) -> None:
    labelled = [
        {"question": f"q {n}", "a": f"short {n}", "b": f"a much longer reply {n}", "label": "ab"[n % 2]}
        for n in range(40)
    ]
    longer = preferring(lambda question, first, second: "first" if len(first) > len(second) else "second")
    check = measured(tmp_path, longer, rows(tmp_path / "l.jsonl", *labelled))
    assert value(check, "verbosity_bias") == 0.5
    assert (value(check, "consistency"), value(check, "accuracy")) == (1.0, 0.5)


def test_replies_that_cannot_be_read_are_counted_and_leave_no_agreement(tmp_path: Path) -> None:
    labels = rows(tmp_path / "l.jsonl", *({"question": f"q {n}", "a": "x", "b": "y", "label": "a"} for n in range(5)))
    check = measured(tmp_path, preferring(lambda *shown: "neither"), labels)
    assert (value(check, "unparsed"), value(check, "accuracy"), value(check, "consistency")) == (1.0, 0.0, 0.0)
    agreement = check.figure("agreement")
    assert agreement is not None
    assert (agreement.value, agreement.unscored) == (None, 5)
    assert value(check, "self_consistency") == 0.0


def scored(n: int, annotator: str, score: int) -> dict[str, Any]:
    scores = {"form": score, "sense": min(5, score + 1)}
    return {"question": f"q {n}", "reply": f"reply {n}", "scores": scores, "annotator": annotator}


def test_scores_agree_as_far_as_they_were_made_to(tmp_path: Path) -> None:
    labelled = [scored(n, name, 1 + (n + late) % 4) for n in range(24) for late, name in enumerate(("anna", "boris"))]
    labels = rows(tmp_path / "l.jsonl", *labelled)
    own = {row["reply"]: row["scores"] for row in labelled if row["annotator"] == "anna"}
    check = measured(tmp_path, grading(lambda question, reply: own[reply]), labels)
    assert (check.row.kind, check.row.judgments) == ("scores", 24)
    assert value(check, "self_consistency") == 1.0
    assert value(check, "unparsed") == 0.0
    # The judge repeats one of two annotators who differ, so it agrees better with their mean than they with each other.
    assert value(check, "agreement") > value(check, "human_alpha")
    assert {"agreement.form", "agreement.sense", "leniency"} <= {result.metric for result in check.results}
    stored = human_scores(Store(tmp_path / "store"), check.row.rubric_digest)
    assert len(stored) == 24
    assert {name for reply in stored.values() for name in reply.scores} == {"anna", "boris"}


def test_a_judge_that_gives_a_point_too_much_is_lenient_by_that(tmp_path: Path) -> None:
    labels = rows(tmp_path / "l.jsonl", *(scored(n, "anna", 1 + n % 3) for n in range(30)))
    own = {f"reply {n}": {"form": 2 + n % 3, "sense": 3 + n % 3} for n in range(30)}
    check = measured(tmp_path, grading(lambda question, reply: own[reply]), labels)
    assert value(check, "leniency") == pytest.approx(0.25)
    assert value(check, "agreement") < 1


def test_a_check_is_kept_and_the_newest_is_the_one_that_counts(tmp_path: Path) -> None:
    first = rows(tmp_path / "one.jsonl", *({"question": f"q {n}", "a": "x", "b": "y", "label": "a"} for n in range(9)))
    other = rows(tmp_path / "two.jsonl", *({"question": f"q {n}", "a": "x", "b": "y", "label": "b"} for n in range(9)))
    says_x = preferring(lambda question, one, two: "first" if one == "x" else "second")
    store = Store(tmp_path / "store")
    assert checks(store) == []
    before = measured(tmp_path, says_x, first)
    assert checks(store) == [before]
    after = measured(tmp_path, says_x, other)
    assert (value(before, "accuracy"), value(after, "accuracy")) == (1.0, 0.0)
    assert checks(store) == [after]


def test_latency_is_measured_once_and_what_the_cache_knows_has_none(tmp_path: Path) -> None:
    labels = rows(tmp_path / "l.jsonl", *({"question": f"q {n}", "a": "x", "b": "y", "label": "a"} for n in range(9)))
    says_x = preferring(lambda question, one, two: "first" if one == "x" else "second")
    fresh, again = measured(tmp_path, says_x, labels), measured(tmp_path, says_x, labels)
    latency = fresh.figure("latency")
    assert latency is not None
    assert (latency.n, latency.value is not None and latency.value > 0) == (3, True)
    known = again.figure("latency")
    assert known is not None
    assert (known.value, known.reason) == (None, "no call was made: all replies were known, or the judge makes none")
    assert fresh.row.calls == again.row.calls == 18
    assert value(fresh, "money") == value(again, "money") > 0


def test_calls_are_told_as_they_were_made_and_not_as_they_are_priced(tmp_path: Path) -> None:
    pairs = [{"question": f"q {n}", "a": "x", "b": "y", "label": "a"} for n in range(9)]
    says_x = preferring(lambda question, one, two: "first" if one == "x" else "second")
    models: list[ScriptedModel] = []

    def load(resolved: ResolvedJudge) -> ScriptedModel:
        models.append(says_x(resolved))
        return models[-1]

    def told(*given: dict[str, Any]) -> tuple[int, str]:
        models.clear()
        found = checked(tmp_path, load, rows(tmp_path / "l.jsonl", *given))
        return sum(model.asked for model in models), calls_made(found.asked, found.paid)

    # Nine pairs in both orders, all asked once again.
    assert told(*pairs) == (36, "36 calls, $0.0000")
    assert told(*pairs) == (0, "0 calls, all 36 from the cache")
    assert told(*pairs, {"question": "new", "a": "x", "b": "y", "label": "a"}) == (
        4, "4 calls, $0.0000, 36 more from the cache",
    )  # fmt: skip
    assert calls_made(Usage(), 0.0) == "no calls: the judge asks no model"


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"question": "q", "a": "x", "b": "y"}, "needs `label`"),
        ({"question": "q", "a": "x", "b": "y", "label": "first"}, "must be a, b or tie"),
        ({"question": "q", "a": "x", "b": 3, "label": "a"}, "'b' must be text"),
        ({"question": "", "a": "x", "b": "y", "label": "a"}, "'question' must be non-empty text"),
        ({"question": "q", "reply": "x", "scores": {"form": 3}}, "one for each criterion: form, sense"),
        ({"question": "q", "reply": "x", "scores": {"form": 3, "sense": 9}}, "sense is 9; its scale is 1 to 5"),
        ({"question": "q", "reply": "x", "scores": {"form": True, "sense": 1}}, "form is True"),
    ],
)
def test_a_bad_label_is_refused_with_its_line(tmp_path: Path, row: dict[str, Any], words: str) -> None:
    file = rows(tmp_path / "l.jsonl", row)
    with pytest.raises(DataError) as found:
        read_labels(file, {"form": (1, 5), "sense": (1, 5)})
    assert f"{file}:1" in str(found.value)
    assert words in str(found.value)


def test_lines_about_one_pair_are_joined_and_one_annotator_speaks_once(tmp_path: Path) -> None:
    row = {"question": "q", "a": "x", "b": "y"}
    file = rows(tmp_path / "l.jsonl", *({**row, "label": label, "annotator": label} for label in ("a", "tie", "b")))
    assert read_labels(file, {}) == (LabelledPair("q", "x", "y", {"a": "a", "tie": "tie", "b": "b"}),)
    assert LabelledPair("q", "x", "y", {"a": "a", "tie": "tie", "b": "b"}).majority == "tie"
    rows(file, {**row, "label": "a"}, {**row, "label": "b"})
    with pytest.raises(DataError, match="is labelled by annotator twice"):
        read_labels(file, {})


def test_the_offline_judge_is_measured_from_the_command_line(tmp_path: Path) -> None:
    good, bad = "Answer: yes\nWhy: so.", "Well, yes."
    labels = rows(tmp_path / "l.jsonl", *({"question": f"q {n}", "a": good, "b": bad, "label": "a"} for n in range(8)))
    store = str(tmp_path / "store")

    def run(*words: str) -> Any:
        return CliRunner().invoke(evalsuite, ["judge", *words, "--store", store])

    assert "no judge was measured yet" in run("list").output
    found = run("check", "offline", "--labels", str(labels), "--rubric", "format-adherence", "--format", "json")
    assert found.exit_code == 0, found.output
    figures = {row["metric"]: row["value"] for row in json.loads(found.output)}
    assert (figures["accuracy"], figures["consistency"], figures["latency"]) == (1.0, 1.0, None)
    listed = run("list", "--format", "csv").output.splitlines()
    assert listed[1].startswith("offline,format-adherence,preferences,")


def test_the_offline_judge_is_not_measured_by_a_rubric_it_cannot_use(tmp_path: Path) -> None:
    labels = rows(tmp_path / "l.jsonl", {"question": "q", "a": "x", "b": "y", "label": "a"})
    with pytest.raises(EvalsuiteError, match="cannot grade instruction, substance, economy"):
        check_judge(CheckRequest("offline", labels), Store(tmp_path / "s"), lambda done, total: None)
