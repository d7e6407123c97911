"""Native benchmarks against the harness's own task files, told to read rows on this disk instead of a hub's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

import pytest
from asking import Noting, asked, assert_close, assert_same_replies, rows_of, values, write_rows

from evalsuite.evaluate.scoring.prompting import Prompting
from evalsuite.evaluate.tasks.arc import Arc
from evalsuite.evaluate.tasks.hellaswag import HellaSwag
from evalsuite.evaluate.tasks.ifeval import loose_readings, obeys
from evalsuite.evaluate.tasks.mmlu_pro import MmluPro
from evalsuite.evaluate.tasks.truthfulqa import TruthfulQa
from evalsuite.evaluate.tasks.winogrande import WinoGrande
from evalsuite.records import Outcome

pytestmark = [pytest.mark.peer, pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

SHOTS = pytest.mark.parametrize("shots", [0, 5])
CHAT = pytest.mark.parametrize("chat", [False, True])


def theirs_on(file: str, folder: Path, **fields: Any) -> dict[str, Any]:
    """The harness's task file with its data exchanged for JSONL files of a folder, one per split."""
    import lm_eval.tasks

    splits = {part.stem: str(part) for part in folder.glob("*.jsonl")}
    return {
        "include": str(Path(lm_eval.tasks.__file__).parent / file),
        "task": f"own_{Path(file).stem}",
        "dataset_path": "json",
        "dataset_name": None,
        "dataset_kwargs": {"data_files": splits},
        **fields,
    }


