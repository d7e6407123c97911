"""Probes in a run: planned with their cost, asked of base and candidate, sharing replies, shown on the page."""

from __future__ import annotations

import json
import re

import pytest
from click.testing import CliRunner

from evalsuite.cli import evalsuite
from evalsuite.data.training.mixture import learned_rows
from evalsuite.errors import DocumentError, NotFound
from evalsuite.pipeline import flow as pipeline
from evalsuite.plan.measured import material
from evalsuite.plan.steps import Cost
from evalsuite.report.forgetting.forgetting import chain, forgetting, told
from evalsuite.report.leaderboard.leaderboard import leaderboard
from evalsuite.report.progress import takes

SHARED = """\
  - {probe: format, of: [sums, style], forms: {sums: number}}
  - {probe: calibration, of: [facts]}
"""
OWN = "  - {probe: drift, data: data/texts.jsonl}\n"


def probed(project, lines=SHARED + OWN):
    """The project's suite with more probes."""
    rows = [{"id": f"t{i}", "text": f"some text of this land {i}"} for i in range(5)]
    (project.folder / "data" / "texts.jsonl").write_text("\n".join(map(json.dumps, rows)))
    suite = project.folder / "suites" / "small.yaml"
    suite.write_text(suite.read_text() + lines)
    return project


def results(project):
    return pipeline.candidate_results("elsewhere", project.store).by_metric


def test_a_plan_states_samples_and_time_before_anything_runs(project):
    probed(project)
    [plan] = pipeline.plan([project.spec], project.store)
    assert plan.step("probe", "format", "base").cost.samples == 120
    assert plan.step("probe", "calibration", "candidate").cost.samples == 60
    assert plan.step("probe", "drift", "candidate").cost == Cost(samples=5, tokens=30)
    words = takes([plan], frozenset(), project.store)
    assert words is not None
    assert re.match(r"time: about [\d.]+ (s|min)", words)
    assert not project.store.results.exists()
    project.run()
    [plan] = pipeline.plan([project.spec], project.store)
    assert takes([plan], pipeline.finished([plan], project.store), project.store) is None


def test_probes_share_the_replies_of_benchmarks_and_judged_sets(project):
    project.run()
    without = project.asked
    project.store.results.unlink()
    project.store.replies.unlink()
    probed(project, SHARED).run()
    assert {"elsewhere probe base format", "elsewhere probe candidate calibration"} <= set(project.began)
    assert project.asked == without


PUBLISHED = """
schema_version: 1
name: small
benchmarks:
  - {name: exams, data: data/exams, examples: data/solved, task: {kind: mmlu, prompt: {shots: 1}}}
  - {name: gaps, data: data/gaps.jsonl, task: {kind: winogrande}}
"""
CALIBRATED = "probes:\n  - {probe: calibration, of: [exams, gaps]}\n"


def published(project):
    """The project with two published benchmarks: examples before the question, and a prompt for each option."""
    exam = [{"question": f"Exam {i}", "choices": ["1", "2", "3", "4"], "answer": i % 4} for i in range(12)]
    gap = {"option1": "Ada", "option2": "Bo", "answer": "2"}
    gaps = [{**gap, "sentence": f"Ada gave it to Bo, so _ has {i} now."} for i in range(12)]
    for name, rows in (("exams/law_test", exam), ("solved/law_dev", exam[:1]), ("gaps", gaps)):
        file = project.folder / "data" / f"{name}.jsonl"
        file.parent.mkdir(exist_ok=True)
        file.write_text("\n".join(map(json.dumps, rows)))
    (project.folder / "suites" / "small.yaml").write_text(PUBLISHED)
    project.likelihood = likely
    return project


def likely(prompt, option, adapter):
    """Surely D; and surely the second reading, which the adapter doubts."""
    if option in (" A", " B", " C", " D"):
        return -1.0 if option == " D" else -9.0
    assert not option.startswith((" Ada", " Bo", "Ada", "Bo", "A", "B", "C", "D")), "asked without what stands before"
    return -1.0 if adapter or prompt.shown.endswith("so Bo") else -9.0


def test_a_probe_asks_a_published_benchmark_as_the_benchmark_itself_does(project):
    settings = ["gate=null"]
    assert published(project).run(settings).errors == ()
    without = project.asked
    project.store.results.unlink()
    project.store.replies.unlink()
    suite = project.folder / "suites" / "small.yaml"
    suite.write_text(PUBLISHED + CALIBRATED)
    assert project.run(settings).errors == ()
    assert project.asked == without
    found = results(project)
    # Always sure of D, and right every fourth time; torn between two readings of which one is always right.
    assert found["exams.accuracy"].value == 0.25
    assert found["calibration.exams.ece"].value == pytest.approx(0.75, abs=0.01)
    assert found["calibration.gaps.brier"].value == pytest.approx(0.25)


