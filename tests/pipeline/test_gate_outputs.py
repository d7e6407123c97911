"""The gate as CI sees it: exit codes, files, annotations, and pytest items, on results of a real run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path
from xml.etree.ElementTree import parse

import pytest
from click.testing import CliRunner

from evalsuite.cli import evalsuite
from evalsuite.spec.policy import VerdictFile


@pytest.fixture
def harmed(project):
    """Results of an adapter that forgot half of its facts; one answer of it would be markup on a page."""
    project.harm = True
    answer = project.answer
    project.answer = lambda prompt, adapter: answer(prompt, adapter).replace("none", "<script>none</script>")
    project.run()
    return project


def invoke(project, *words: str):
    found = CliRunner().invoke(evalsuite, [*words, "--store", str(project.store.folder)], standalone_mode=False)
    assert found.exception is None, found.exception
    return found


def test_gate_writes_all_that_is_asked_for_and_exits_with_the_verdict(harmed, tmp_path, monkeypatch):
    summary = tmp_path / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    files = {name: tmp_path / "out" / f"it.{name}" for name in ("junit", "markdown", "html")}
    options = [word for name, file in files.items() for word in (f"--{name}", str(file))]
    found = invoke(harmed, "gate", str(harmed.spec), *options, "--github")
    assert found.return_value == 1
    assert "::error file=" in found.output
    assert "title=elsewhere%3A fail (non_inferior facts.accuracy)::facts.accuracy fell 0.500" in found.output
    written = VerdictFile.model_validate_json((harmed.store.verdicts / "elsewhere/verdict.json").read_text("utf-8"))
    assert written.answer == "fail"
    assert parse(files["junit"]).getroot()[0].get("failures") == "1"  # our own text
    assert files["markdown"].read_text("utf-8") == summary.read_text("utf-8")
    assert "## elsewhere: FAIL" in summary.read_text("utf-8")
    page = files["html"].read_text("utf-8")
    assert "50 answers that the base model had right are wrong now; 8 of them" in page
    assert "Sum 0" in page or "Fact" in page
    assert '<td>facts.accuracy</td><td class="number">-0.50 [-0.62, -0.38]</td><td class="number">worse</td>' in page
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")


def test_a_release_note_says_what_was_not_tested(harmed, tmp_path):
    invoke(harmed, "gate", str(harmed.spec), "--html", str(tmp_path / "note.html"))
    page = (tmp_path / "note.html").read_text("utf-8")
    for told in (
        "measured, but no rule depends on it: sums, duel",
        "duel, style: graded by the offline judge, which sees form and not sense",
        "whether the judge agrees with people or with itself: no rule asks for it",
        "whether test items stand in the training data: the training rows are not known",
        "whether training rows can be drawn out of the adapter: no rule asks for it",
    ):
        assert told in page


def test_power_exits_with_3_where_a_rule_can_never_be_settled(project):
    found = invoke(project, "power", str(project.spec))
    assert found.return_value == 0
    assert "only a larger gap" in found.output
    gate = project.folder / "gates" / "strict.yaml"
    gate.write_text(gate.read_text("utf-8") + "minimum_n: 61\n", encoding="utf-8")
    assert invoke(project, "power", str(project.spec), "--format", "csv").return_value == 3


def pytest_of(project, *words: str) -> subprocess.CompletedProcess[str]:
    known = [entry.name for entry in entry_points(group="pytest11")]
    plugin = [] if "evalsuite" in known else ["-p", "evalsuite.pytest_plugin"]
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist", *plugin, *words]
    return subprocess.run(
        command, cwd=project.folder, capture_output=True, text=True, check=False,
        env={**os.environ, "EVALSUITE_STORE": str(project.store.folder)},
    )  # fmt: skip


def test_each_rule_is_a_test_item_and_a_failure_reads_like_a_sentence(harmed):
    found = pytest_of(harmed, "-v", "--evalsuite", "specs")
    assert found.returncode == 1
    assert re.search(r"elsewhere: floor style\.fidelity.*PASSED", found.stdout)
    assert re.search(r"elsewhere: non_inferior facts\.accuracy.*FAILED", found.stdout)
    assert "\nelsewhere  fail: facts.accuracy fell 0.500 against base [" in found.stdout
    assert "Traceback" not in found.stdout
    assert "1 failed, 1 passed" in found.stdout


def test_what_a_judges_document_requires_is_an_item_too(harmed):
    judge = harmed.folder / "judges" / "offline.yaml"
    judge.parent.mkdir()
    judge.write_text(
        "schema_version: 1\nname: offline\nkind: offline\nrequired: {consistency: 0.8}\n", encoding="utf-8"
    )
    found = pytest_of(harmed, "-v", "--evalsuite", "specs")
    assert re.search(r"elsewhere: floor style\.fidelity.*PASSED", found.stdout)
    assert re.search(r"elsewhere: required judge\.offline\.consistency.*FAILED", found.stdout)
    assert "judge.offline.consistency of at least 0.8 is required: judge offline was never measured so" in found.stdout
    assert "2 failed, 1 passed" in found.stdout


def test_without_results_each_item_says_what_to_run(project):
    found = pytest_of(project, "--evalsuite", "specs/elsewhere.yaml")
    assert found.returncode == 1
    assert "`evalsuite run` makes them" in found.stdout


def test_a_wrong_document_is_an_error_of_collection_with_its_line(project):
    project.spec.write_text(project.spec.read_text("utf-8").replace("suite:", "suit:"), encoding="utf-8")
    found = pytest_of(project, "--evalsuite", "specs")
    assert found.returncode == 2
    assert "elsewhere.yaml:6  suit  unknown key; did you mean 'suite'?" in found.stdout


def test_without_its_option_the_plug_in_loads_nothing_else(project):
    (project.folder / "test_mine.py").write_text(
        "import sys\n\n\ndef test_mine():\n"
        "    loaded = {name for name in sys.modules if name.startswith('evalsuite')}\n"
        "    assert loaded <= {'evalsuite', 'evalsuite.pytest_plugin'}\n",
        encoding="utf-8",
    )
    found = pytest_of(project, "test_mine.py")
    assert found.returncode == 0, found.stdout


def test_tests_and_gates_run_together_when_both_are_named(harmed):
    (harmed.folder / "test_mine.py").write_text("def test_mine():\n    pass\n", encoding="utf-8")
    found = pytest_of(harmed, "test_mine.py", "--evalsuite", "specs")
    assert "1 failed, 2 passed" in found.stdout


@pytest.mark.parametrize(
    ("server", "file"), [("github", ".github/workflows/evalsuite.yml"), ("gitlab", ".gitlab-ci.yml")]
)
def test_ci_init_writes_a_workflow_once(server: str, file: str, tmp_path: Path):
    runner = CliRunner()
    first = runner.invoke(evalsuite, ["ci", "init", server, "--folder", str(tmp_path)])
    assert (first.exit_code, first.output) == (0, f"{tmp_path / file}\n")
    again = runner.invoke(evalsuite, ["ci", "init", server, "--folder", str(tmp_path)])
    assert "is there already" in str(again.exception)
