"""Specs are joined with all that they name: where names are looked up, matrices and `--set`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from small_project import GATE, SPEC, SUITE, Project

from evalsuite.errors import DocumentError
from evalsuite.spec.loading.load import load_specs
from evalsuite.spec.loading.lookup import bundled_folder, kind_of, kind_of_file
from evalsuite.spec.loading.yaml_reader import expand, override, read_file, read_text

RUN = "schema_version: 1\nname: a\nsuite: s\ntrain:\n  epochs: 3\n  data:\n    - {path: x}\n"


def refusal(project: Project, *settings: str) -> str:
    with pytest.raises(DocumentError) as refused:
        load_specs([project.spec], settings)
    return str(refused.value).replace(f"{project.root}/", "")


def set_to(*settings: str) -> Any:
    return override(read_text(RUN, file="a.yaml"), settings).data


def expanded(matrix: str) -> list[dict[str, Any]]:
    return [raw.data for raw in expand(read_text(f"{RUN}matrix: {matrix}\n", file="a.yaml"))]


def refused_matrix(matrix: str) -> str:
    with pytest.raises(DocumentError) as refused:
        expanded(matrix)
    return str(refused.value)


def test_a_spec_is_joined_with_all_that_it_names(project: Project) -> None:
    (found,) = load_specs([project.spec])
    assert found.spec.name == "mine"
    assert found.suite.name == "small"
    assert found.policy is not None
    assert found.policy.name == "strict"
    assert found.training_data == (project.root / "data/train.jsonl",)
    assert found.suite_data == {"facts": project.root / "data/facts.jsonl"}
    assert found.documents == {
        "gates/strict": project.root / "gates/strict.yaml",
        "suites/small": project.root / "suites/small.yaml",
    }


def test_a_document_beside_the_spec_wins_over_the_project_and_the_bundled_one(project: Project) -> None:
    project.change("specs/mine.yaml", "suite: small", "suite: quickstart")

    def where() -> Path:
        (found,) = load_specs([project.spec])
        return found.documents["suites/quickstart"]

    quickstart = SUITE.replace("name: small", "name: quickstart")
    assert where() == bundled_folder("suites") / "quickstart.yaml"
    in_project = project.write("suites/quickstart.yaml", quickstart)
    assert where() == in_project
    below = project.write("specs/suites/quickstart.yaml", quickstart)
    assert where() == below
    beside = project.write("specs/quickstart.yaml", quickstart)
    assert where() == beside


def test_a_spec_is_not_its_own_suite(project: Project) -> None:
    project.change("specs/mine.yaml", "suite: small", "suite: mine")
    assert "no suite 'mine'; looked for specs/suites/mine.yaml, suites/mine.yaml" in refusal(project)


RUBRIC = """\
schema_version: 1
name: {name}
criteria:
  - name: short
    description: Is it short?
    anchors: {{"1": it is long, "5": it is short}}
    check: {{kind: length, at_most: 5}}
