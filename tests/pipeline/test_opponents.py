"""Pairings against more than the base: the author, other specs, a released adapter, answers on file."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from shutil import copytree

import pytest
from safetensors.numpy import load_file, save_file

from evalsuite.errors import DocumentError
from evalsuite.pipeline import flow as pipeline
from evalsuite.registry.cards import move_alias, write_card
from evalsuite.spec.card import Card
from evalsuite.spec.loading.load import load_specs
from evalsuite.store import read

AT = datetime(2026, 1, 1, tzinfo=UTC)


def against(project, *opponents, **more) -> None:
    """Let the suite's pairing be against these."""
    file = project.folder / "suites" / "small.yaml"
    words = json.dumps(
        {"name": "duel", "of": "style", "against": opponents, "rubric": "sober", "judge": "offline"} | more
    )
    head, tail = file.read_text().split("pairings:\n  - ", 1)
    file.write_text(f"{head}pairings:\n  - {words}\n{tail.split(chr(10), 1)[1]}")


def found(project, spec="elsewhere"):
    return pipeline.candidate_results(spec, project.store).by_metric


def second(project, name="other"):
    """A second spec, of another adapter, whose replies are the same."""
    copytree(project.folder / "adapter", project.folder / name)
    weights = project.folder / name / "adapter_model.safetensors"
    save_file({key: value * len(name) for key, value in load_file(weights).items()}, weights)
    text = (
        project.spec.read_text().replace("name: elsewhere", f"name: {name}").replace("path: adapter", f"path: {name}")
    )
    file = project.spec.with_name(f"{name}.yaml")
    file.write_text(text)
    return file


def test_the_author_is_an_opponent_like_any_other(project):
    against(project, "base", "author")
    assert project.run().errors == ()
    figures = found(project)
    assert (figures["duel.win_rate.base"].value, figures["duel.win_rate.author"].value) == (1.0, 0.5)
    assert "elsewhere pair candidate duel against author" in project.began


def test_answers_on_file_are_met_by_id_or_prompt(project):
    rows = [{"id": f"author-{i:03}", "text": f"So: {i}"} for i in range(20)]
    rows += [{"prompt": f"Why {i}", "text": "no idea"} for i in range(20, 40)]
    file = project.folder / "data" / "rival.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    against(project, {"answers": "data/rival.jsonl"})
    project.run()
    rate = found(project)["duel.win_rate"]
    assert (rate.value, rate.n, rate.unscored) == (0.75, 40, 20)
    assert rate.detail == "20 won, 20 tied, 0 lost; 0 pairs changed with the order"
    assert rate.reason == "20 samples that the opponent did not answer"


def test_other_answers_are_judged_anew_and_nothing_else_is(project):
    file = project.folder / "data" / "rival.jsonl"
    file.write_text(json.dumps({"id": "author-001", "text": "no idea"}))
    against(project, "base", {"answers": "data/rival.jsonl"})
    project.run()
    file.write_text(json.dumps({"id": "author-001", "text": "So: yes"}))
    project.run()
    assert [step for step in project.began if " score " in step or " pair " in step] == [
        "elsewhere pair candidate duel against rival"
    ]
    assert found(project)["duel.win_rate.rival"].value == 0.5


def test_answers_that_answer_nothing_are_refused(project):
    (project.folder / "data" / "rival.jsonl").write_text(json.dumps({"id": "unknown", "text": "x"}))
    against(project, {"answers": "data/rival.jsonl"})
    with pytest.raises(Exception, match=r"rival.jsonl  answers no prompt of .*author.jsonl"):
        project.run()


def test_missing_answers_are_a_problem_of_the_suite(project):
    against(project, {"answers": "data/nowhere.jsonl"})
    with pytest.raises(DocumentError, match=r"pairings\.0\.against\.0\.answers  'data/nowhere.jsonl' does not exist"):
        load_specs([project.spec])


def test_specs_of_one_run_meet_whatever_their_order(project):
    against(project, "base", "other")
    project.specs = [project.spec, second(project)]
    report = project.run()
    assert report.errors == ()
    assert found(project)["duel.win_rate.other"].value == 0.5
    # Nobody is compared with itself.
    assert set(found(project, "other")) & {"duel.win_rate.base", "duel.win_rate.other"} == {"duel.win_rate.base"}
    assert project.run().steps_run == 0


def test_in_a_round_of_all_every_two_specs_meet_once(project):
    against(project, "base", rounds="all")
    project.specs = [project.spec, second(project, "other"), second(project, "thirdly")]
    project.run()
    pairs = [step for step in project.began if " pair " in step]
    assert pairs == [
        "elsewhere pair candidate duel",
        "elsewhere pair candidate duel against other",
        "elsewhere pair candidate duel against thirdly",
        "other pair candidate duel",
        "other pair candidate duel against thirdly",
        "thirdly pair candidate duel",
    ]
    assert {"duel.win_rate", "duel.win_rate.other", "duel.win_rate.thirdly"} <= set(found(project))


def test_a_spec_on_record_is_met_as_it_was_scored_last(project):
    other = second(project)
    project.specs = [other]
    project.run()
    against(project, "other")
    project.specs = [project.spec]
    assert project.run().errors == ()
    assert found(project)["duel.win_rate"].value == 0.5


def test_an_unknown_opponent_costs_only_its_own_pairs(project):
    against(project, "base", "nobody")
    report = project.run()
    [(spec, error)] = report.errors
    assert spec == "elsewhere"
    assert "pairing 'duel' is against 'nobody': no spec and no alias is called so; on record: elsewhere" in error
    assert found(project)["duel.win_rate.base"].value == 1.0


def test_an_alias_stands_for_the_weights_that_were_released(project, retrain):
    project.run()
    weights = read.latest_specs(project.store)[0].adapter_digest
    registry = project.folder / "adapters_registry"
    card = Card.model_validate(_card(weights))
    registry.mkdir()
    write_card(registry, card)
    move_alias(registry, "production", card, at=AT)
    retrain(project)
    against(project, "production")
    report = project.run()
    assert report.errors == ()
    assert (
        found(project)["duel.win_rate"].detail == f"0 won, {project.items} tied, 0 lost; 0 pairs changed with the order"
    )


def _card(weights):
    return {
        "schema_version": 1, "name": "elsewhere", "version": "1.0.0", "released": AT, "method": "adapter",
        "weights": {"path": "adapter", "digest": weights, "files": ({"path": "a", "sha256": "0" * 64},)},
        "base_model": {"id": "./base", "digest": "0" * 64},
        "verdict": {"answer": "pass", "policy": "strict", "digest": "0" * 64},
    }  # fmt: skip
