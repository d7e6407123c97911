"""One decision, many outputs: over 200 generated result sets none of them says otherwise."""

from __future__ import annotations

import random
import re
from html import unescape
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest

from evalsuite.gate.decide import decide
from evalsuite.plugins import find
from evalsuite.pytest_plugin import Gate, RuleFailed, RuleItem
from evalsuite.records import Direction, Evidence, Facts, Metric, Result, Results, TrainingPoint, Verdict
from evalsuite.report.cards.note import Note, html
from evalsuite.report.cards.verdict import document_of, exit_code, junit, markdown, sentences, workflow_commands
from evalsuite.spec.policy import Policy, VerdictFile

NASTY = ("a|b", "<script>alert(1)</script>", 'q"uote&amp;', "new\nline", "per%cent::", "bell\x07", "plain.accuracy")
BLOCKED = {"fail": 1, "undecided": 3, "invalid": 3, "pass": 0}


def generated(seed: int) -> Verdict:
    """A policy of some of every kind of rule, against evidence of any quality."""
    draw = random.Random(seed)
    kinds = find("rules")
    scores: dict[str, dict[str, dict[str, float]]] = {"mine": {}, "base": {}}
    figures: dict[str, Result] = {}
    metrics: dict[str, Metric] = {}
    rules = []
    for number in range(draw.randint(1, 6)):
        metric = f"{draw.choice(NASTY)}{number}"
        kind = draw.choice(["floor", "ceiling", "non_inferior", "superior", "max_flips", "judge_health", "overfit"])
        more = {"severity": draw.choice(["block", "block", "warn"])} if number else {}
        if kind in ("floor", "judge_health"):
            metric = f"judge.{metric}" if kind == "judge_health" else metric
            rules.append(kinds[kind](rule=kind, metric=metric, at_least=0.5, **more))
        elif kind == "ceiling":
            rules.append(kinds[kind](rule=kind, metric=metric, at_most=0.5, **more))
        elif kind == "overfit":
            rules.append(kinds[kind](rule=kind, **more))
        else:
            limit = {"non_inferior": {"margin": 0.1}, "superior": {}, "max_flips": {"at_most": 0.1}}[kind]
            rules.append(kinds[kind](rule=kind, metric=metric, **limit, **more))
        directions: tuple[Direction, ...] = ("higher", "higher", "lower", "neither")
        needs: dict[str, Direction] = {"floor": "higher", "judge_health": "higher", "ceiling": "lower"}
        metrics[metric] = Metric(metric, direction=needs.get(kind) or draw.choice(directions))
        value, n = draw.random(), draw.choice([8, 40, 400])
        if draw.random() < 0.9:
            figures[metric] = Result(metric, value, value - draw.random() / 5, value + draw.random() / 5, n)
            for subject, rate in (("mine", draw.random()), ("base", draw.random())):
                scores[subject][metric] = {str(item): float(draw.random() < rate) for item in range(n)}
    curve = tuple(TrainingPoint(step, None, draw.random()) for step in range(draw.choice([0, 3])))
    subjects = (Results("mine", figures, scores["mine"], metrics=metrics), Results("base", {}, scores["base"]))
    policy = Policy(schema_version=1, name="p", multiplicity=draw.choice(["holm", "none"]), rules=tuple(rules))
    return decide(policy, Evidence(*subjects, facts=Facts(curve=curve)))


def page(document: VerdictFile) -> str:
    return html([Note(document, "", (), (), (), (), 0, (), ())])


class Told(Gate):
    """A gate that has its verdict already."""

    def __init__(self, verdict: Verdict) -> None:
        self.spec, self.verdict = "mine", verdict

    def outcome(self, place: int) -> object:  # type: ignore[override]
        return self.verdict.outcomes[place]


def by_pytest(verdict: Verdict) -> list[str]:
    """What each rule's test item does: passed, failed or skipped."""
    found = []
    for place in range(len(verdict.outcomes)):
        item = RuleItem.__new__(RuleItem)
        item.gate, item.place, item.user_properties = Told(verdict), place, []
        try:
            item.runtest()
            found.append("passed")
        except RuleFailed:
            found.append("failed")
        except pytest.skip.Exception:
            found.append("skipped")
    return found


@pytest.mark.parametrize("seed", range(200))
def test_no_output_disagrees_with_another(seed: int) -> None:
    verdict = generated(seed)
    document = document_of(verdict, spec="mine", base=("quickstart", "b" * 64), adapter="a" * 64)
    words = [rule.word for rule in document.rules]

    assert VerdictFile.model_validate_json(document.model_dump_json()) == document
    assert document.answer == verdict.answer
    assert exit_code([document.answer]) == BLOCKED[document.answer]
    blocked = any(outcome.blocks for outcome in verdict.outcomes)
    assert blocked == (exit_code([document.answer]) != 0)

    lines = sentences(document)
    assert lines[0] == f"mine: {document.answer.upper()} (policy p)"
    assert [line.split(":")[0].strip() for line in lines[1:]] == [word for word in words if word != "pass"]

    table = [line for line in markdown(document).splitlines() if line.startswith("| ")][2:]
    assert [line.split("|")[1].strip().lower() for line in table] == words
    assert markdown(document).startswith(f"## mine: {document.answer.upper()}\n")

    suite = fromstring(junit([document]))[0]  # our own text
    kinds = {"pass": "system-out", "fail": "failure", "undecided": "error", "invalid": "error", "warn": "skipped"}
    assert [case[0].tag for case in suite.iter("testcase")] == [kinds[word] for word in words]
    assert next(p.get("value") for p in suite.iter("property") if p.get("name") == "verdict") == document.answer
    assert (int(suite.get("failures", 0)) + int(suite.get("errors", 0)) > 0) == blocked

    shown = page(document)
    answers = re.findall(r'data-rule="[^"]*" data-answer="(\w+)"', shown)
    assert answers == words
    assert f'data-verdict="{document.answer}"' in shown
    assert "<script" not in shown
    told = [unescape(cell) for cell in re.findall(r"<td>(.*?)</td></tr>", shown, re.DOTALL)]
    assert told[: len(words)] == [rule.sentence for rule in document.rules]

    said = workflow_commands(document, Path("specs/mine.yaml"))
    assert all("\n" not in line for line in said)
    levels = [line.split(" ")[0] for line in said]
    assert levels.count("::error") == sum(outcome.blocks for outcome in verdict.outcomes)
    assert levels.count("::warning") == words.count("warn")
    assert ("::notice" in levels) == (document.answer == "pass")

    items = {"pass": "passed", "fail": "failed", "undecided": "failed", "invalid": "failed", "warn": "skipped"}
    assert by_pytest(verdict) == [items[word] for word in words]


def test_the_generated_sets_hold_every_answer_often_enough() -> None:
    answers = [generated(seed).answer for seed in range(200)]
    assert all(answers.count(answer) >= 10 for answer in BLOCKED)


@pytest.mark.parametrize(
    ("answers", "code"),
    [([], 0), (["pass", "pass"], 0), (["pass", "fail", "invalid"], 1), (["pass", "undecided"], 3), (["invalid"], 3)],
)
def test_the_exit_code_of_several_verdicts(answers: list[str], code: int) -> None:
    assert exit_code(answers) == code
