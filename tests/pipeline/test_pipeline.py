"""A run from spec to verdict, on real files and a real store, with a scripted model."""

from __future__ import annotations

import pytest

from evalsuite.errors import NotFound
from evalsuite.pipeline import flow as pipeline
from evalsuite.pipeline import paired
from evalsuite.report.leaderboard.leaderboard import leaderboard
from evalsuite.store import read
from evalsuite.store.replies import ReplyCache
from evalsuite.store.runs import tail


def results(project):
    return pipeline.candidate_results("elsewhere", project.store).by_metric


def verdict(project):
    [(_, found)] = pipeline.gate([project.spec], project.store)
    return found


def test_a_good_adapter_passes_and_every_figure_is_stored(project):
    report = project.run()
    assert report.errors == ()
    found = results(project)
    # How long completions took is measured as well, and differs from run to run.
    assert {found.pop(name).n for name in ("latency.style", "latency.sums")} == {project.items}
    assert {name: result.value for name, result in found.items()} == {
        "facts.accuracy": 1.0,
        "sums.exact_match": 1.0,
        "style.score": 1.0,
        "style.score.so": 1.0,
        "duel.win_rate": 1.0,
        "duel.length_controlled": 1.0,
        "duel.length_ratio": pytest.approx(0.54, abs=0.005),
        "duel.position_consistency": 1.0,
        "flips.facts": 0.0,
        "flips.facts.gained": 0.0,
        "flips.facts.kept": 0.0,
        "flips.sums": 0.0,
        "flips.sums.gained": 0.0,
        "flips.sums.kept": 0.0,
        "style.fidelity": 1.0,
        "style.delta": 0.0,
        "style.classifier_accuracy": 0.5,
        "style.author_nll": pytest.approx(2.625),
    }
    # Where every sample is alike on a scale without an end, there is no interval.
    alike = {"style.delta", "style.author_nll"}
    assert all(
        (result.n == project.items and result.low < result.value) or result.value == 0
        for name, result in found.items()
        if name not in alike
    )
    assert found["duel.win_rate"].detail == f"{project.items} won, 0 tied, 0 lost; 0 pairs changed with the order"
    assert verdict(project).answer == "pass"


def test_a_second_run_does_nothing_and_records_nothing(project):
    first = project.run()
    again = project.run()
    assert (again.run_id, again.steps_run, again.steps_cached) == (None, 0, first.steps_run)
    assert project.asked == 0
    assert [run.status for run in read.runs(project.store)] == ["finished"]


def test_a_harmed_adapter_is_blocked_with_the_figures(project):
    project.harm = True
    project.run()
    found = verdict(project)
    assert found.answer == "fail"
    assert len(found.reasons) == 1
    assert found.reasons[0].startswith("facts.accuracy fell 0.500 against base [")
    told = results(project)["flips.facts"].detail
    assert told.startswith("30 lost, 0 gained; exact McNemar p = 1.86e-09; lost: facts-000, facts-002, ")


def test_other_weights_in_the_same_folder_are_scored_anew_and_base_results_are_reused(project, retrain):
    project.run()
    retrain(project)
    project.harm = True
    project.run()
    assert results(project)["facts.accuracy"].value == 0.5
    assert not [step for step in project.began if " base " in step or " author " in step]
    assert len(read.runs(project.store)) == 2


def test_an_adapter_that_changes_nothing_is_refused_and_its_verdict_is_invalid(project):
    project.deaf = True
    report = project.run()
    assert [name for name, _ in report.errors] == ["elsewhere"]
    assert "changes nothing" in report.errors[0][1]
    assert not [step for step in project.began if " candidate " in step]
    assert [its for _, its in report.verdicts] == [verdict(project)]
    assert verdict(project).answer == "invalid"
    first, *_, last = tail(project.store, report.run_id)
    assert first.endswith("begins")
    assert "elsewhere  could not be carried through: " in last
    assert "changes nothing" in last


def test_an_adapter_that_may_change_nothing_has_no_flips(project):
    project.deaf = True
    project.run(["allow_no_effect=true"])
    assert results(project)["flips.facts"].value == 0.0
    compared = read.comparisons_of(
        project.store,
        [step.digest for step in read.steps_of(project.store, read.latest_specs(project.store)[0])],
    )
    assert {item.difference for item in compared} == {0.0}


def test_replies_already_paid_for_are_not_asked_again(project):
    project.run()
    asked = project.asked
    project.store.results.unlink()
    project.run()
    assert asked > 0
    assert project.asked == 0
    assert results(project)["facts.accuracy"].value == 1.0


def test_a_changed_test_row_scores_only_its_own_entry_again(project):
    project.run()
    file = project.folder / "data" / "sums.jsonl"
    file.write_text(file.read_text().replace('"answer": "5"', '"answer": "6"'))
    project.run()
    scored = [step for step in project.began if " score " in step or " pair " in step]
    assert scored == ["elsewhere score base sums", "elsewhere score candidate sums"]
    assert project.asked == 0
    assert results(project)["sums.exact_match"].value == pytest.approx(1 - 1 / project.items)


def test_a_gate_without_results_says_how_to_get_them(project):
    with pytest.raises(NotFound, match="has no results for prove and 10 more; `evalsuite run` makes them"):
        pipeline.gate([project.spec], project.store)


def test_two_specs_are_compared_sample_by_sample(project, retrain):
    project.run()
    project.harm = True
    retrain(project)
    project.spec.write_text(project.spec.read_text().replace("name: elsewhere", "name: harmed"))
    project.run()
    found = {item.metric: item for item in paired.compare("elsewhere", "harmed", project.store).differences}
    facts = found["facts.accuracy"]
    assert (facts.difference, facts.gained, facts.lost, facts.n) == (0.5, 30, 0, project.items)
    assert facts.p_value < 0.001


def test_a_smaller_limit_stands_in_columns_of_its_own_beside_its_own_base(project):
    project.run()
    suite = project.folder / "suites" / "small.yaml"
    suite.write_text(suite.read_text().replace("{name: facts, data", "{name: facts, limit: 12, data", 1))
    project.spec.write_text(project.spec.read_text().replace("name: elsewhere", "name: fewer"))
    project.run()
    board = leaderboard(project.store)
    few, all_ = f"facts.accuracy (12 of {project.items} items, seed 3)", f"facts.accuracy ({project.items} items)"
    sizes = {row.spec: {name: row.results[name].n for name in (few, all_) if name in row.results} for row in board.rows}
    assert sizes == {
        "elsewhere": {all_: project.items},
        "fewer": {few: 12},
        "(./base)": {few: 12, all_: project.items},
    }
    assert "sums.exact_match" in board.headline
    found = paired.compare("elsewhere", "fewer", project.store)
    assert "sums.exact_match" in {item.metric for item in found.differences}
    assert (found.apart[0].first, found.apart[0].second) == (
        f"{project.items} items",
        f"12 of {project.items} items, seed 3",
    )


def test_the_reply_cache_holds_one_reply_per_question_and_subject(project):
    project.run()
    cache = ReplyCache(project.store.replies)
    count = cache._connection.execute("SELECT count(*) FROM replies").fetchone()[0]
    cache.close()
    proof = 8 * 2
    # The author's answers are scored through candidate and base as well.
    likelihoods = 2 * project.items
    assert count == 3 * project.items * 2 + likelihoods + proof