"""


def judging(rubric: str, judge: str = "offline", name: str = "small") -> str:
    entry = f"judged:\n  - {{name: style, data: data/facts.jsonl, rubric: {rubric}, judge: {judge}}}\n"
    return SUITE.replace("name: small", f"name: {name}") + entry


def test_one_name_may_be_a_spec_a_suite_a_gate_a_rubric_and_a_judge(project: Project) -> None:
    """Each is found by its kind, from every document that names it, wherever those lie."""
    project.write("specs/small.yaml", project.spec.read_text().replace("name: mine", "name: small"))
    project.change("specs/mine.yaml", "gate: strict", "gate: small")
    project.change("specs/small.yaml", "gate: strict", "gate: small")
    project.write("suites/small.yaml", judging("small", "small"))
    project.write("gates/small.yaml", GATE.replace("name: strict", "name: small"))
    project.write("rubrics/small.yaml", RUBRIC.format(name="small"))
    project.write("judges/small.yaml", "schema_version: 1\nname: small\nkind: offline\n")
    found = load_specs([project.spec, project.root / "specs/small.yaml"])
    expected = {
        f"{kind}/small": project.root / kind / "small.yaml" for kind in ("suites", "gates", "rubrics", "judges")
    }
    assert [spec.documents for spec in found] == [expected, expected]


@pytest.mark.parametrize(
    ("folder", "text"),
    [
        ("suites", judging("short", name="taken")),
        ("gates", GATE.replace("name: strict", "name: taken")),
        ("rubrics", RUBRIC.format(name="taken")),
        ("judges", "schema_version: 1\nname: taken\nkind: offline\n"),
        ("specs", SPEC.replace("name: mine", "name: taken")),
    ],
)
def test_what_lies_beside_a_document_counts_for_its_own_kind_only(project: Project, folder: str, text: str) -> None:
    """A spec, and a suite, look for `taken`; what lies beside them under that name is of each kind in turn."""
    project.write("gates/taken.yaml", GATE.replace("name: strict", "name: taken"))
    project.write("rubrics/taken.yaml", RUBRIC.format(name="taken"))
    project.change("specs/mine.yaml", "gate: strict", "gate: taken")
    project.write("suites/small.yaml", judging("taken"))
    beside_spec, beside_suite = project.write("specs/taken.yaml", text), project.write("suites/taken.yaml", text)
    (found,) = load_specs([project.spec])
    gate = beside_spec if folder == "gates" else project.root / "gates/taken.yaml"
    rubric = beside_suite if folder == "rubrics" else project.root / "rubrics/taken.yaml"
    assert (found.documents["gates/taken"], found.documents["rubrics/taken"]) == (gate, rubric)


def test_what_was_passed_over_is_told_with_the_places(project: Project) -> None:
    project.change("specs/mine.yaml", "gate: strict", "gate: lax")
    project.write("specs/lax.yaml", SUITE)
    assert "no policy 'lax'; looked for specs/lax.yaml (passed over: a suite), specs/gates/lax.yaml" in refusal(project)


def test_a_document_with_mistakes_is_taken_for_what_it_wants_to_be(project: Project) -> None:
    """Its own mistakes are told, and not that it is not there."""
    project.change("specs/mine.yaml", "suite: small", "suite: own")
    project.write("specs/own.yaml", "schema_version: 1\nname: own\nbenchmark: []\n")
    assert "specs/own.yaml:3  benchmark  unknown key; did you mean 'benchmarks'?" in refusal(project)
    project.write("specs/own.yaml", "schema_version: 1\nname: own\nbenchmarks: [\n")
    assert "specs/own.yaml:4  is not valid YAML" in refusal(project)


@pytest.mark.parametrize(
    ("path", "text", "kind"),
    [
        ("x/a.yaml", "schema_version: 1\nbase_model: {id: b}\nsuite: s\n", "spec"),
        ("x/a.yaml", '"rules":\n  - {rule: floor}\n', "policy"),
        ("x/a.yaml", "kind: offline\n", "judge"),
        ("suites/a.yaml", "criteria: [\n", "rubric"),
        ("x/a.yaml", "# yaml-language-server: $schema=../schemas/run.v1.json\nname: a\n", "spec"),
        ("x/a.yaml", "# yaml-language-server: $schema=../schemas/suite.v1.json\nbenchmark: []\n", "suite"),
        ("gates/a.yaml", "rule: []\n", "policy"),
        ("specs/a.yaml", "rule: []\n", None),
        ("x/a.yaml", "name: a\n", None),
        ("x/a.yaml", "{rules: []}\n", None),
        ("x/a.yaml", "a:\n  rules: []\n", None),
    ],
)
def test_a_file_says_its_kind_by_its_keys_then_by_its_schema_then_by_its_folder(
    project: Project, path: str, text: str, kind: str | None
) -> None:
    assert kind_of_file(project.write(path, text)) == kind


def test_every_shipped_document_says_its_kind_by_its_keys_alone(tmp_path: Path) -> None:
    for folder, kind in (
        ("suites", "suite"),
        ("gates", "policy"),
        ("rubrics", "rubric"),
        ("judges", "judge"),
        ("specs", "spec"),
    ):
        for file in bundled_folder(folder).glob("*.yaml"):
            assert kind_of(read_file(file).data) == kind, file


def test_a_name_that_is_nowhere_is_told_with_the_places_that_were_searched(project: Project) -> None:
    project.change("specs/mine.yaml", "gate: strict", "gate: lax")
    lax = bundled_folder("gates") / "lax.yaml"
    searched = f"specs/lax.yaml, specs/gates/lax.yaml, gates/lax.yaml, {lax}"
    assert refusal(project) == f"specs/mine.yaml:11  gate  no policy 'lax'; looked for {searched}"


def test_a_name_that_is_almost_right_gets_the_nearest_that_is_there(project: Project) -> None:
    project.change("specs/mine.yaml", "gate: strict", "gate: strickt")
    project.change("specs/mine.yaml", "suite: small", "suite: smal")
    assert refusal(project).splitlines() == [
        "specs/mine.yaml:10  suite  no suite 'smal'; did you mean 'small'?",
        "specs/mine.yaml:11  gate  no policy 'strickt'; did you mean 'strict'?",
    ]


def test_a_spec_is_wanted_and_a_document_of_another_kind_is_told_what_it_is(project: Project) -> None:
    for kind, file in (("suite", "suites/small.yaml"), ("policy", "gates/strict.yaml")):
        what = f"is a {kind}, and a spec is wanted here; a {kind} is checked with the specs that name it"
        with pytest.raises(DocumentError, match=f"{file}  {what}$"):
            load_specs([project.root / file])


def test_a_file_that_is_named_twice_is_read_once(project: Project) -> None:
    assert len(load_specs([project.spec, project.spec.parent / ".." / "specs" / project.spec.name])) == 1


@pytest.mark.parametrize(("folder", "name"), [("suites", "small"), ("gates", "strict")])
def test_a_document_that_is_named_otherwise_inside_is_refused(project: Project, folder: str, name: str) -> None:
    project.change(f"{folder}/{name}.yaml", f"name: {name}", "name: else")
    assert f"{folder}/{name}.yaml is named 'else' inside; make them equal" in refusal(project)


def test_a_document_of_another_kind_is_refused(project: Project) -> None:
    project.write("suites/small.yaml", (project.root / "gates/strict.yaml").read_text().replace("strict", "small"))
    assert refusal(project).startswith("suites/small.yaml:3  rules  unknown key; known here are benchmarks")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("data/none.jsonl", "'data/none.jsonl' does not exist; looked for"),
        ("data", "data must be a file, not a folder"),
        ("/", "/ must be a file, not a folder"),
        ("x" * 300, "does not exist; looked for"),
        ("~nobody-here/x", "'~nobody-here/x' does not exist; looked for"),
        ("circle/x", "'circle/x' does not exist; looked for"),
        ("data/train.jsonl/x", "does not exist; looked for"),
    ],
)
def test_data_that_is_not_there_is_told_with_its_line(project: Project, path: str, message: str) -> None:
    (project.root / "circle").symlink_to(project.root / "circle")
    project.change("specs/mine.yaml", "data/train.jsonl", path)
    assert refusal(project).startswith("specs/mine.yaml:8  train.data.0.path  ")
    assert message in refusal(project)


def test_an_adapter_is_a_folder(project: Project) -> None:
    train = project.spec.read_text().split("train:")[1].split("suite:")[0]
    project.change("specs/mine.yaml", f"train:{train}", "adapter: {path: data/train.jsonl}\n")
    assert "adapter.path  data/train.jsonl must be a folder" in refusal(project)
    project.change("specs/mine.yaml", "data/train.jsonl", "data")
    (found,) = load_specs([project.spec])
    assert found.adapter_path == project.root / "data"


def test_sources_have_weights_all_or_none(project: Project) -> None:
    project.change("specs/mine.yaml", "    - path: data/train.jsonl", "    - {path: data/train.jsonl, weight: 1}\n" * 1
                   + "    - {path: data/train.jsonl}")  # fmt: skip
    message = "some sources have a weight and some have none; give all one, or none"
    assert refusal(project) == f"specs/mine.yaml:7  train.data  {message}"


def test_the_offline_judge_cannot_grade_what_no_rule_checks(project: Project) -> None:
    rubric = "schema_version: 1\nname: taste\ncriteria: [{name: c, description: d, anchors: {1: a, 5: b}}]\n"
    project.write("rubrics/taste.yaml", rubric)
    judged = "judged:\n  - {name: style, data: data/facts.jsonl, rubric: taste, judge: offline}\n"
    project.write("suites/small.yaml", SUITE + judged)
    assert refusal(project) == (
        "suites/small.yaml:8  judged.0.judge  the offline judge cannot grade c: no `check` in the rubric"
    )


def test_two_specs_of_one_name_are_refused(project: Project) -> None:
    other = project.write("specs/other.yaml", project.spec.read_text())
    with pytest.raises(DocumentError, match=f"'mine' is also the name of a spec in {project.spec}"):
        load_specs([project.spec, other])


def test_a_matrix_makes_one_spec_per_combination_named_by_its_values(project: Project) -> None:
    project.write(
        "specs/mine.yaml", project.spec.read_text() + "matrix: {train.adapter.r: [8, 16], train.epochs: [1, 2e-1]}"
    )
    found: list[Any] = load_specs([project.spec])
    assert [(item.spec.name, item.spec.train.adapter.r, item.spec.train.epochs) for item in found] == [
        ("mine-8-1", 8, 1.0),
        ("mine-8-0.2", 8, 0.2),
        ("mine-16-1", 16, 1.0),
        ("mine-16-0.2", 16, 0.2),
    ]
    assert all(item.spec.matrix is None for item in found)


def test_values_of_a_matrix_become_words_of_a_name() -> None:
    matrix = "{description: [A b, 'x/../y', null, true, '', [1, 2], 1e-5]}"
    names = [data["name"] for data in expanded(matrix)]
    assert names == ["a-a-b", "a-x-..-y", "a-null", "a-true", "a-x", "a-1-2", "a-1e-05"]


def test_a_matrix_reaches_into_lists_and_leaves_the_document_alone() -> None:
    raw = read_text(f"{RUN}matrix: {{train.data.0.path: [y, z]}}\n", file="a.yaml")
    assert [item.data["train"]["data"][0]["path"] for item in expand(raw)] == ["y", "z"]
    assert raw.data["train"]["data"][0]["path"] == "x"


def test_a_value_of_a_matrix_that_is_wrong_is_told_where_the_matrix_has_it(project: Project) -> None:
    project.write("specs/mine.yaml", project.spec.read_text() + "matrix:\n  train.epochs:\n    - 1\n    - many\n")
    assert refusal(project) == 'specs/mine.yaml:15  train.epochs  "many": input should be a valid number'


def test_values_that_make_equal_names_are_refused(project: Project) -> None:
    project.write("specs/mine.yaml", project.spec.read_text() + "matrix: {description: [a b, a-b]}")
    message = "two specs of this file are called 'mine-a-b'; the values of a matrix must differ as words"
    assert refusal(project) == f"specs/mine.yaml  name  {message}"


def test_a_missing_name_is_missing_whatever_the_matrix(project: Project) -> None:
    project.change("specs/mine.yaml", "name: mine\n", "matrix: {train.epochs: [1, 2]}\n")
    assert refusal(project) == "specs/mine.yaml:1  name  is missing; add it"


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        ("[1]", "a.yaml:8  matrix  must map paths to lists of values, e.g. train.adapter.r: [8, 16]"),
        ("{train.epochs: 3}", "a.yaml:8  matrix  must map paths to lists of values, e.g. train.adapter.r: [8, 16]"),
        ("{train.epochs: []}", "a.yaml:8  matrix  must map paths to lists of values, e.g. train.adapter.r: [8, 16]"),
        ("{train.data.7.path: [a]}", "a.yaml:8  train.data.7.path  leads nowhere: there is no train.data.7"),
        ("{matrix.x: [[1], [2]]}", "a.yaml:8  matrix  cannot change itself; list all paths side by side"),
        (str({f"k{n}": [1, 2] for n in range(11)}), "a.yaml:8  matrix  makes 2048 specs; at most 1000"),
    ],
)
def test_a_matrix_that_cannot_be_expanded_is_refused(matrix: str, message: str) -> None:
    assert refused_matrix(matrix) == message


def test_an_empty_matrix_is_one_spec() -> None:
    assert [data["name"] for data in expanded("{}")] == ["a"]


@pytest.mark.parametrize(
    ("setting", "path", "value"),
    [
        ("train.epochs=2e-1", ("train", "epochs"), 0.2),
        ("train.data.0.path=y z", ("train", "data", 0, "path"), "y z"),
        ("train.new.deep=1", ("train", "new", "deep"), 1),
        ("name=no", ("name",), "no"),
        ("name='7'", ("name",), "7"),
        ("name=", ("name",), None),
        ("name=a=b", ("name",), "a=b"),
        ("train.data=[{path: q}]", ("train", "data"), [{"path": "q"}]),
        ("train={epochs: 1}", ("train",), {"epochs": 1}),
    ],
)
def test_set_changes_the_value_at_a_path(setting: str, path: tuple[Any, ...], value: object) -> None:
    place = set_to(setting)
    for key in path:
        place = place[key]
    assert place == value


def test_later_settings_win_and_the_document_stays_as_it_was() -> None:
    raw = read_text(RUN, file="a.yaml")
    assert override(raw, ("name=b", "name=c")).data["name"] == "c"
    assert raw.data["name"] == "a"


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("nonsense", "--set  nonsense  must read path=value, e.g. train.epochs=3"),
        ("=3", "--set  =3  must read path=value, e.g. train.epochs=3"),
        ("", "--set  must read path=value, e.g. train.epochs=3"),
        ("train.data.9.path=3", "--set  train.data.9.path  leads nowhere: there is no train.data.9"),
        ("train.data.x=3", "--set  train.data.x  leads nowhere; a path reads train.epochs or train.data.0.path"),
        ("train.data.1=3", "--set  train.data.1  leads nowhere; a path reads train.epochs or train.data.0.path"),
        ("train.data.-1=3", "--set  train.data.-1  leads nowhere; a path reads train.epochs or train.data.0.path"),
        ("train.data.²=3", "--set  train.data.²  leads nowhere; a path reads train.epochs or train.data.0.path"),
        ("name.first=3", "--set  name.first  leads nowhere; a path reads train.epochs or train.data.0.path"),
        ("name.a.b=3", "--set  name.a.b  leads nowhere: there is no name.a"),
        ("train..epochs=3", "--set  train..epochs  leads nowhere: there is no train."),
        ("train.=3", "--set  train.  leads nowhere; a path reads train.epochs or train.data.0.path"),
        ("name=\x1b[31m", "--set name  holds the control character '\\x1b'; remove it"),
        ("name=\ud800", "--set name  holds the control character '\\ud800'; remove it"),
        ("name=[1", "--set name:1  is not valid YAML: expected ',' or ']', but got '<stream end>'"),
        ("name='a' b", "--set name:1  is not valid YAML: expected '<document start>', but found '<scalar>'"),
        ("name=[!!python/name:os.system x]",
         "--set name:1  has the YAML tag 'tag:yaml.org,2002:python/name:os.system'; "
         "tags are not allowed, write a plain value"),
        ("train.data." + "9" * 5000 + "=1", "--set  train.data." + "9" * 5000
         + "  leads nowhere; a path reads train.epochs or train.data.0.path"),
    ],
)  # fmt: skip
def test_a_setting_that_leads_nowhere_is_refused(setting: str, message: str) -> None:
    with pytest.raises(DocumentError) as refused:
        set_to(setting)
    assert str(refused.value) == message


def test_a_wrong_value_that_was_set_is_told_as_set_not_as_a_line_of_the_file(project: Project) -> None:
    assert refusal(project, "train.epochs=many") == '--set  train.epochs  "many": input should be a valid number'
    assert refusal(project, "train.epoch=1") == "--set  train.epoch  unknown key; did you mean 'epochs'?"
    assert refusal(project, "suite=none").startswith("--set  suite  no suite 'none'; looked for")


def test_a_rule_about_a_metric_that_the_suite_does_not_measure_is_refused(project: Project) -> None:
    project.change("gates/strict.yaml", "facts.accuracy", "facts.acuracy")
    assert refusal(project) == (
        "gates/strict.yaml:4  rules.0.metric  'facts.acuracy' is not measured; did you mean 'facts.accuracy'?"
    )


BOOK = """\
  - name: book
    data: data/facts.jsonl
    task: {kind: perplexity, field: question}
