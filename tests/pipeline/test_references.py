"""What a candidate is compared with: a base, a spec of the run or on record, a release, or nothing at all."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from shutil import copytree

import pytest
from endpoint_server import Behaviour, last_words, serving
from safetensors.numpy import load_file, save_file

from evalsuite.cli import main
from evalsuite.errors import DocumentError, NotFound
from evalsuite.models.scripted import ScriptedModel
from evalsuite.pipeline import flow as pipeline
from evalsuite.plan.steps import NO_REFERENCE
from evalsuite.records import Adapter
from evalsuite.registry.cards import move_alias, write_card
from evalsuite.report.cards.run_card import run_cards
from evalsuite.report.cards.verdict import markdown, verdict_file
from evalsuite.report.forgetting.forgetting import forgetting
from evalsuite.report.judging.ratings import met
from evalsuite.report.leaderboard.leaderboard import leaderboard
from evalsuite.spec.card import Card
from evalsuite.store import read

MERGED = """
schema_version: 1
name: merged
base_model: {id: ./merged}
suite: small
gate: strict
"""
GATE = """
schema_version: 1
name: strict
rules:
  - {rule: non_inferior, metric: facts.accuracy, margin: 0.1}
  - {rule: max_flips, metric: facts.accuracy, at_most: 0.1}
  - {rule: superior, metric: sums.exact_match, by: 0.1}
  - {rule: fidelity, metric: style.fidelity, at_least: 0.5}
  - {rule: win_rate, metric: duel.win_rate, at_least: 0.4}
  - {rule: ceiling, metric: flips.facts, at_most: 0.2}
  - {rule: ceiling, metric: drift.kl, at_most: 0.5}
  - {rule: latency, metric: latency.sums, at_most_times: 3}
  - {rule: floor, metric: facts.accuracy, at_least: 0.2}
