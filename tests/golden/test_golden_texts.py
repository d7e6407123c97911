"""Texts that people read, kept as files: `EVALSUITE_GOLDEN=write` (or `make golden`) writes them anew for review."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from evalsuite.cli import VERBS, evalsuite
from evalsuite.report.cards.verdict import markdown, sentences
from evalsuite.spec.policy import VerdictFile, VerdictRule

FOLDER = Path(__file__).parent


def check(name: str, text: str) -> None:
    """The text equals the golden file, or becomes it."""
    file = FOLDER / name
    if os.environ.get("EVALSUITE_GOLDEN") == "write":
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    assert file.is_file(), f"{name} is missing; run `make golden`"
    assert text == file.read_text(encoding="utf-8"), f"{name} has changed; run `make golden` and look at the difference"


def help_of(*words: str) -> str:
    found = CliRunner().invoke(evalsuite, [*words, "--help"], prog_name="evalsuite", terminal_width=100)
    assert found.exit_code == 0
    return found.output


@pytest.mark.parametrize("verb", VERBS)
def test_the_help_of_a_verb(verb: str) -> None:
    check(f"help/{verb}.txt", help_of(verb))


def test_the_help_of_all() -> None:
    check("help/evalsuite.txt", help_of())


def test_no_help_is_cut_off() -> None:
    assert "..." not in help_of().replace("[ARGS]...", "")


def test_no_help_is_left_over() -> None:
    assert {file.stem for file in (FOLDER / "help").iterdir()} == {*VERBS, "evalsuite"}


RULES = (
    VerdictRule(
        rule="floor",
        metric="style.fidelity",
        answer="pass",
        sentence="style.fidelity is 0.931 [0.902, 0.960] over 60 samples; at least 0.8 is wanted",
        value=0.931,
        low=0.902,
        high=0.96,
        n=60,
    ),
    VerdictRule(
        rule="non_inferior",
        metric="facts.accuracy",
        answer="fail",
        sentence="facts.accuracy fell 0.290 against base [-0.350, -0.230] over 200 samples; "
        "a loss of at most 0.05 is allowed",
        value=-0.29,
        low=-0.35,
        high=-0.23,
        n=200,
    ),
    VerdictRule(
        rule="ceiling",
        metric="odd|name",
        answer="undecided",
        sentence="odd|name has no value: it was not measured",
        value=None,
        low=None,
        high=None,
        n=None,
    ),
)
VERDICT = VerdictFile(
    schema_version=1,
    spec="harmed-lora",
    policy="release",
    answer="fail",
    base_model="quickstart",
    base_digest="b" * 64,
    adapter_digest="0123456789ab" + "c" * 52,
    rules=RULES,
)


def test_a_verdict_in_markdown() -> None:
    check("verdict/fail.md", markdown(VERDICT))


def test_a_verdict_on_a_terminal() -> None:
    check("verdict/fail.txt", "\n".join(sentences(VERDICT)) + "\n")


def test_a_verdict_as_json() -> None:
    text = VERDICT.model_dump_json(indent=2) + "\n"
    check("verdict/fail.json", text)
    assert VerdictFile.model_validate_json(text) == VERDICT
