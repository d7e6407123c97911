"""Gates inside runs: sequential judging, baselines other than the base, and trainings that specs share."""

from __future__ import annotations

import json
import shutil

import pytest

from evalsuite.errors import DocumentError, NotFound
from evalsuite.evaluate.pairwise.pairs import REASON
from evalsuite.pipeline import flow as pipeline
from evalsuite.store import read
from evalsuite.store.connect import writing

EARLY = """
schema_version: 1
name: strict
minimum_n: 10
rules:
  - {rule: fidelity, metric: style.fidelity, at_least: 0.5, sequential: true, batch: 5}
  - {rule: win_rate, metric: duel.win_rate, sequential: true, batch: 5}
  - {rule: non_inferior, metric: facts.accuracy, margin: 0.1}
"""


def gate(project, text: str) -> None:
    (project.folder / "gates" / "strict.yaml").write_text(text, encoding="utf-8")


def verdict(project):
    [(_, found)] = pipeline.gate([project.spec], project.store)
    return found


def test_a_sequential_rule_leaves_most_pairs_unjudged_and_its_verdict_stands_on_record(project):
    gate(project, EARLY)
    assert project.run().errors == ()
    found = pipeline.candidate_results("elsewhere", project.store)
    for metric in ("style.score", "duel.win_rate"):
        result = found.by_metric[metric]
        assert 10 <= result.n < project.items / 2
        assert result.n + result.unscored == project.items
        assert REASON in result.reason
        assert result.low < 0.9 < result.high == 1.0
    assert found.by_metric["facts.accuracy"].n == project.items
    assert verdict(project).answer == "pass"
    assert "settled after" in verdict(project).outcomes[0].sentence
    project.run()
    assert project.asked == 0


def test_another_rule_about_the_same_scores_has_them_all_judged(project):
    gate(project, EARLY + "  - {rule: floor, metric: style.score, at_least: 0.5}\n")
    project.run()
    found = pipeline.candidate_results("elsewhere", project.store)
    assert found.by_metric["style.score"].n == project.items
    assert found.by_metric["duel.win_rate"].n < project.items


def test_results_of_an_early_end_do_not_serve_a_policy_that_needs_them_whole(project):
    gate(project, EARLY)
    project.run()
    gate(project, EARLY.replace(", sequential: true, batch: 5", ""))
    with pytest.raises(NotFound, match=r"has no results for score candidate style and 2 more; `evalsuite run` makes"):
        verdict(project)
    project.run()
    assert pipeline.candidate_results("elsewhere", project.store).by_metric["style.score"].n == project.items


BY_SUBJECT = """
schema_version: 1
name: strict
minimum_n: 10
rules:
  - {rule: non_inferior, metric: facts.accuracy, margin: 0.6, every: subject}
  - {rule: max_flips, metric: facts.accuracy.odd, at_most: 0.3}
"""


def test_rules_are_held_against_each_subject_of_what_a_run_left_in_the_store(project):
    facts = project.folder / "data" / "facts.jsonl"
    rows = [json.loads(line) for line in facts.read_text(encoding="utf-8").splitlines()]
    lines = (json.dumps({**row, "subject": ("even", "odd")[number % 2]}) for number, row in enumerate(rows))
    facts.write_text("\n".join(lines), encoding="utf-8")
    project.harm = True
    gate(project, BY_SUBJECT)
    assert project.run().errors == ()
    found = verdict(project)
    # The harm is to even numbers alone, so their mean with the others would have been within the margin.
    assert found.outcomes[0].sentence.startswith(
        "1 of 2 slices of facts.accuracy hold; worst: facts.accuracy.even fell 1.000 against base ["
    )
    assert [(outcome.answer, outcome.n) for outcome in found.outcomes] == [("fail", 30), ("pass", 30)]


def second(project, *, gate_name: str) -> None:
    """A second spec about a copy of the adapter, with a gate of its own."""
    text = project.spec.read_text(encoding="utf-8")
    for old, new in (("elsewhere", "next"), ("gate: strict", f"gate: {gate_name}")):
        text = text.replace(old, new)
    project.spec.with_name("next.yaml").write_text(text, encoding="utf-8")


AGAINST = """
schema_version: 1
name: against
baseline: BASELINE
rules:
  - {rule: non_inferior, metric: facts.accuracy, margin: 0.1}
"""


def run_both(project):
    return project.run(specs=[project.spec.with_name("next.yaml"), project.spec])


def test_a_spec_is_held_against_another_of_the_same_run(project):
    second(project, gate_name="against")
    (project.folder / "gates" / "against.yaml").write_text(AGAINST.replace("BASELINE", "elsewhere"), encoding="utf-8")
    report = run_both(project)
    assert report.errors == ()
    [(_, found)] = pipeline.gate([project.spec.with_name("next.yaml")], project.store)
    assert (found.answer, found.baseline) == ("pass", "elsewhere")
    assert "stayed the same against elsewhere" in found.outcomes[0].sentence
    assert run_both(project).run_id is None


