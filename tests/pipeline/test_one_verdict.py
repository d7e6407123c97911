"""One verdict: decided once on all that the rules read, stored under its digest, and shown alike by everything."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree.ElementTree import parse

import pytest
from click.testing import CliRunner

from evalsuite.cli import evalsuite
from evalsuite.models.scripted import ScriptedModel
from evalsuite.pipeline import flow as pipeline
from evalsuite.pytest_plugin import Gate
from evalsuite.report.leaderboard.leaderboard import leaderboard
from evalsuite.spec.loading.load import load_document
from evalsuite.spec.policy import Policy, VerdictFile
from evalsuite.store import read
from evalsuite.store.board import past_verdicts

JUDGE = """
schema_version: 1
name: served
kind: endpoint
endpoint: http://localhost:1/v1
model: m
prompt_price: PRICE
completion_price: PRICE
"""
BUDGET = """
schema_version: 1
name: strict
rules:
  - {rule: cost, at_most_dollars: 1}
"""
CHEAP, DEAR, DEARER = 1, 100, 200


def answer(prompt, adapter):
    """The same grade for everything; the first of two is better."""
    if '"better"' in prompt.shown:
        return json.dumps({"reason": "r", "better": "first"})
    return json.dumps({"so": {"reason": "r", "score": 4}})


@pytest.fixture
def priced(project):
    """A project whose gate is a budget for a judge with a price."""
    (project.folder / "judges").mkdir()
    suite = project.folder / "suites" / "small.yaml"
    suite.write_text(suite.read_text().replace("judge: offline", "judge: served"))
    (project.folder / "gates" / "strict.yaml").write_text(BUDGET)
    project.load_judge = lambda resolved: ScriptedModel(answer)
    price(project, CHEAP)
    return project


def price(project, dollars: int) -> None:
    """What a million of the judge's tokens cost."""
    (project.folder / "judges" / "served.yaml").write_text(JUDGE.replace("PRICE", str(dollars)))


def shown(project) -> str:
    """The one verdict, after it was read wherever verdicts are shown."""
    store, files = project.store, {name: project.folder / f"it.{name}" for name in ("junit", "html")}
    words = ["gate", str(project.spec), "--store", str(store.folder)]
    words += [word for name, file in files.items() for word in (f"--{name}", str(file))]
    code = CliRunner().invoke(evalsuite, words, standalone_mode=False).return_value
    [(plan, verdict)] = pipeline.gate([project.spec], store)
    assert read.verdict_of(store, plan.step("decide").digest) == verdict
    [row] = [row for row in leaderboard(store).rows if not row.is_base]
    assert (row.verdict, row.outcomes) == (verdict.answer, verdict.outcomes)
    latest = past_verdicts(store)[0]
    assert (latest.answer, latest.step_digest) == (verdict.answer, plan.step("decide").digest)
    written = VerdictFile.model_validate_json((store.verdicts / "elsewhere/verdict.json").read_text("utf-8"))
    assert (written.answer, tuple(rule.sentence for rule in written.rules)) == (
        verdict.answer,
        tuple(outcome.sentence for outcome in verdict.outcomes),
    )
    item = Gate(project.spec, "elsewhere", None, str(store.folder), items=1)
    assert item.outcome(0) == verdict.outcomes[0]
    assert (code, parse(files["junit"]).getroot()[0].get("failures")) == {"pass": (0, "0"), "fail": (1, "1")}[
        verdict.answer
    ]
    assert verdict.outcomes[0].sentence in files["html"].read_text("utf-8")
    return verdict.answer


def test_a_judge_that_became_dearer_changes_the_verdict_wherever_it_is_shown(priced):
    [(_, verdict)] = priced.run().verdicts
    assert verdict.answer == shown(priced) == "pass"
    price(priced, DEAR)
    # Nobody has run anything, and what the gate decides is what the leaderboard shows from now on.
    assert shown(priced) == "fail"
    report = priced.run()
    assert (report.run_id, [its.answer for _, its in report.verdicts]) == (None, ["fail"])
    price(priced, DEARER)
    report = priced.run()
    assert (priced.began, [its.answer for _, its in report.verdicts]) == (["elsewhere decide"], ["fail"])
    assert shown(priced) == "fail"
    # What was decided at the old price is known, and is the latest again.
    price(priced, CHEAP)
    assert (priced.run().steps_run, shown(priced)) == (0, "pass")


def test_another_policy_is_asked_beside_the_specs_own_which_stands(priced):
    priced.run()
    runs = read.runs(priced.store)
    other = priced.folder / "gates" / "other.yaml"
    other.write_text(BUDGET.replace("name: strict", "name: other").replace("at_most_dollars: 1", "at_most_dollars: 0"))
    [(plan, verdict)] = pipeline.gate([priced.spec], priced.store, policy=load_document(Policy, other))
    assert (verdict.answer, verdict.policy) == ("fail", "other")
    assert read.verdict_of(priced.store, plan.step("decide").digest) == verdict
    assert read.runs(priced.store) == runs
    assert shown(priced) == "pass"


def decide_digest(project) -> str:
    [plan] = pipeline.plan([project.spec], project.store)
    return plan.step("decide").digest


def test_all_that_rules_read_is_in_the_digest_of_the_decision(priced):
    gate, judge = priced.folder / "gates" / "strict.yaml", priced.folder / "judges" / "served.yaml"
    found = [decide_digest(priced)]

    def after(file: Path, text: str) -> None:
        file.write_text(text)
        found.append(decide_digest(priced))

    after(judge, judge.read_text() + "required: {consistency: 0.8}\n")
    after(judge, judge.read_text().replace("0.8", "0.9"))
    after(judge, judge.read_text().replace("completion_price: 1", "completion_price: 2"))
    after(gate, gate.read_text().replace("at_most_dollars: 1", "at_most_dollars: 2"))
    after(gate, gate.read_text() + "minimum_n: 21\n")
    after(gate, gate.read_text().replace("rules:\n", "rules:\n  - {rule: size, at_most_mb: 1}\n"))
    after(priced.folder / "adapter" / "notes.txt", "a file more is a larger adapter")
    assert len(set(found)) == len(found)
    # Prose is read by no rule, and neither is the size once no rule asks for it.
    after(gate, gate.read_text() + "description: what it costs\n")
    assert found[-1] == found[-2]
    after(gate, gate.read_text().replace("  - {rule: size, at_most_mb: 1}\n", ""))
    after(priced.folder / "adapter" / "notes.txt", "another size")
    assert found[-1] == found[-2]


def test_a_sample_of_a_judged_set_costs_all_that_is_judged_of_it(priced):
    [plan] = pipeline.plan([priced.spec], priced.store)
    assert set(plan.facts.prices) == {"style", "duel"}
    step = plan.step("score", "style", "candidate")
    assert plan.facts.prices["style"] == pytest.approx(step.cost.money / priced.items)