"""


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ("{rule: floor, metric: book.nats_per_token, at_least: 2}",
         "less is better in book.nats_per_token, so that at_least would ask for the worse; use `ceiling` with "
         "`at_most`"),
        ("{rule: floor, metric: facts.accuracy, at_least: 0}",
         "facts.accuracy is never below 0, so at_least 0 can never fail; raise it"),
        ("{rule: floor, metric: facts.accuracy.trades, at_least: 80}",
         "facts.accuracy.trades is never above 1, so at_least 80 can never pass; lower it"),
        ("{rule: ceiling, metric: overlap.facts, at_most: 1}",
         "overlap.facts is never above 1, so at_most 1 can never fail; lower it"),
        ("{rule: contamination, at_most: 1}", "overlap.facts is never above 1, so at_most 1 can never fail; lower it"),
        ("{rule: max_flips, metric: book.nats_per_token, at_most: 0.1}",
         "the scores of book.nats_per_token are not right (1) or wrong (0), so that none can flip; use `non_inferior`"),
        ("{rule: non_inferior, metric: book.nats_per_token, margin: 0.1, sequential: true}",
         "the scores of book.nats_per_token have no declared end on both sides, without which nothing can be settled "
         "early; leave out `sequential`"),
    ],
)  # fmt: skip
def test_a_rule_that_makes_no_sense_for_its_metric_is_refused(project: Project, rule: str, problem: str) -> None:
    project.write("suites/small.yaml", SUITE + BOOK)
    project.change("gates/strict.yaml", "{rule: floor, metric: facts.accuracy, at_least: 0.5}", rule)
    assert refusal(project) == f"gates/strict.yaml:4  rules.0  {problem}"


def test_a_folder_and_examples_are_found_beside_the_suite(project: Project) -> None:
    project.change("suites/small.yaml", "data: data/facts.jsonl", "data: data/mmlu\n    examples: data/dev")
    project.change("suites/small.yaml", "{kind: multiple_choice}", "{kind: mmlu}")
    for folder in ("mmlu", "dev"):
        project.rows(f"data/{folder}/law.jsonl", {"question": "?", "choices": ["a", "b"], "answer": 0})
    (found,) = load_specs([project.spec])
    assert found.suite_data == {"facts": project.root / "data/mmlu"}
    assert found.suite_examples == {"facts": project.root / "data/dev"}


def test_tasks_of_lm_eval_are_entries_whose_metrics_are_known_later(project: Project) -> None:
    project.change("suites/small.yaml", "benchmarks:", "lm_eval: {tasks: [boolq], include_path: tasks}\nbenchmarks:")
    (project.root / "tasks").mkdir()
    project.change("gates/strict.yaml", "facts.accuracy", "boolq.acc")
    (found,) = load_specs([project.spec])
    assert (found.suite.entries, found.suite_data["boolq"]) == (("facts", "boolq"), project.root / "tasks")
    project.change("suites/small.yaml", "{tasks: [boolq], include_path: tasks}", "[facts]")
    with pytest.raises(DocumentError, match="two entries are called 'facts'"):
        load_specs([project.spec])
