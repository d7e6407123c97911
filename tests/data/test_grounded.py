"""Questions that a teacher writes about passages: read out of its reply, held to the passage, kept with their place."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner
from endpoint_server import Behaviour, serving

from evalsuite.cli import evalsuite
from evalsuite.data.synthesis.teacher_rows import prompts, share_grounded, written_rows
from evalsuite.plugins import Asking
from evalsuite.records import Completion
from evalsuite.spec.teacher import Writing
from evalsuite.store.replies import ReplyCache

PASSAGE = {
    "text": "The ferry leaves Odda at seven. It carries forty cars, and in winter it leaves at eight.",
    "document": "ferry.md",
    "span": [0, 88],
}
GOOD = "Q: When does the ferry leave Odda?\nA: The ferry leaves at seven, in winter at eight."


def write(*replies: str | Completion, passages: Sequence[dict] = (PASSAGE,), **fields: object):
    """What becomes of a teacher's replies about passages."""
    document = {"schema_version": 1, "teacher": {"base_model": {"id": "quickstart"}}, **fields}
    writing = Writing.model_validate_json(json.dumps(document))
    said = [reply if isinstance(reply, Completion) else Completion(reply, 9, 9, "stop") for reply in replies]
    return written_rows(passages, said, writing, Asking("wise", "abc", lambda asked, sampling: said))


def dropped(*replies: str | Completion, **fields: object) -> list[str]:
    return [item.reason for item in write(*replies, **fields).dropped]


def test_a_question_becomes_a_row_with_its_file_span_and_teacher() -> None:
    [row] = write(GOOD).rows
    assert json.loads(json.dumps(row)) == {
        "prompt": "When does the ferry leave Odda?",
        "completion": "The ferry leaves at seven, in winter at eight.",
        "document": "ferry.md",
        "span": [0, 88],
        "teacher": {"id": "wise", "digest": "abc"},
        "sampling": {
            "max_tokens": 256, "temperature": 0.0, "seed": 0, "stop": [], "response_schema": None, "top_logprobs": 0,
        },
    }  # fmt: skip


def test_reasons_stand_before_the_answer() -> None:
    reply = "Q: When does it leave in winter?\nWhy: The passage says that in winter it leaves at eight.\nA: At eight."
    [row] = write(reply, rows="explained").rows
    assert row["completion"] == "The passage says that in winter it leaves at eight.\n\nAt eight."


@pytest.mark.parametrize(
    "reply",
    [
        "**Q:** How many cars?\n**A:** Forty cars.",
        "Here you are.\n\nQ1: How many cars?\nA1: Forty cars.",
        "q: How many cars?\na: Forty cars.",
        "Q: How many cars?\n\n\nA: Forty cars.\n",
    ],
)
def test_small_liberties_of_form_are_understood(reply: str) -> None:
    [row] = write(reply).rows
    assert (row["prompt"], row["completion"]) == ("How many cars?", "Forty cars.")


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("I'm sorry, I can't do that.", "the teacher's reply refused to answer"),
        ("", "the teacher's reply is empty"),
        ("A ferry!", "the teacher's reply has no question with its answer in the form that was asked for"),
        ("Q: Why?\nQ: When?", "the teacher's reply has no question with its answer in the form that was asked for"),
        (f"{GOOD}\n{GOOD}", "asks what an earlier row asks"),
        ("Q: Who steers?\nA: Captain Hansen from Bergen since 1987.", "the answer says what the passage does not"),
        ("Q: Who steers?\nA: I cannot answer this.", "the answer refused to answer"),
    ],
)
def test_what_is_no_good_row_is_dropped_with_its_reason(reply: str, reason: str) -> None:
    assert dropped(reply) == [reason]


def test_of_a_reply_that_was_cut_off_only_whole_questions_are_kept() -> None:
    cut = Completion(f"Q: How many cars?\nA: Forty cars.\n{GOOD[:-9]}", 9, 9, "length")
    made = write(cut)
    assert [row["prompt"] for row in made.rows] == ["How many cars?"]
    assert [item.reason for item in made.dropped] == ["the teacher's reply was cut off at the token limit"]


def test_russian_endings_do_not_part_an_answer_from_its_passage() -> None:
    passage = "Паром уходит из Одды в семь часов утра и везёт сорок автомобилей."
    assert share_grounded("Паромы уходили в семь утра и везли автомобили.", passage) > 0.5
    assert share_grounded("Капитан Хансен родился в Бергене.", passage) == 0
    assert share_grounded("Да.", passage) == 1


def test_the_passage_and_the_wish_stand_in_the_prompt() -> None:
    document = {"schema_version": 1, "teacher": {}, "rows": "explained", "per_passage": 2}
    [prompt] = prompts([PASSAGE], Writing.model_validate_json(json.dumps(document)))
    assert PASSAGE["text"] in prompt.shown
    assert "Write 2 different questions" in prompt.shown
    assert prompt.shown.endswith("Q: the question\nWhy: the explanation\nA: the answer")


def test_the_command_asks_a_server_once_and_tells_what_it_dropped(tmp_path: Path) -> None:
    def answer(body: dict) -> str:
        return GOOD if "ferry" in body["messages"][-1]["content"] else "I cannot help with that."

    (tmp_path / "ferry.md").write_text(str(PASSAGE["text"]), encoding="utf-8")
    (tmp_path / "tram.md").write_text("The tram of this town is green and stops at the old market.", encoding="utf-8")
    out = tmp_path / "rows.jsonl"
    with serving(Behaviour(answer=answer)) as server, closing(ReplyCache(tmp_path / "s" / "replies.sqlite")):
        teacher = tmp_path / "teacher.yaml"
        teacher.write_text(f"schema_version: 1\nteacher: {{endpoint: '{server.url}', model: served-model}}\n")
        asked = ["data", "build", str(tmp_path / "ferry.md"), str(tmp_path / "tram.md"), "--out", str(out)]
        for _ in range(2):
            done = CliRunner().invoke(evalsuite, [*asked, "--write", str(teacher), "--store", str(tmp_path / "s")])
            assert done.exit_code == 0, done.exception
        assert len(server.asked) == 2
    assert "tram.md:0-59  the teacher's reply refused to answer" in done.output
    assert f"{out}: 1 rows from 1 documents, 1 dropped" in done.output
    assert json.loads(out.read_text())["document"] == str(tmp_path / "ferry.md")
