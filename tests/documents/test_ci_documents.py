"""The CI documents: they are YAML of the right shape and call only what the command line has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from evalsuite.cli import VERBS, evalsuite
from evalsuite.spec.loading.lookup import workflow

ROOT = Path(__file__).resolve().parents[2]
ACTION = ROOT / "action.yml"
HOOKS = ROOT / ".pre-commit-hooks.yaml"
FILES = [ACTION, HOOKS, workflow("github"), workflow("gitlab")]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_command_in_a_ci_document_is_one_that_there_is(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert yaml.safe_load(text)
    called = re.findall(r"^\s*(?:-\s+)?(?:run:\s+|entry:\s+)?(?:if .*then )?evalsuite ([a-z]+)", text, re.MULTILINE)
    assert called
    assert set(called) <= set(VERBS)


def test_the_options_that_ci_uses_are_options_of_the_gate() -> None:
    told = CliRunner().invoke(evalsuite, ["gate", "--help"]).output
    for file in FILES:
        for line in file.read_text(encoding="utf-8").splitlines():
            if "evalsuite gate" in line or "options" in line:
                assert [option for option in re.findall(r"(--[a-z]+)", line) if option not in told] == []


def test_no_input_of_the_action_becomes_a_part_of_a_script() -> None:
    steps = yaml.safe_load(ACTION.read_text(encoding="utf-8"))["runs"]["steps"]
    scripts = [step["run"] for step in steps if "run" in step]
    assert len(scripts) == 2
    assert not any("${{" in script for script in scripts)


def test_the_hook_checks_specs_and_nothing_else() -> None:
    [hook] = yaml.safe_load(HOOKS.read_text(encoding="utf-8"))
    assert re.search(hook["files"], "specs/mine.yaml")
    assert not re.search(hook["files"], "specs/suites/mine.yaml")
    assert not re.search(hook["files"], "gates/release.yaml")