"""
COMPARE, STAND = 8, 1
AT = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Shop:
    """The project with a second checkpoint: an adapter merged into the base, by which it forgot every second fact."""

    project: object
    loaded: list[str] = field(default_factory=list)

    def load(self, base):
        self.loaded.append(base.folder.name)
        if base.folder.name != "merged":
            return self.project.load(base)
        inside = Adapter("inside", Path(), "inside")
        self.project.harm = True
        return ScriptedModel(
            lambda prompt, _: self.project.answer(prompt, inside),
            lambda prompt, option, _: self.project.likelihood(prompt, option, inside),
            digest=base.digest,
        )

    def spec(self, *lines, name="merged"):
        file = self.project.folder / "specs" / f"{name}.yaml"
        file.write_text(MERGED.replace("name: merged", f"name: {name}") + "\n".join(lines), encoding="utf-8")
        return file

    def run(self, *specs):
        self.loaded.clear()
        return pipeline.run(specs, self.project.store, self.project.quiet(), load=self.load)

    def verdict(self, spec):
        [(plan, found)] = pipeline.gate([spec], self.project.store)
        return plan, found

    def found(self, name="merged"):
        return pipeline.candidate_results(name, self.project.store).by_metric


@pytest.fixture
def shop(project):
    base, merged = (project.folder / "specs" / name for name in ("base", "merged"))
    copytree(base, merged)
    weights = load_file(merged / "model.safetensors")
    save_file({key: value + 1 for key, value in weights.items()}, merged / "model.safetensors")
    suite = project.folder / "suites" / "small.yaml"
    suite.write_text(suite.read_text() + "  - {probe: drift, data: data/general.jsonl}\n")
    texts = "".join(json.dumps({"text": f"answer {number}"}) + "\n" for number in range(30))
    (project.folder / "data" / "general.jsonl").write_text(texts)
    (project.folder / "gates" / "strict.yaml").write_text(GATE)
    return Shop(project)


def test_a_model_that_is_its_own_base_is_measured_but_compared_with_nothing(shop, capsys):
    spec = shop.spec()
    assert shop.run(spec).errors == ()
    _, verdict = shop.verdict(spec)
    assert verdict.answer == "invalid"
    answers = [outcome.answer for outcome in verdict.outcomes]
    assert answers == ["invalid"] * COMPARE + ["pass"] * STAND
    assert verdict.outcomes[0].sentence == f"facts.accuracy compares, and {NO_REFERENCE}"
    found = shop.found()
    assert found["facts.accuracy"].value == 0.5
    assert found["style.score"].value == 1.0
    for metric in ("style.fidelity", "duel.win_rate", "flips.facts", "drift.kl", "style.delta"):
        assert (found[metric].value, found[metric].reason) == (None, NO_REFERENCE)
    assert all(found[metric].value is not None for metric in ("drift.nll", "style.author_nll"))
    # No row of a base that is the candidate itself, and no change by 0.
    [row] = leaderboard(shop.project.store).rows
    assert (row.spec, row.verdict, dict(row.changes)) == ("merged", "invalid", {})
    assert forgetting("merged", shop.project.store).changes == ()
    assert ("compared with", "nothing: the spec names no `reference`") in run_cards("merged", shop.project.store)[
        0
    ].facts()
    assert shop.run(spec).steps_run == 0
    # The same is said before anything is spent.
    with pytest.raises(SystemExit):
        main(["validate", str(spec)])
    said = capsys.readouterr().out
    assert said.count("will be invalid:") == COMPARE - 1  # drift is known once it was asked
    assert "will be invalid: non_inferior: facts.accuracy compares, and there is no reference" in said


def test_a_merged_model_that_fell_fails_against_the_base_that_it_names(shop):
    spec = shop.spec("reference: {id: ./base}")
    assert shop.run(spec).errors == ()
    plan, verdict = shop.verdict(spec)
    sentences = {outcome.rule: outcome for outcome in verdict.outcomes}
    assert verdict.answer == "fail"
    assert sentences["non_inferior"].answer == sentences["max_flips"].answer == "fail"
    assert sentences["non_inferior"].sentence.startswith("facts.accuracy fell 0.500 against ./base [")
    assert sentences["fidelity"].answer == sentences["win_rate"].answer == "pass"
    found = shop.found()
    assert (found["facts.accuracy"].value, found["flips.facts"].value) == (0.5, 0.5)
    assert (found["style.fidelity"].value, found["duel.win_rate"].value) == (1.0, 1.0)
    assert "only an adapter is read beside its own base" in found["drift.kl"].reason
    rows = {row.spec: row for row in leaderboard(shop.project.store).rows}
    assert set(rows) == {"merged", "(./base)"}
    assert rows["(./base)"].results["facts.accuracy"].value == 1.0
    assert rows["merged"].changes["facts.accuracy"].difference == -0.5
    assert [one.opponent for one in met(shop.project.store)] == ["(./base)"]
    document = verdict_file(plan, verdict)
    assert document.reference == "./base"
    assert "Policy `strict`, against `./base`, base model" in markdown(document)
    assert ("compared with", "./base") in run_cards("merged", shop.project.store)[0].facts()
    assert shop.run(spec).steps_run == 0


def test_the_base_was_asked_once_for_its_adapters_and_for_the_merged_model(shop):
    shop.run(shop.project.spec)
    spec = shop.spec("reference: {id: ./base}")
    assert shop.run(spec).errors == ()
    assert "base" not in shop.loaded


@pytest.mark.parametrize("reference", ["{id: ./copy}", "other"])
def test_a_model_that_is_named_as_its_own_reference_is_no_reference(shop, reference):
    specs = shop.project.folder / "specs"
    copytree(specs / "merged", specs / "copy")
    spec = shop.spec(f"reference: {reference}")
    more = [shop.spec(name="other")] if reference == "other" else []
    assert shop.run(spec, *more).errors == ()
    [(_, verdict)] = pipeline.gate([spec], shop.project.store)
    assert verdict.answer == "invalid"
    assert "is the very model that is judged" in verdict.outcomes[0].sentence
    assert shop.found()["style.fidelity"].value is None


def test_a_spec_of_the_run_or_on_record_is_a_reference(shop):
    spec, other = shop.spec("reference: elsewhere"), shop.project.spec
    assert shop.run(spec, other).errors == ()
    plan, verdict = shop.verdict(spec)
    assert verdict.answer == "fail"
    assert verdict.outcomes[0].sentence.startswith("facts.accuracy fell 0.500 against elsewhere [")
    found = shop.found()
    assert (found["duel.win_rate"].value, found["flips.facts"].value) == (0.5, 0.5)
    # Here the reference writes as the author does, so that there is no way from one to the other.
    assert found["style.delta"].reason == "author and base use every common word equally often"
    assert [one.opponent for one in met(shop.project.store) if one.spec == "merged"] == ["elsewhere"]
    rows = {row.spec: row for row in leaderboard(shop.project.store).rows}
    assert set(rows) == {"merged", "elsewhere", "(./base)"}
    assert rows["merged"].changes["facts.accuracy"].difference == -0.5
    # What the other spec said is neither asked nor judged a second time, and alone it is found on record.
    theirs = {step.digest for step in pipeline.plan([other], shop.project.store)[0].steps if step.role == "candidate"}
    assert {step.digest for step in plan.steps if step.role == "base"} <= theirs
    assert shop.run(spec).steps_run == 0
    assert shop.run(spec, other).steps_run == 0


def test_a_reference_that_was_asked_other_items_is_not_compared_on_them(shop):
    shop.run(shop.project.spec)
    suite = shop.project.folder / "suites" / "small.yaml"
    suite.write_text(suite.read_text().replace("facts.jsonl,", "facts.jsonl, limit: 40,"))
    spec = shop.spec("reference: elsewhere")
    assert shop.run(spec).errors == ()
    _, verdict = shop.verdict(spec)
    apart = "facts.accuracy was measured differently for merged (40 of 60 items, seed 3) and for elsewhere (60 items)"
    sentences = {(outcome.rule, outcome.metric): outcome for outcome in verdict.outcomes}
    for rule in ("non_inferior", "max_flips"):
        assert sentences[rule, "facts.accuracy"].sentence.startswith(apart)
    found = shop.found()
    assert found["flips.facts"].value is None
    assert found["flips.facts"].reason.startswith(apart)
    assert (found["flips.sums"].n, found["duel.win_rate"].value) == (60, 0.5)
    assert {its.comparison.metric for its in forgetting("merged", shop.project.store).changes} >= {"sums.exact_match"}
    assert "facts.accuracy" not in leaderboard(shop.project.store).rows[0].changes


def test_a_release_is_a_reference_by_its_alias(shop, retrain):
    shop.run(shop.project.spec)
    weights = read.latest_specs(shop.project.store)[0].adapter_digest
    registry = shop.project.folder / "adapters_registry"
    registry.mkdir()
    card = Card.model_validate(_card(weights))
    write_card(registry, card)
    move_alias(registry, "production", card, at=AT)
    retrain(shop.project)
    shop.project.harm = True
    shop.run(shop.project.spec)
    spec = shop.spec("reference: production")
    assert shop.run(spec).errors == ()
    _, verdict = shop.verdict(spec)
    # The release knew every fact; the spec's later weights do not.
    assert verdict.outcomes[0].sentence.startswith("facts.accuracy fell 0.500 against production [")


def test_an_adapter_may_be_compared_with_another_model_than_its_base(shop):
    shop.run(shop.project.spec)
    text = shop.project.spec.read_text()
    shop.project.spec.write_text(f"{text}reference: {{id: ./merged}}\n")
    shop.project.harm = False
    spec = shop.project.spec
    assert shop.run(spec).errors == ()
    _, verdict = shop.verdict(spec)
    assert verdict.outcomes[2].sentence.startswith("sums.exact_match rose 0.333 against ./merged [")
    # Its own base, written out, is the default: nothing is measured anew.
    spec.write_text(f"{text}reference: {{id: ./base}}\n")
    assert shop.run(spec).steps_run == 0


def test_a_name_that_stands_for_nothing_is_refused(shop):
    with pytest.raises(
        NotFound, match=r"the reference 'nobody' is no alias of adapters_registry/ and no spec with res"
    ):
        shop.run(shop.spec("reference: nobody"))
    with pytest.raises(DocumentError, match="is its own `reference`"):
        shop.run(shop.spec("reference: merged"))
    circle = [shop.spec("reference: two"), shop.spec("reference: merged", name="two")]
    with pytest.raises(DocumentError, match="compared with itself: merged -> two -> merged"):
        shop.run(*circle)


def test_a_served_model_is_compared_with_the_one_that_it_was_made_of(shop):
    rules = "  - {rule: non_inferior, metric: facts.letter_accuracy, margin: 0.1}\n"
    (shop.project.folder / "gates" / "strict.yaml").write_text(f"schema_version: 1\nname: strict\nrules:\n{rules}")
    suite = shop.project.folder / "suites" / "small.yaml"
    suite.write_text(suite.read_text().replace("  - {probe: drift, data: data/general.jsonl}\n", ""))

    def answer(body):
        number = int(last_words(body).split("\n")[0].split()[-1])
        return "B" if body["model"] == "tuned" and number % 2 else "A"

    with serving(Behaviour(answer=answer)) as server:
        tuned = "base_model: {{endpoint: {url}, model: {name}}}"
        alone, beside = (shop.project.folder / "specs" / f"{name}.yaml" for name in ("alone", "beside"))
        text = MERGED.replace("base_model: {id: ./merged}", tuned.format(url=server.url, name="tuned"))
        alone.write_text(text.replace("name: merged", "name: alone"))
        of = f"reference: {{endpoint: {server.url}, model: plain, prompt_price: 1.0, completion_price: 9.0}}\n"
        beside.write_text(text.replace("name: merged", "name: beside") + of)
        [plan] = pipeline.plan([beside], shop.project.store)
        base, candidate = (plan.step("score", "sums", role) for role in ("base", "candidate"))
        assert base.cost.money > candidate.cost.money == 0
        report = pipeline.run([alone, beside], shop.project.store, shop.project.quiet())
        assert report.errors == ()
        port = server.port
    answers = {plan.name: found for plan, found in pipeline.gate([alone, beside], shop.project.store)}
    assert (answers["alone"].answer, answers["beside"].answer) == ("invalid", "fail")
    assert (
        answers["beside"]
        .outcomes[0]
        .sentence.startswith(f"facts.letter_accuracy fell 0.500 against plain@127.0.0.1:{port} [")
    )


def _card(weights):
    return {
        "schema_version": 1, "name": "elsewhere", "version": "1.0.0", "released": AT, "method": "adapter",
        "weights": {"path": "adapter", "digest": weights, "files": ({"path": "a", "sha256": "0" * 64},)},
        "base_model": {"id": "./base", "digest": "0" * 64},
        "verdict": {"answer": "pass", "policy": "strict", "digest": "0" * 64},
    }  # fmt: skip
