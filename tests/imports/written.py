"""Files in the formats of others, written by hand: the same keys, other words."""

import json
from collections.abc import Sequence
from pathlib import Path


def jsonl(path: Path, rows: Sequence[dict]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def json_list(path: Path, rows: Sequence[dict]) -> Path:
    path.write_text(json.dumps(rows), encoding="utf-8")
    return path


def question(number: int) -> dict:
    return {"question_id": number, "text": f"What is {number} and {number}?", "category": "sums"}


def answer(system: str, number: int) -> dict:
    return {
        "answer_id": f"{system}-{number}",
        "model_id": system,
        "question_id": number,
        "text": f"{system} says that it is {2 * number}." * (2 if system == "model" else 1),
        "metadata": {},
    }


def review(number: int, first: str, second: str, line: str, **more: object) -> dict:
    return {
        "review_id": f"r{number}",
        "question_id": number,
        "answer1_id": f"{first}-{number}",
        "answer2_id": f"{second}-{number}",
        "text": f"{line}\nBoth assistants answered.",
        "reviewer_id": "a-judge",
        **more,
    }


def annotation(instruction: str, preference: float | None, *, model: str = "model", **more: object) -> dict:
    return {
        "instruction": instruction,
        "output_1": "A long answer of the baseline.",
        "generator_1": "baseline",
        "output_2": "Short.",
        "generator_2": model,
        "annotator": "weighted",
        "preference": preference,
        **more,
    }
