"""GSM8K's readings against the flags that its authors stored with model solutions."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalsuite.evaluate.tasks.gsm8k import Gsm8k
from evalsuite.records import Completion, Prompt, Sample

TASK = Gsm8k(kind="gsm8k")
# The stored solutions end with "A: 18" where the data has "#### 18".
STORED = Gsm8k(kind="gsm8k", marker="A:")
SOLVERS = ("6b_finetuning", "6b_verification", "175b_finetuning", "175b_verification")

# Final lines of stored solutions, by the flag that stands beside them; from openai/grade-school-math,
# example_model_solutions.jsonl, Copyright (c) 2021 OpenAI, MIT licence.
EXTRACT = [
    ("She makes 9 * 2 = $<<9*2=18>>18 every day at the farmer’s market.\nA: 18",
     "She has 13 ducks eggs and she sells 2 each day so she makes 13 * 2 = $<<13*2=26>>26\nA: 26", False),
    ("She makes 9 * 2 = $<<9*2=18>>18 every day at the farmer’s market.\nA: 18",
     "She sells her eggs for $2 per egg and has 9 available for sale so 2 * 9 = $<<2*9=18>>18 per day\nA: 18", True),
    ("So the total amount of fabric is 2+1=<<2+1=3>>3 bolts of fabric\nA: 3",
     "So it takes 2 + 1 = <<2+1=3>>3.0 bolts of blue and white fiber altogether.\nA: 3", True),
    ("So the total amount of fabric is 2+1=<<2+1=3>>3 bolts of fabric\nA: 3",
     "So it takes a total of 200+50 = <<200+50=250>>250 meters of fiber\nA: 250", False),
]  # fmt: skip


def scored(task: Gsm8k, truth: str, reply: str) -> dict[str, float | None]:
    sample = Sample("1", Prompt.raw("?"), truth)
    return {score.metric: score.value for score in task.score(sample, Completion(reply, 1, 1, "stop"))}


@pytest.mark.parametrize(("truth", "solution", "correct"), EXTRACT)
def test_an_extract_of_the_stored_flags(truth: str, solution: str, correct: bool) -> None:
    assert scored(STORED, truth, solution) == {
        "exact_match_strict": float(correct),
        "exact_match_flexible": float(correct),
    }


def test_all_stored_flags() -> None:
    beside = Path(__file__).resolve().parents[2].parent / "shared" / "data"
    file = Path(os.environ.get("EVALSUITE_SHARED_DATA") or beside) / "gsm8k" / "example_model_solutions.jsonl"
    if not file.is_file():
        pytest.skip(f"the stored solutions are not at {file}; EVALSUITE_SHARED_DATA says where public data is")
    checked = 0
    for line in file.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        for solver in SOLVERS:
            found = scored(STORED, row["ground_truth"], row[solver]["solution"])
            assert set(found.values()) == {float(row[solver]["is_correct"])}, row[solver]["solution"]
            checked += 1
    assert checked == 800


@pytest.mark.parametrize(
    ("reply", "strict", "flexible"),
    [
        ("48/2 = 24, so\n#### 72", 1.0, 1.0), ("#### 72.", 1.0, 1.0), ("Both: 72 clips.", 0.0, 1.0),
        ("#### 72\n\nQuestion 2: 5", 1.0, 0.0), ("####72", 0.0, 1.0), ("#### $72", 0.0, 1.0), ("none", 0.0, 0.0),
        ("", 0.0, 0.0), ("#### -72", 0.0, 0.0),
    ],
)  # fmt: skip
def test_strict_and_flexible_side_by_side(reply: str, strict: float, flexible: float) -> None:
    truth = "48+24 = <<48+24=72>>72 clips.\n#### 72"
    assert scored(TASK, truth, reply) == {"exact_match_strict": strict, "exact_match_flexible": flexible}


def test_commas_do_not_count() -> None:
    assert scored(TASK, "#### 1,234", "so #### 1234") == {"exact_match_strict": 1.0, "exact_match_flexible": 1.0}


@given(st.text())
def test_any_reply_can_be_read(reply: str) -> None:
    assert set(scored(TASK, "#### 72", reply).values()) <= {0.0, 1.0}