def fewer_items(project) -> None:
    """The second spec by a suite that asks half of the facts and the same sums, with a gate against the first."""
    suite = (project.folder / "suites" / "small.yaml").read_text(encoding="utf-8")
    for old, new in (("name: small", "name: fewer"), ("facts.jsonl,", "facts.jsonl, limit: 30,")):
        assert old in suite
        suite = suite.replace(old, new)
    (project.folder / "suites" / "fewer.yaml").write_text(suite, encoding="utf-8")
    second(project, gate_name="against")
    next_ = project.spec.with_name("next.yaml")
    next_.write_text(next_.read_text(encoding="utf-8").replace("suite: small", "suite: fewer"), encoding="utf-8")
    text = AGAINST.replace("BASELINE", "elsewhere")
    text += "  - {rule: max_flips, metric: facts.accuracy, at_most: 0.1}\n"
    text += "  - {rule: non_inferior, metric: sums.exact_match, margin: 0.1}\n"
    (project.folder / "gates" / "against.yaml").write_text(text, encoding="utf-8")


def test_a_baseline_that_was_measured_differently_is_not_paired_and_the_rest_is(project):
    fewer_items(project)
    assert run_both(project).errors == ()
    [(_, found)] = pipeline.gate([project.spec.with_name("next.yaml")], project.store)
    apart = (
        "facts.accuracy was measured differently for next (30 of 60 items, seed 3) and for elsewhere (60 items), so "
        "the two are not compared; run both by one suite"
    )
    assert [outcome.sentence for outcome in found.outcomes[:2]] == [apart] * 2
    assert [outcome.answer for outcome in found.outcomes] == ["undecided", "undecided", "pass"]


def test_of_a_baseline_of_an_older_store_the_number_of_samples_tells(project):
    fewer_items(project)
    assert run_both(project).errors == ()
    with writing(project.store) as connection:
        connection.execute("DELETE FROM measurements")
        connection.execute("DELETE FROM verdicts")
    [(_, found)] = pipeline.gate([project.spec.with_name("next.yaml")], project.store)
    assert "measured differently for next (30 samples) and for elsewhere (60 samples)" in found.outcomes[0].sentence
    assert [outcome.answer for outcome in found.outcomes] == ["undecided", "undecided", "pass"]


def test_a_baseline_that_nobody_knows_is_named_with_what_there_is(project):
    gate(project, AGAINST.replace("BASELINE", "production").replace("name: against", "name: strict"))
    [(spec, error)] = project.run().errors
    assert spec == "elsewhere"
    assert "the gate's baseline 'production' is no alias of adapters_registry/ and no spec with results" in error


CARD = """
schema_version: 1
name: elsewhere
version: 1.0.0
released: 2026-01-01T00:00:00Z
method: adapter
weights: {path: adapter, digest: DIGEST, files: [{path: a, sha256: ZEROS}]}
base_model: {id: ./base, digest: ZEROS}
verdict: {answer: pass, policy: strict, digest: ZEROS}
"""
ALIASES = """
schema_version: 1
aliases:
  production:
    now: {name: elsewhere, version: 1.0.0, since: 2026-01-01T00:00:00Z}
"""


def release(project, digest: str) -> None:
    registry = project.folder / "adapters_registry"
    (registry / "elsewhere").mkdir(parents=True)
    (registry / "aliases.yaml").write_text(ALIASES, encoding="utf-8")
    card = CARD.replace("DIGEST", digest).replace("ZEROS", "0" * 64)
    (registry / "elsewhere" / "1.0.0.yaml").write_text(card, encoding="utf-8")


def test_an_alias_is_the_results_of_exactly_its_weights(project, retrain):
    project.run()
    [spec] = read.latest_specs(project.store)
    release(project, spec.adapter_digest)
    retrain(project)
    project.harm = True
    gate(project, AGAINST.replace("BASELINE", "production").replace("name: against", "name: strict"))
    assert project.run().errors == ()
    found = verdict(project)
    assert (found.answer, found.baseline) == ("fail", "production")
    assert found.outcomes[0].sentence.startswith("facts.accuracy fell 0.500 against production [")


def test_an_alias_without_results_here_says_so(project):
    project.run()
    release(project, "0" * 64)
    gate(project, AGAINST.replace("BASELINE", "production").replace("name: against", "name: strict"))
    [(_, error)] = project.run().errors
    assert "the gate's baseline production is elsewhere@1.0.0, whose weights have no results in" in error
    shutil.rmtree(project.folder / "adapters_registry" / "elsewhere")
    with pytest.raises(
        (NotFound, DocumentError), match=r"production stands for elsewhere@1\.0\.0, but there is no card"
    ):
        verdict(project)


def test_a_gate_says_before_anything_is_spent_what_it_can_settle(project):
    from evalsuite.gate.decide import foresee_plans
    from evalsuite.records import Suppose

    plans = pipeline.plan([project.spec], project.store)
    found = foresee_plans(plans, Suppose(gap=0.1, flips=0.1))
    assert [(seen.rule, seen.n, seen.outlook) for _, seen in found] == [
        ("floor", 60, "only a larger gap"),
        ("non_inferior", 60, "only a larger gap"),
    ]
    # Miller 2024, Eq. 9: (1.6449 + 0.8416)^2 0.1 / 0.1^2 = 61.8; the floor (1.96 + 0.8416)^2 0.24 / 0.1^2 = 188.4.
    assert [seen.needed for _, seen in found] == [189, 62]
    assert [seen.outlook for _, seen in foresee_plans(plans, Suppose(gap=0.1, flips=0.05))][1] == "can be settled"
