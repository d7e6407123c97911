"""A plan: what depends on what, what is cached, what it will cost; nothing is run to know it."""

from __future__ import annotations

import json

import pytest

from evalsuite.pipeline import flow as pipeline
from evalsuite.plan.steps import Cost
from evalsuite.report.progress import looked_up, plan_table, totals

TRAIN = """
train:
  method: sft
  adapter: {type: lora}
  data: [{path: data/rows.jsonl}]
  seed: 1
"""


def trained(project):
    """The project's spec with a training in place of the ready adapter."""
    rows = [{"prompt": f"Why {i}", "completion": f"So: {i}"} for i in range(8)]
    (project.folder / "data" / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    text = project.spec.read_text().replace("adapter: {path: adapter}\n", TRAIN.lstrip())
    project.spec.write_text(text)
    return project


def digests(project):
    [plan] = pipeline.plan([project.spec], project.store)
    return {step.label: step.digest for step in plan.steps}


def changed(before, after):
    return {label for label in before if before[label] != after[label]}


# The first figures of the digests under which stores hold the results of this project. Where one changes, results on
# record are made again: `plan/digests.py` says when that is right.
KNOWN = {
    "prove": "72dd4f6a398c",
    "score base facts": "8dd1229cc495",
    "score base sums": "a8321ad85829",
    "score base style": "afd25128955c",
    "score author style": "adaf101779f4",
    "score candidate facts": "fa71034142ca",
    "score candidate sums": "7cf1e8224d6a",
    "score candidate style": "deffdbeecd41",
    "style candidate style": "584e6ef95240",
    "pair candidate duel": "19e468c16dc7",
    "compare candidate": "8d5e4ed133ec",
    "decide": "01c82cbc0c7a",
}
KNOWN_OF_A_TRAINING = {"train": "b7b6ae404f03", "overlap candidate": "cca881ad5abc"}


def test_every_step_has_the_digest_that_stores_know_it_by(project):
    assert {label: digest[:12] for label, digest in digests(project).items()} == KNOWN
    found = digests(trained(project))
    assert {label: found[label][:12] for label in KNOWN_OF_A_TRAINING} == KNOWN_OF_A_TRAINING


def test_what_depends_on_an_untrained_adapter_has_no_digest_yet(project):
    found = digests(trained(project))
    assert {label for label, digest in found.items() if digest is None} == {
        "prove",
        "score candidate facts",
        "score candidate sums",
        "score candidate style",
        "pair candidate duel",
        "compare candidate",
        "decide",
        "style candidate style",
    }


def test_one_changed_training_row_changes_the_training_and_nothing_of_the_base(project):
    before = digests(trained(project))
    file = project.folder / "data" / "rows.jsonl"
    file.write_text(file.read_text().replace("So: 3", "So: 4"))
    assert changed(before, digests(project)) == {"train", "overlap candidate"}


def test_seed_learning_rate_and_base_weights_each_change_the_training(project):
    spec = trained(project).spec
    before = digests(project)["train"]
    found = {before}
    for setting in ("train.seed=2", "train.learning_rate=1e-3", "train.adapter.r=4", "base_model.dtype=bfloat16"):
        [plan] = pipeline.plan([spec], project.store, settings=(setting,))
        found.add(plan.step("train").digest)
    weights = project.folder / "specs" / "base" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    found.add(digests(project)["train"])
    assert len(found) == 6


def test_a_format_changes_the_training_and_what_is_done_with_bad_rows_does_not(project):
    spec = trained(project).spec
    before = digests(project)["train"]
    [formatted] = pipeline.plan([spec], project.store, settings=("train.data.0.format=markdown",))
    [dropping] = pipeline.plan([spec], project.store, settings=("train.data.0.on_bad_row=drop",))
    assert formatted.step("train").digest != before == dropping.step("train").digest
    assert looked_up(formatted)[-1] == "data/rows.jsonl: 8 rows, prompt and completion, written as markdown"


def test_prose_and_paths_do_not_change_a_digest(project):
    before = digests(trained(project))
    project.spec.write_text(project.spec.read_text() + "description: another sentence\n")
    (project.folder / "data" / "rows.jsonl").rename(project.folder / "data" / "moved.jsonl")
    project.spec.write_text(project.spec.read_text().replace("rows.jsonl", "moved.jsonl"))
    assert digests(project) == before


def test_a_changed_rubric_is_judged_anew_but_no_benchmark_is(project):
    before = digests(project)
    file = project.folder / "rubrics" / "sober.yaml"
    file.write_text(file.read_text().replace("^So: ", "^So"))
    assert changed(before, digests(project)) == {
        "score base style",
        "score candidate style",
        "score author style",
        "pair candidate duel",
        "compare candidate",
        "decide",
    }


def test_a_changed_gate_only_decides_anew(project):
    before = digests(project)
    file = project.folder / "gates" / "strict.yaml"
    file.write_text(file.read_text().replace("0.5", "0.6"))
    assert changed(before, digests(project)) == {"decide"}


def test_the_cost_counts_samples_tokens_and_judge_calls(project):
    [plan] = pipeline.plan([project.spec], project.store)
    assert plan.step("score", "facts", "base").cost == Cost(samples=60, tokens=352)
    assert plan.step("score", "style", "author").cost == Cost(samples=60, tokens=0, judge_calls=60)
    assert plan.step("pair", "duel", "candidate").cost == Cost(samples=60, judge_calls=120)
    assert totals([plan], frozenset()).startswith("to do: 12 steps, 540 samples, about ")


def test_after_a_run_every_step_is_cached(project):
    project.run()
    [plan] = pipeline.plan([project.spec], project.store)
    done = pipeline.finished([plan], project.store)
    assert {row[1] for row in plan_table(plan, done).rows} == {"cached"}
    assert totals([plan], done) == "nothing to do: every step is done already"


def measured(project) -> dict[str, dict[str, tuple[str, str]]]:
    """What each step measures, by entry, as digest and sentence."""
    [plan] = pipeline.plan([project.spec], project.store)
    return {step.label: {its.entry: (its.digest, its.sentence) for its in step.measured} for step in plan.steps}


def test_what_is_measured_has_no_part_of_the_model(project):
    before = measured(trained(project))
    assert before["score base facts"] == before["score candidate facts"]
    assert before["score base style"] == before["score author style"]
    assert not any(before[label] for label in ("train", "prove", "decide"))
    text = project.spec.read_text()
    project.spec.write_text(text.replace("seed: 1", "seed: 2"))
    assert measured(project) == before


@pytest.mark.parametrize(
    ("file", "old", "new", "other"),
    [
        (
            "suites/small",
            "multiple_choice}",
            "multiple_choice, score_as: letters, template: '{question} {options}'}",
            "facts",
        ),
        ("suites/small", "multiple_choice}", "multiple_choice, normalise: tokens}", "facts"),
        ("suites/small", "rubric: sober, judge: offline}", "rubric: sober, judge: offline, max_tokens: 9}", "style"),
        ("rubrics/sober", "Ends soberly.", "Ends very soberly.", "style"),
        ("data/facts.jsonl", "other 1", "other one", "facts"),
    ],
)
def test_another_way_to_ask_another_rubric_and_other_data_are_another_measurement(project, file, old, new, other):
    """Letters and options' texts share no column, nor do two rubrics, or two states of a file."""
    before = measured(project)
    path = project.folder / (file if "." in file else f"{file}.yaml")
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    after = measured(project)
    scored = {label for label in before if label.startswith("score") and before[label] != after[label]}
    roles = ("base", "candidate") if other == "facts" else ("base", "author", "candidate")
    assert scored == {f"score {role} {other}" for role in roles}


def test_a_limit_is_another_measurement_of_that_entry_alone(project):
    before = measured(project)
    suite = next((project.folder / "suites").glob("*.yaml"))
    text = suite.read_text()
    line = next(line for line in text.splitlines() if "facts" in line)
    suite.write_text(text.replace(line, line.replace("name: facts", "name: facts, limit: 2"), 1))
    after = measured(project)
    assert {(label, entry) for label, of in before.items() for entry in of if of[entry] != after[label][entry]} == {
        ("score base facts", ""), ("score candidate facts", ""),
        ("compare candidate", "facts"), ("compare candidate", ""),
    }  # fmt: skip
    assert " 2 of " in after["score base facts"][""][1]