def test_other_solved_examples_are_another_question_for_the_probe_too(project):
    settings = ["gate=null"]
    published(project)
    suite = project.folder / "suites" / "small.yaml"
    suite.write_text(PUBLISHED + CALIBRATED)
    project.run(settings)
    file = project.folder / "data" / "solved" / "law_dev.jsonl"
    file.write_text(file.read_text().replace("Exam 0", "Exam 100"))
    project.run(settings)
    assert {"elsewhere probe base calibration", "elsewhere probe candidate calibration"} <= set(project.began)


def test_a_changed_text_is_measured_again_and_nothing_else(project):
    probed(project).run()
    file = project.folder / "data" / "texts.jsonl"
    file.write_text(file.read_text().replace("land 3", "land 7"))
    project.run()
    assert [step for step in project.began if " compare " not in step and " decide" not in step] == [
        "elsewhere probe base drift",
        "elsewhere probe candidate drift",
    ]
    assert project.asked == 2


def test_an_adapter_that_changes_nothing_has_zero_flips_and_zero_divergence(project):
    probed(project)
    project.deaf = True
    assert "changes nothing" in project.run().errors[0][1]
    project.run(["allow_no_effect=true"])
    found = results(project)
    assert (found["drift.kl"].value, found["drift.kl"].high) == (0.0, 0.0)
    assert (found["flips.facts"].value, found["flips.sums.gained"].value) == (0.0, 0.0)
    page = forgetting("elsewhere", project.store)
    assert {item.comparison.difference for item in page.changes} == {0.0}
    assert page.lost == page.gained == ()


def test_the_page_of_a_harmed_adapter_lists_what_was_lost_with_both_answers(project):
    probed(project)
    project.harm = True
    project.run()
    page = forgetting("elsewhere", project.store)
    first = page.changes[0]
    assert first.word == "worse"
    lost = {(item.metric, item.sample_id): item for item in page.lost}
    third = lost["sums.exact_match", "sums-003"]
    said = told(project.store, third)
    assert (said.before, said.after, said.target, third.by) == ("3", "none", "3", -1.0)
    assert len([key for key in lost if key[0] == "facts.accuracy"]) == 30
    assert {item.metric for item in page.gained} == {"style.score"}
    shown = CliRunner().invoke(
        evalsuite, ["show", "elsewhere", "--forgetting", "--samples", "2", "--store", str(project.store.folder)]
    )
    assert shown.exit_code == 0, shown.output
    assert "facts.accuracy" in shown.output
    assert f"lost: {len(page.lost)} samples" in shown.output
    assert page.sentence() in shown.output
    worse = [found for found in page.changes if found.word == "worse"]
    assert page.sentence().startswith(f"figures surely worse: {len(worse)}, ")


def test_what_probes_ask_is_no_column_of_the_leaderboard(project):
    probed(project).run()
    board = leaderboard(project.store)
    assert {"drift.kl", "format.sound"} <= set(board.metrics)
    assert not [metric for metric in board.headline if metric.startswith(("drift", "format", "calibration"))]
    assert "flips.facts" in board.headline


def test_a_chain_of_trainings_has_the_figures_of_continual_learning(project, retrain):
    project.run()
    project.harm = True
    retrain(project)
    project.spec.write_text(project.spec.read_text().replace("name: elsewhere", "name: later"))
    project.run()
    found = chain([("elsewhere", "facts.accuracy"), ("later", "sums.exact_match")], project.store)
    assert found.scores == ((1.0, 1.0), (0.5, pytest.approx(2 / 3)))
    assert found.sentence() == "ACC 0.583, BWT -0.500, forgetting 0.500"
    shown = CliRunner().invoke(
        evalsuite,
        [
            *("show", "later", "--chain", "elsewhere:facts.accuracy", "--chain", "later:sums.exact_match"),
            *("--store", str(project.store.folder)),
        ],
    )
    assert found.sentence() in shown.output
    with pytest.raises(NotFound, match="has no value for 'other'"):
        chain([("elsewhere", "other")], project.store)