def in_order(samples: Mapping[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    (found,) = samples.values()
    return sorted(found, key=lambda sample: sample["doc_id"])


def assert_same_choices(ours: Noting, outcome: Outcome, them: list[dict[str, Any]]) -> None:
    assert len(them) == 100
    assert_close(ours, them)
    assert values(outcome, "accuracy") == [sample["acc"] for sample in them]
    assert values(outcome, "accuracy_norm") == [sample["acc_norm"] for sample in them]


@pytest.fixture
def questions(mmlu: Path) -> list[dict[str, Any]]:
    """Real questions of four choices, 120 of them."""
    return rows_of(mmlu / "test" / "anatomy.jsonl", 60) + rows_of(mmlu / "test" / "us_foreign_policy.jsonl", 60)


@CHAT
@SHOTS
def test_hellaswag(
    shots: int, chat: bool, questions: list[dict[str, Any]], tmp_path: Path, ours: Noting, run_theirs: Any
) -> None:
    """Contexts with headings, brackets and double blanks, as those from WikiHow have."""
    rows = [
        {"ind": number, "activity_label": f"How to  know [step] {number}", "ctx_a": f"{row['question']} [header] Why",
         "ctx_b": "the [title] answer is", "source_id": f"wiki~{number}", "label": str(row["answer"]),
         "endings": [f"{choice} [title] Think. [substeps] Yes." for choice in row["choices"]]}
        for number, row in enumerate(questions)
    ]  # fmt: skip
    write_rows(tmp_path / "validation.jsonl", rows[20:])
    write_rows(tmp_path / "train.jsonl", rows[:20])
    task = theirs_on("hellaswag/hellaswag.yaml", tmp_path)
    them = in_order(run_theirs(task, shots=shots, chat=chat))
    own = HellaSwag(kind="hellaswag", prompt=Prompting(shots=shots, chat=chat))
    outcome = asked(own, tmp_path / "validation.jsonl", ours, tmp_path / "train.jsonl")
    assert_same_choices(ours, outcome, them)


@CHAT
@SHOTS
def test_arc(
    shots: int, chat: bool, questions: list[dict[str, Any]], tmp_path: Path, ours: Noting, run_theirs: Any
) -> None:
    """Labels that are letters or digits, and five options now and then."""
    rows = []
    for number, row in enumerate(questions):
        options = row["choices"] + (["none of these"] if number % 4 == 0 else [])
        labels = list("12345" if number % 3 == 0 else "ABCDE")[: len(options)]
        rows.append({"id": f"own-{number}", "question": row["question"], "answerKey": labels[row["answer"]],
                     "choices": {"text": options, "label": labels}})  # fmt: skip
    write_rows(tmp_path / "test.jsonl", rows[20:])
    write_rows(tmp_path / "train.jsonl", rows[:20])
    task = theirs_on("arc/arc_easy.yaml", tmp_path, validation_split=None)
    them = in_order(run_theirs(task, shots=shots, chat=chat))
    own = Arc(kind="arc", prompt=Prompting(shots=shots, chat=chat))
    outcome = asked(own, tmp_path / "test.jsonl", ours, tmp_path / "train.jsonl")
    assert_same_choices(ours, outcome, them)


@SHOTS
def test_winogrande(shots: int, questions: list[dict[str, Any]], tmp_path: Path, ours: Noting, run_theirs: Any) -> None:
    rows = [
        {"sentence": f"Of {row['choices'][0]} and {row['choices'][1]}, _ is what was meant by: {row['question']}",
         "option1": row["choices"][0], "option2": row["choices"][1], "answer": str(1 + row["answer"] % 2)}
        for row in questions
    ]  # fmt: skip
    rows = [row for row in rows if row["sentence"].count("_") == 1]
    write_rows(tmp_path / "validation.jsonl", rows[20:])
    write_rows(tmp_path / "train.jsonl", rows[:20])
    them = in_order(run_theirs(theirs_on("winogrande/default.yaml", tmp_path), shots=shots))
    own = WinoGrande(kind="winogrande", prompt=Prompting(shots=shots))
    outcome = asked(own, tmp_path / "validation.jsonl", ours, tmp_path / "train.jsonl")
    assert len(them) == len(rows) - 20 > 80
    assert_close(ours, them)
    assert values(outcome, "accuracy") == [sample["acc"] for sample in them]


@CHAT
@pytest.mark.parametrize("targets", ["mc1", "mc2"])
def test_truthfulqa(
    targets: Any, chat: bool, questions: list[dict[str, Any]], tmp_path: Path, ours: Noting, run_theirs: Any
) -> None:
    rows = []
    for row, other in zip(questions[::2], questions[1::2], strict=True):
        first = [row["choices"][row["answer"]], *(text for i, text in enumerate(row["choices"]) if i != row["answer"])]
        several = [*other["choices"], *first]
        rows.append({"question": row["question"], "mc1_targets": {"choices": first, "labels": [1, 0, 0, 0]},
                     "mc2_targets": {"choices": several, "labels": [1, 0, 1, 0, 1, 0, 0, 0]}})  # fmt: skip
    write_rows(tmp_path / "validation.jsonl", rows)
    task = theirs_on(f"truthfulqa/truthfulqa_{targets}.yaml", tmp_path)
    them = in_order(run_theirs(task, chat=chat))
    own = TruthfulQa(kind="truthfulqa", targets=targets, chat=chat)
    outcome = asked(own, tmp_path / "validation.jsonl", ours)
    assert len(them) == 60
    assert_close(ours, them)
    assert values(outcome, targets) == pytest.approx([sample["acc"] for sample in them], rel=1e-4)


@CHAT
@SHOTS
def test_mmlu_pro(
    shots: int, chat: bool, questions: list[dict[str, Any]], tmp_path: Path, ours: Noting, run_theirs: Any
) -> None:
    """Eight options from two questions each; the examples of another category are not shown."""
    rows = []
    for row, other in zip(questions[::2], questions[1::2], strict=True):
        right = "ABCDEFGH"[row["answer"]]
        rows.append({"question": row["question"], "options": [*row["choices"], *other["choices"]], "answer": right,
                     "answer_index": row["answer"], "category": "math", "src": "own",
                     "cot_content": f"A: Let's think step by step. So the answer is ({right})."})  # fmt: skip
    write_rows(tmp_path / "validation.jsonl", [{**rows[0], "category": "law"}, *rows[:5]])
    write_rows(tmp_path / "test.jsonl", rows[5:])
    task = theirs_on("mmlu_pro/mmlu_pro_math.yaml", tmp_path)
    task["generation_kwargs"] = {"until": ["Question:"], "max_gen_toks": 48, "do_sample": False}
    them = in_order(run_theirs(task, shots=shots, chat=chat))
    own = MmluPro(kind="mmlu_pro", max_tokens=48, prompt=Prompting(shots=shots, chat=chat))
    outcome = asked(own, tmp_path / "test.jsonl", ours, tmp_path / "validation.jsonl")
    assert len(them) == 55
    assert_same_replies(ours, outcome, them, most=48)
    assert values(outcome, "exact_match") == [sample["exact_match"] for sample in them]


INSTRUCTIONS: dict[str, dict[str, Any]] = {
    "keywords:existence": {"keywords": ["rain", "sun"]},
    "keywords:frequency": {"keyword": "ha", "frequency": 2, "relation": "at least"},
    "keywords:forbidden_words": {"forbidden_words": ["rain"]},
    "keywords:letter_frequency": {"letter": "a", "let_frequency": 4, "let_relation": "less than"},
    "length_constraints:number_words": {"num_words": 9, "relation": "at least"},
    "length_constraints:number_paragraphs": {"num_paragraphs": 2},
    "length_constraints:nth_paragraph_first_word": {"num_paragraphs": 2, "nth_paragraph": 2, "first_word": "rain"},
    "detectable_content:number_placeholders": {"num_placeholders": 2},
    "detectable_content:postscript": {"postscript_marker": "P.S."},
    "detectable_format:number_bullet_lists": {"num_bullets": 2},
    "detectable_format:constrained_response": {},
    "detectable_format:number_highlighted_sections": {"num_highlights": 2},
    "detectable_format:multiple_sections": {"section_spliter": "Section", "num_sections": 2},
    "detectable_format:json_format": {},
    "detectable_format:title": {},
    "combination:two_responses": {},
    "combination:repeat_prompt": {"prompt_to_repeat": "Why rain?"},
    "startend:end_checker": {"end_phrase": "Amen"},
    "startend:quotation": {},
    "punctuation:no_comma": {},
}
PIECES = [
    "rain", "Sun", "ha", "HA", " ", " ", "\n", "\n\n", ", ", ". ", "[name]", "* ", "- ", "*", "**", "***", "******",
    "P.S.", "p. s.", "My answer is yes.", "Section 1", "Section 2", "{", "}", '{"a": 1}', "```json\n", "```", "<<",
    ">>", "Why rain?", "Amen", "amen.", '"', "'", "?",
]  # fmt: skip


FRAMES = ["{0}"] * 8 + ['"{0}"', "{0} Amen", "Why rain? {0}", "{0}\n***\n{0}", "a******{0}", "rain sun ha {0}"]


@pytest.mark.parametrize("name", INSTRUCTIONS)
def test_an_instruction_is_obeyed_when_the_harness_says_so(name: str, harness: Any) -> None:
    """1,000 replies put together of the pieces that instructions ask for."""
    utils = pytest.importorskip("lm_eval.tasks.ifeval.utils", reason="pip install 'lm-eval[ifeval]'")
    draw = Random(name)
    given = INSTRUCTIONS[name]
    seen = set()
    for _ in range(1_000):
        middle = "".join(draw.choices(PIECES, k=draw.randint(1, 12)))
        reply = draw.choice(FRAMES).format(middle)
        asked_for = utils.InputExample(key=1, instruction_id_list=[name], prompt="Why rain?", kwargs=[given])
        strict = utils.test_instruction_following_strict(asked_for, reply).follow_all_instructions
        loose = utils.test_instruction_following_loose(asked_for, reply).follow_all_instructions
        found = obeys(name, reply, given), any(obeys(name, text, given) for text in loose_readings(reply))
        assert found == (strict, loose), json.dumps(reply)
        seen.add(strict)
    assert seen == {True, False}
