"""All problems of all documents come at once, each with its place and what to do."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from small_project import Project

from evalsuite.errors import DocumentError
from evalsuite.spec.document import Document, validate
from evalsuite.spec.judge import JudgeFile
from evalsuite.spec.loading.load import load_specs
from evalsuite.spec.loading.yaml_reader import read_text
from evalsuite.spec.policy import Policy
from evalsuite.spec.rubric import Rubric
from evalsuite.spec.run_spec import RunSpec
from evalsuite.spec.suite import Suite

RUN = "schema_version: 1\nname: a\nbase_model: {id: quickstart}\nsuite: s\n"
TRAIN = "train:\n  method: sft\n  adapter: {type: lora}\n  data: [{path: x}]\n"
SUITE = "schema_version: 1\nname: s\n"
BENCHMARK = "  - {name: facts, data: x, task: {kind: multiple_choice}}\n"
TEXTS = "benchmarks: [{name: book, data: x, task: {kind: perplexity}}]\n"
JUDGED = "judged: [{name: style, data: x, rubric: r, judge: j}]\n"
POLICY = "schema_version: 1\nname: p\nrules:\n"
RUBRIC = "schema_version: 1\nname: r\ncriteria:\n  - name: c\n    description: d\n    anchors: {1: bad, 5: good}\n"


def problems(kind: type[Document], text: str) -> list[str]:
    with pytest.raises(DocumentError) as refused:
        validate(kind, read_text(text, file="a.yaml"))
    return [str(problem) for problem in refused.value.problems]


def the_problem(kind: type[Document], text: str) -> str:
    (only,) = problems(kind, text)
    return only


def test_every_problem_of_a_document_is_told_at_once() -> None:
    text = RUN + TRAIN + "  epoch: 3\n  learning_rate: fast\n  batch_size: 0\ngates: release\n"
    assert problems(RunSpec, text) == [
        'a.yaml:10  train.learning_rate  "fast": input should be a valid number',
        "a.yaml:11  train.batch_size  0: input should be greater than or equal to 1",
        "a.yaml:9  train.epoch  unknown key; did you mean 'epochs'?",
        "a.yaml:12  gates  unknown key; did you mean 'gate'?",
    ]


def test_what_is_missing_is_told_where_it_belongs() -> None:
    assert problems(RunSpec, "name: a\nbase_model:\n  revision: x\n") == [
        "a.yaml:1  schema_version  is missing; add it",
        "a.yaml:2  base_model.id  is missing; add it",
        "a.yaml:1  suite  is missing; add it",
    ]


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        (
            "train: {method: sft, adapter: {type: lora, rank: 3, r: 2}, data: [{path: x}]}",
            "known here are ",
        ),
        ("train: {method: sft, adapter: {type: lora, aplha: 3}, data: [{path: x}]}", "did you mean 'alpha'?"),
        ("train: {method: sft, adapter: {type: lora}, data: [{path: x, wieght: 1}]}", "did you mean 'weight'?"),
        (
            "train: {method: sft, adapter: {type: lora}, data: [{path: x, rubric: 1}]}",
            "known here are columns, config",
        ),
        ("base: {id: x}", "did you mean 'base_model'?"),
        ("criterias: 1", "known here are adapter, allow_no_effect, base_model"),
        ("adapter: {pth: x}", "did you mean 'path'?"),
    ],
)
def test_the_hint_is_a_key_of_that_very_place(text: str, hint: str) -> None:
    assert hint in problems(RunSpec, RUN + text)[-1]


def test_the_hint_within_a_rule_is_a_key_of_that_rule() -> None:
    text = POLICY + "  - {rule: ceiling, metric: m, at_most: 1, at_least: 0}\n"
    assert the_problem(Policy, text) == ("a.yaml:4  rules.0.at_least  unknown key; did you mean 'at_most'?")


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (
            "{rule: flor, metric: m}",
            "'win_rate'; did you mean 'floor'?",
        ),
        ("{metric: m}", "needs the key 'rule'"),
        ("{rule: floor, metric: m}", "is missing; add it"),
        ("{rule: floor, metric: m, at_least: 1e999}", "input should be a finite number"),
        ("{rule: floor, metric: m, at_least: .nan}", '".nan": input should be a valid number'),
        ("{rule: floor, metric: '', at_least: 1}", "at least 1 character"),
        ("{rule: non_inferior, metric: m, margin: 0}", "greater than 0"),
        ("{rule: non_inferior, metric: m, margin: 0.1, confidence: 1}", "less than 1"),
        ("{rule: floor, metric: m, at_least: 1, minimum_n: 0}", "greater than or equal to 1"),
    ],
)
def test_a_policy_names_the_rule_that_is_wrong(rule: str, message: str) -> None:
    found = the_problem(Policy, f"{POLICY}  - {rule}\n")
    assert found.startswith("a.yaml:4  rules.0")
    assert message in found


def test_a_policy_without_rules_would_pass_everything_and_is_refused() -> None:
    assert "rules" in the_problem(Policy, "schema_version: 1\nname: p\nrules: []\n")


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("train.epochs", "'3'"),
        ("train.epochs", "true"),
        ("train.epochs", "1_000"),
        ("train.epochs", "1e999"),
        ("train.epochs", ".inf"),
        ("train.batch_size", "1.0"),
        ("train.batch_size", "1e3"),
        ("train.batch_size", "true"),
        ("train.batch_size", "'8'"),
        ("train.batch_size", "0x10"),
        ("train.seed", "null"),
        ("allow_no_effect", "yes"),
        ("allow_no_effect", "1"),
        ("schema_version", "'1'"),
        ("schema_version", "1.0"),
        ("schema_version", "2"),
        ("schema_version", "true"),
        ("tags", "one"),
        ("tags", "[1]"),
        ("description", "[]"),
        ("description", "3"),
        ("train", "[]"),
        ("train", "sft"),
        ("base_model", "quickstart"),
        ("base_model.id", "''"),
        ("base_model.id", "3"),
        ("base_model.dtype", "int8"),
    ],
)
def test_a_value_of_another_type_is_refused_not_converted(line: str, wrong: str) -> None:
    from evalsuite.spec.loading.yaml_reader import override

    raw = override(read_text(RUN + TRAIN, file="a.yaml"), (f"{line}={wrong}",))
    with pytest.raises(DocumentError) as refused:
        validate(RunSpec, raw)
    assert str(refused.value).startswith(f"--set  {line}")


@pytest.mark.parametrize("value", ["3", "3.0", "0.5"])
def test_a_whole_number_is_a_number_too(value: str) -> None:
    spec: Any = validate(RunSpec, read_text(f"{RUN}{TRAIN}  epochs: {value}\n", file="a.yaml"))
    assert spec.train.epochs == float(value)


BAD_NAMES = ["../x", "/abs", "..", ".", "a/b", "a\\b", "A", "é", "a b", "-a", ".hidden", "a..b", "аbc", "a\u200b", "ａ"]


@pytest.mark.parametrize("name", [*BAD_NAMES, "", "x" * 101, "a\n", "a\u202eb", "~", "a\u0301"])
def test_a_name_cannot_leave_the_folder_or_fool_the_eye(name: str) -> None:
    import json

    found = the_problem(RunSpec, RUN.replace("name: a", f"name: {json.dumps(name)}"))
    assert found.startswith("a.yaml:2  name")
    assert found.isprintable()
    assert "a name has lower-case letters, digits, '.', '_' and '-' only" in found


@pytest.mark.parametrize("name", ["a", "a.b-c_d", "7b", "x" * 100, "v1.5"])
def test_an_ordinary_name_is_accepted(name: str) -> None:
    assert validate(RunSpec, read_text(RUN.replace("name: a", f"name: '{name}'"), file="a.yaml")).name == name


@pytest.mark.parametrize("key", ["suite", "gate"])
def test_names_of_other_documents_are_held_to_the_same_rule(key: str) -> None:
    text = RUN.replace("suite: s\n", "") + ("suite: s\ngate: ../x\n" if key == "gate" else "suite: ../x\n")
    assert f'  {key}  "../x": a name has' in the_problem(RunSpec, text)


def test_a_spec_has_one_origin() -> None:
    found = the_problem(RunSpec, RUN + TRAIN + "adapter: {path: x}\n")
    assert found == "a.yaml:1  has both `train` and `adapter`; keep the one that says where the adapter comes from"


def test_a_base_as_it_is_needs_neither_training_nor_adapter() -> None:
    assert validate(RunSpec, read_text(RUN, file="a.yaml")).train is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"benchmarks:\n{BENCHMARK}{BENCHMARK}", "two entries are called 'facts'; names must differ"),
        (f"benchmarks:\n{BENCHMARK}judged: [{{name: facts, data: x, rubric: r, judge: j}}]", "two entries are called"),
        (
            JUDGED + "pairings: [{name: p, of: facts, rubric: r, judge: j}]",
            "'p' is of 'facts', which is no judged",
        ),
        (JUDGED + "probes: [{probe: flips, of: [style]}]", "watches 'style', which is no benchmark with right answers"),
        (TEXTS + "probes: [{probe: flips, of: [book]}]", "watches 'book', which is no benchmark with right answers"),
        (TEXTS + "probes: [{probe: calibration, of: [book]}]", "watches 'book', which is no multiple-choice benchmark"),
        (f"benchmarks:\n{BENCHMARK}probes: [{{probe: flips, of: [facts, facts]}}]", "a probe watches 'facts' twice"),
        (JUDGED + "pairings: [{name: p, of: style, rubric: r, judge: j, against: []}]", "at least 1 item"),
        (JUDGED + "pairings: [{name: p, of: style, rubric: r, judge: j, against: [base, base]}]", "is named twice in"),
        ("seed: -1", "greater than or equal to 0"),
        ("seed: 4294967296", "less than 4294967296"),
        ("benchmarks: [{name: f, data: x, limit: 0, task: {kind: multiple_choice}}]", "greater than or equal to 1"),
        ("benchmarks: [{name: f, data: x, task: {kind: multiple_chioce}}]", "did you mean 'multiple_choice'?"),
        ("probes: [{probe: flips, of: []}]", "at least 1 item"),
    ],
)
def test_a_suite_that_cannot_work_is_refused(text: str, message: str) -> None:
    assert message in the_problem(Suite, SUITE + text)


@pytest.mark.parametrize(
    ("check", "message"),
    [
        ("{kind: pattern}", "has neither `must` nor `must_not`; every reply would pass"),
        ("{kind: pattern, must: ['(']}", "is not a regular expression"),
        ("{kind: pattern, must: ['a', '[b']}", "is not a regular expression"),
        ("{kind: length, at_least: 9, at_most: 3}", "wants at least 9 and at most 3 words; no reply has that"),
        ("{kind: sections, in_order: []}", "at least 1 item"),
        ("{kind: sektions, in_order: [a]}", "did you mean 'sections'?"),
        ("{kind: length, at_most: 3, must: [a]}", "unknown key; known here are at_least, at_most, kind"),
    ],
)
def test_a_check_that_cannot_work_is_refused(check: str, message: str) -> None:
    found = the_problem(Rubric, f"{RUBRIC}    check: {check}\n")
    assert found.startswith("a.yaml:7  criteria.0.check")
    assert message in found


@pytest.mark.parametrize("anchors", ["{1: a, 01: b}", "{low: a, high: b}", "{1: a, 1.5: b}", "{-1: a, 1: b}", "{1: a}"])
def test_anchors_are_two_whole_scores_or_more(anchors: str) -> None:
    found = the_problem(Rubric, RUBRIC.replace("{1: bad, 5: good}", anchors))
    assert found.startswith("a.yaml:6  criteria.0.anchors")


def test_criteria_have_names_of_their_own() -> None:
    twice = RUBRIC + RUBRIC.split("criteria:\n")[1]
    assert "two criteria have one name" in the_problem(Rubric, twice)


def test_a_kind_of_judge_that_is_not_known_is_refused_with_those_that_are() -> None:
    found = the_problem(JudgeFile, "schema_version: 1\nname: j\nkind: offlin\n")
    assert "kind 'offlin' is not one of 'endpoint', 'hf', 'offline', 'panel', 'vllm'; did you mean 'offline'?" in found


def test_a_frozen_document_cannot_be_changed() -> None:
    spec = validate(RunSpec, read_text(RUN, file="a.yaml"))
    with pytest.raises(ValueError, match="frozen"):
        spec.name = "b"


def test_problems_of_several_documents_come_in_one_message(project: Project) -> None:
    project.change("specs/mine.yaml", "epochs: 3", "epoch: 3")
    other = project.write("specs/other.yaml", project.spec.read_text().replace("name: mine", "name: other"))
    project.change("specs/other.yaml", "epoch: 3", "epochs: 3")
    project.change("suites/small.yaml", "kind: multiple_choice", "kind: multiple")
    project.change("gates/strict.yaml", "at_least: 0.5", "at_lest: 0.5")
    with pytest.raises(DocumentError) as refused:
        load_specs([project.spec, other, project.root / "missing.yaml"])
    places = [re.sub(r"^.*/", "", f"{item.file}:{item.line}  {item.path}") for item in refused.value.problems]
    assert sorted(places) == [
        "mine.yaml:9  train.epoch",
        "missing.yaml:None  ",
        "small.yaml:6  benchmarks.0.task",
        "strict.yaml:4  rules.0.at_least",
        "strict.yaml:4  rules.0.at_lest",
    ]


def test_a_problem_that_two_specs_share_is_told_once(project: Project) -> None:
    project.change("gates/strict.yaml", "0.5", "high")
    other = project.write("specs/other.yaml", project.spec.read_text().replace("name: mine", "name: other"))
    with pytest.raises(DocumentError) as refused:
        load_specs([project.spec, other])
    assert len(refused.value.problems) == 1


def test_the_file_is_shown_as_it_was_named(project: Project) -> None:
    with pytest.raises(DocumentError) as refused:
        load_specs([Path("specs/none.yaml")])
    assert str(refused.value) == "specs/none.yaml  does not exist; check the path"
