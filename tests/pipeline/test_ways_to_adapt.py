"""Adapters that no trainer of ours makes, from spec to verdict: examples in the prompt, and a command of one's own."""

from __future__ import annotations

import json

from evalsuite.models.checkpoints.context import FewShotContext, read_context
from evalsuite.pipeline import flow as pipeline
from evalsuite.store import read


def adapted_by(project, train: str):
    rows = [{"prompt": f"Why {i}", "completion": f"So: {i}"} for i in range(100, 120)]
    (project.folder / "data" / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    project.spec.write_text(project.spec.read_text().replace("adapter: {path: adapter}", train))
    return project


def figures(project):
    return {
        name: found.value for name, found in pipeline.candidate_results("elsewhere", project.store).by_metric.items()
    }


def test_examples_in_the_prompt_are_scored_like_an_adapter_and_cached_like_one(project):
    adapted_by(project, "train: {method: few_shot, k: 2, data: [{path: data/rows.jsonl}]}")
    assert project.run().errors == ()
    assert figures(project)["style.fidelity"] == 1.0
    assert figures(project)["facts.accuracy"] == 1.0
    [spec] = read.latest_specs(project.store)
    assert (spec.method, spec.adapter_type) == ("few_shot", None)
    [folder] = project.store.adapters.iterdir()
    context = read_context(folder)
    assert isinstance(context, FewShotContext)
    assert len(context.examples) == 20
    assert project.run().steps_run == 0


def test_another_number_of_examples_is_another_adapter(project):
    adapted_by(project, "train: {method: few_shot, k: 2, data: [{path: data/rows.jsonl}]}").run()
    project.run(["train.k=3"])
    assert "elsewhere score candidate facts" in project.began
    assert "elsewhere score base facts" not in project.began


def test_a_command_runs_once_and_again_when_an_input_changes(project):
    adapted_by(
        project,
        "train: {method: command, run: 'echo ran >> log; mkdir -p out; cp adapter/* out', output: out,"
        " inputs: [data/rows.jsonl]}",
    )
    for _ in range(2):
        assert project.run().errors == ()
    assert (project.folder / "log").read_text() == "ran\n"
    (project.folder / "data" / "rows.jsonl").write_text('{"prompt": "Why 1", "completion": "So: 1"}')
    project.run()
    assert (project.folder / "log").read_text() == "ran\nran\n"
    assert figures(project)["facts.accuracy"] == 1.0


def test_a_command_that_fails_costs_the_other_specs_nothing(project):
    good = project.spec.read_text().replace("name: elsewhere", "name: good")
    adapted_by(project, "train: {method: command, run: 'exit 7', output: out}")
    other = project.spec.with_name("good.yaml")
    other.write_text(good)
    bad = project.spec
    project.spec = other
    project.run()
    project.spec = bad
    report = project.run()
    assert [name for name, _ in report.errors] == ["elsewhere"]
    assert "the command ended with 7" in report.errors[0][1]
    assert pipeline.candidate_results("good", project.store).by_metric["facts.accuracy"].value == 1.0


def test_a_test_item_in_the_training_rows_is_found_and_results_are_shown_without_it(project):
    sums = [json.loads(line) for line in (project.folder / "data" / "sums.jsonl").read_text().splitlines()]
    planted = {
        4: "What do four and nine and two make when all are put together? Sum 4",
        7: "And the number seven? Sum 7",
    }
    for number, question in planted.items():
        sums[number]["question"] = question
    sums[7]["answer"] = "8"
    (project.folder / "data" / "sums.jsonl").write_text("\n".join(map(json.dumps, sums)))
    adapted_by(project, "train: {method: few_shot, k: 1, data: [{path: data/rows.jsonl}]}")
    with (project.folder / "data" / "rows.jsonl").open("a") as file:
        for number, question in planted.items():
            file.write("\n" + json.dumps({"prompt": question, "completion": str(number)}))
    assert project.run().errors == ()
    found = pipeline.candidate_results("elsewhere", project.store).by_metric
    overlap = found["overlap.sums"]
    assert (overlap.value, overlap.n) == (2 / project.items, project.items)
    assert overlap.detail == (
        "in the training data: sums-004 (item, data/rows.jsonl:21), sums-007 (question, data/rows.jsonl:22)"
    )
    assert found["overlap.facts"].detail == "none in the training data"
    # Sample 7 was answered wrong, and is left out with sample 4.
    assert found["sums.exact_match"].value == 1 - 1 / project.items
    assert (found["sums.exact_match.clean"].value, found["sums.exact_match.clean"].n) == (1.0, project.items - 2)
