"""What is measured beside fidelity in a whole run: pairs with the author, a control, what changes make anew."""

from __future__ import annotations

import json

import pytest

from evalsuite.pipeline import flow as pipeline
from evalsuite.report.leaderboard.leaderboard import leaderboard
from evalsuite.store import read


def judged(project, **more):
    """Let the judged set have these options as well."""
    file = project.folder / "suites" / "small.yaml"
    entry = {"name": "style", "data": "data/author.jsonl", "rubric": "sober", "judge": "offline"} | more
    head, tail = file.read_text().split("judged:\n  - ", 1)
    file.write_text(f"{head}judged:\n  - {json.dumps(entry)}\n{tail.split(chr(10), 1)[1]}")


def found(project):
    return pipeline.candidate_results("elsewhere", project.store).by_metric


def test_pairs_with_the_author_and_another_author_are_judged_where_wanted(project):
    rows = [{"id": f"other-{i}", "prompt": f"Why {i}", "reference": "So: x" if i < 2 else "Well"} for i in range(8)]
    (project.folder / "data" / "other.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    judged(project, control="data/other.jsonl", style={"pairs": True})
    assert project.run().errors == ()
    figures = found(project)
    same = figures["style.indistinguishable"]
    assert (same.value, same.n, same.detail) == (0.5, 60, "0 won, 60 tied, 0 lost; 0 pairs changed with the order")
    assert (figures["style.control"].value, figures["style.control"].n) == (0.25, 8)
    assert figures["style.indistinguishable.length_ratio"].value == 1.0
    headline = leaderboard(project.store).headline
    assert not [metric for metric in headline if "indistinguishable" in metric or "delta" in metric]
    assert "style.fidelity" in headline


def test_the_authors_text_against_the_base_is_shown_as_a_difference(project):
    project.run()
    steps = read.steps_of(project.store, read.latest_specs(project.store)[0])
    [step] = [step for step in steps if step.kind == "style"]
    compared = {one.metric: one.difference for one in read.comparisons_of(project.store, [step.digest])}
    # A quarter of a nat less likely, over two words.
    assert compared["style.author_nll"] == pytest.approx(0.125)


def test_another_option_measures_style_anew_and_asks_for_no_reply_again(project):
    project.run()
    judged(project, style={"pairs": True})
    project.run()
    assert [step for step in project.began if "score" in step or "style" in step] == ["elsewhere style candidate style"]
    assert project.asked == 0


def test_a_set_that_wants_nothing_beside_fidelity_has_no_such_step(project):
    judged(project, style={"words": False, "likelihood": False})
    project.run()
    assert not [step for step in project.began if "style candidate" in step]
    assert "style.delta" not in found(project)
    assert found(project)["style.fidelity"].value == 1.0