def test_the_page_of_a_spec_that_is_not_there_names_those_that_are(project):
    project.run()
    with pytest.raises(NotFound, match=r"no spec 'other'.*there are: elsewhere"):
        forgetting("other", project.store)


TRAIN = "train: {method: sft, adapter: {type: lora}, data: [{path: data/rows.jsonl}], held_out: 0.25, seed: 1}\n"


def test_only_rows_that_were_learned_are_asked_to_be_recited(project):
    rows = [{"prompt": f"Why {i}", "completion": f"So: {i}"} for i in range(20)]
    (project.folder / "data" / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    project.spec.write_text(project.spec.read_text().replace("adapter: {path: adapter}\n", TRAIN))
    probed(project, "  - {probe: memorisation, k: [2], length: 2}\n")
    [plan] = pipeline.plan([project.spec], project.store)
    [probe] = plan.resolved.suite.asking
    given = material(plan.resolved, probe)
    train, held_out = learned_rows(plan.resolved)
    assert (given.rows, given.held_out, len(train), len(held_out)) == (train, held_out, 15, 5)
    before = plan.step("probe", "memorisation", "base").digest
    [other] = pipeline.plan([project.spec], project.store, settings=["train.held_out=0.5"])
    assert other.step("probe", "memorisation", "base").digest != before


def test_prompts_that_a_teacher_is_still_to_answer_are_no_rows_to_recite(project):
    (project.folder / "data" / "rows.jsonl").write_text("\n".join(json.dumps({"prompt": f"Why {i}"}) for i in range(9)))
    train = (
        "train: {method: distill, teacher: {max_tokens: 8}, adapter: {type: lora}, data: [{path: data/rows.jsonl}]}\n"
    )
    project.spec.write_text(project.spec.read_text().replace("adapter: {path: adapter}\n", train))
    probed(project, "  - {probe: memorisation}\n")
    [plan] = pipeline.plan([project.spec], project.store)
    assert plan.step("probe", "memorisation", "candidate").cost == Cost()


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("  - {probe: format, of: [facts]}\n", "no judged set or generating benchmark of this suite"),
        ("  - {probe: calibration, of: [sums]}\n", "no multiple-choice benchmark of this suite"),
        ("  - {probe: drift, data: data/nowhere.jsonl}\n", "'data/nowhere.jsonl' does not exist"),
        (OWN + OWN, "two entries are called 'drift'"),
        ("  - {probe: refusal, data: data/texts.jsonl, judge: offline, rubric: nobody}\n", "no rubric 'nobody'"),
    ],
)
def test_what_a_probe_is_given_must_be_there_and_fit(project, line, problem):
    probed(project, line)
    with pytest.raises(DocumentError, match=problem):
        pipeline.plan([project.spec], project.store)


def in_a_folder(project):
    """The project whose facts are a folder with a file per subject, asked after an example of a folder."""
    facts = project.folder / "data" / "facts.jsonl"
    for kind, lines in (("test", facts.read_text().splitlines()), ("dev", facts.read_text().splitlines()[:2])):
        (project.folder / "data" / kind).mkdir()
        (project.folder / "data" / kind / f"land_{kind}.jsonl").write_text("\n".join(lines))
    facts.unlink()
    suite = project.folder / "suites" / "small.yaml"
    task = "data: data/test, examples: data/dev, task: {kind: multiple_choice, prompt: {shots: 1}}"
    suite.write_text(suite.read_text().replace("data: data/facts.jsonl, task: {kind: multiple_choice}", task))
    return project


def test_a_probe_of_a_benchmark_in_a_folder_sees_the_benchmarks_own_prompts(project):
    in_a_folder(project).run()
    without = project.asked
    for file in (project.store.results, project.store.replies):
        file.unlink()
    assert probed(project, SHARED).run().errors == ()
    assert project.asked == without
    assert results(project)["calibration.facts.ece"].n == 60


def test_a_moved_folder_changes_nothing_and_other_examples_do(project):
    probed(in_a_folder(project), SHARED).run()
    suite, dev = project.folder / "suites" / "small.yaml", project.folder / "data" / "dev"
    dev.rename(dev.with_name("shown"))
    suite.write_text(suite.read_text().replace("examples: data/dev", "examples: data/shown"))
    assert project.run().steps_run == 0
    shown = dev.with_name("shown") / "land_dev.jsonl"
    shown.write_text(shown.read_text().replace("other 0", "nothing 0"))
    project.run()
    assert {"elsewhere score base facts", "elsewhere probe base calibration"} <= set(project.began)
