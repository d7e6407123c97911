"""Releasing an adapter and holding the release to account: real files, a real store, a scripted model."""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import UTC, datetime
from functools import partial

import pytest
import yaml
from click.testing import CliRunner
from safetensors.numpy import load_file, save_file

from evalsuite import cli
from evalsuite.errors import DocumentError, EvalsuiteError, NotFound
from evalsuite.pipeline.release import Release, release
from evalsuite.pipeline.verify import Wanted, verify
from evalsuite.plan.steps import step_row
from evalsuite.records import Verdict
from evalsuite.registry import provenance as signing
from evalsuite.registry.cards import find_card, read_aliases, read_cards, roll_back
from evalsuite.spec.card import CardOverride
from evalsuite.store import read, write

AT = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


@pytest.fixture
def registry(project):
    return project.folder / "adapters_registry"


@pytest.fixture
def put_out(project, registry):
    """Releases the project's adapter."""

    def put_out(version="1.0.0", **wanted):
        return release(project.spec, project.store, registry, Release(version, **wanted), name=None, at=AT)

    return put_out


def refused(project, registry, **wanted):
    """What a verification refuses, as `card: what`, with the project's folder left out."""
    _, found = verify(registry, project.store, Wanted(**wanted))
    words = [f"{item.card}: {item.what}" for item in found if item.state == "refused"]
    return [line.replace(str(project.folder), ".") for line in words]


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ({"version": "one"}, "--version one: write three numbers, such as 1.2.0"),
        ({"alias": "Bad one!"}, "--alias Bad one!: write lower-case letters"),
        ({"sign": "no-key"}, "--sign no-key: no such key"),
    ],
)
def test_what_could_fail_half_way_is_refused_before_anything_is_written(project, registry, put_out, wanted, sentence):
    project.run()
    with pytest.raises(EvalsuiteError, match=sentence):
        put_out(**wanted)
    assert not registry.exists()


def test_a_card_lists_each_file_of_a_folder_that_a_benchmark_names(project, registry, put_out):
    (project.folder / "data" / "land").mkdir()
    for kind in ("dev", "test"):
        shutil.copy(project.folder / "data" / "facts.jsonl", project.folder / "data" / "land" / f"{kind}.jsonl")
    (project.folder / "data" / "land" / "test.jsonl").rename(project.folder / "data" / "facts.jsonl")
    suite = project.folder / "suites" / "small.yaml"
    suite.write_text(suite.read_text().replace("data/facts.jsonl,", "data/facts.jsonl, examples: data/land,"))
    project.run()
    paths = [file.path for file in put_out().card.data]
    assert paths == ["data/author.jsonl", "data/facts.jsonl", "data/land/dev.jsonl", "data/sums.jsonl"]
    (project.folder / "data" / "land" / "dev.jsonl").write_text("{}")
    assert refused(project, registry) == ["elsewhere@1.0.0: its data data/land/dev.jsonl was changed since the release"]


def test_an_adapter_that_passed_gets_a_card_that_verifies(project, registry, put_out):
    project.run()
    done = put_out(alias="production", licence="apache-2.0")
    (card,) = read_cards(registry)
    assert card == done.card
    assert (card.label, card.verdict.answer, card.verdict.policy) == ("elsewhere@1.0.0", "pass", "strict")
    assert card.weights.path == "adapter"
    assert [file.path for file in card.weights.files] == ["adapter_config.json", "adapter_model.safetensors"]
    figures = {found.metric: (found.value, found.n) for found in card.results}
    assert figures["style.fidelity"] == (1.0, 60)
    assert {found.metric: found.baseline for found in card.changes}["facts.accuracy"] == "base"
    assert [found.path for found in card.data] == ["data/author.jsonl", "data/facts.jsonl", "data/sums.jsonl"]
    assert read_aliases(registry).aliases["production"].now.label == "elsewhere@1.0.0"
    assert refused(project, registry) == []


def test_one_changed_byte_of_the_weights_is_refused_and_names_the_card(project, registry, put_out):
    project.run()
    put_out()
    weights = project.folder / "adapter" / "adapter_model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    what = "its weights at ./adapter were changed: adapter_model.safetensors"
    assert refused(project, registry) == [f"elsewhere@1.0.0: {what}"]


def test_changed_data_a_changed_card_and_a_lost_provenance_are_refused(project, registry, put_out):
    project.run()
    done = put_out()
    with (project.folder / "data" / "facts.jsonl").open("a", encoding="utf-8") as file:
        file.write("\n")
    assert refused(project, registry) == ["elsewhere@1.0.0: its data data/facts.jsonl was changed since the release"]
    done.file.write_text(done.file.read_text("utf-8").replace("method: adapter", "method: sft"), encoding="utf-8")
    assert refused(project, registry)[0] == (
        "elsewhere@1.0.0: was changed after it was released; release a new version instead"
    )
    done.statement.unlink()
    assert refused(project, registry)[0] == (
        "elsewhere@1.0.0: has no provenance; 1.0.0.intoto.json should lie beside it"
    )


def test_an_older_version_is_not_held_to_data_that_grew_since(project, registry, put_out):
    project.run()
    put_out("1.0.0")
    with (project.folder / "data" / "facts.jsonl").open("a", encoding="utf-8") as file:
        file.write("\n")
    project.run()
    put_out("1.1.0")
    assert refused(project, registry) == []


def test_missing_weights_are_refused_unless_they_may_be_missing(project, registry, put_out):
    project.run()
    put_out()
    (project.folder / "adapter").rename(project.folder / "moved")
    assert refused(project, registry) == ["elsewhere@1.0.0: its weights are not at ./adapter"]
    assert refused(project, registry, allow_missing=True) == []


def test_no_card_without_a_passing_verdict_unless_someone_takes_it_upon_themselves(project, registry, put_out):
    project.harm = True
    project.run()
    with pytest.raises(EvalsuiteError, match=r"(?s)elsewhere is not released: .* is fail.*facts\.accuracy fell"):
        put_out()
    assert not registry.exists()
    done = put_out(override=CardOverride(by="Ada", reason="a demonstration"))
    assert (done.card.verdict.answer, done.card.override.by) == ("fail", "Ada")
    assert refused(project, registry) == []


def test_weights_that_were_trained_again_have_no_verdict(project, put_out, retrain):
    project.run()
    retrain(project)
    with pytest.raises(NotFound, match="has no results for"):
        put_out()


def test_a_version_must_be_above_all_that_are_released(project, registry, put_out):
    project.run()
    put_out("1.9.0")
    put_out("1.10.0")
    with pytest.raises(DocumentError, match=r"elsewhere@1\.10\.0 is already released; choose a version above it"):
        put_out("1.9.5")
    assert find_card(registry, "elsewhere").version == "1.10.0"


def test_an_alias_moves_and_goes_back(project, registry, put_out):
    project.run()
    put_out("1.0.0", alias="production")
    put_out("1.1.0", alias="production")
    assert find_card(registry, "production").label == "elsewhere@1.1.0"
    assert roll_back(registry, "production", at=AT).now.label == "elsewhere@1.0.0"
    assert find_card(registry, "production").label == "elsewhere@1.0.0"
    with pytest.raises(NotFound, match="nothing to go back to"):
        roll_back(registry, "production", at=AT)


def test_provenance_says_what_the_adapter_was_made_from(project, put_out):
    project.run()
    done = put_out()
    content = json.loads(done.statement.read_text(encoding="utf-8"))
    assert content["_type"] == "https://in-toto.io/Statement/v1"
    assert [subject["name"] for subject in content["subject"]] == [
        "1.0.0.yaml",
        "adapter_config.json",
        "adapter_model.safetensors",
    ]
    build = content["predicate"]["buildDefinition"]
    assert build["externalParameters"]["spec"]["name"] == "elsewhere"
    assert "data/author.jsonl" in {found["uri"] for found in build["resolvedDependencies"]}


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed")
def test_a_signature_is_wanted_and_is_one_of_the_allowed_signers(project, registry, put_out, tmp_path):
    keys = {name: _ssh_key(tmp_path / name) for name in ("ada", "eve")}
    signers = tmp_path / "signers"
    signers.write_text(f"ada@example.org {keys['ada'].with_suffix('.pub').read_text('utf-8')}", encoding="utf-8")
    wanted = {"signature": partial(signing.check_ssh, signers=signers)}
    project.run()
    put_out("1.0.0")
    assert refused(project, registry, **wanted) == ["elsewhere@1.0.0: 1.0.0.intoto.json has no ssh signature"]
    signing.sign(registry / "elsewhere" / "1.0.0.intoto.json", str(keys["eve"]))
    assert "was not made by any of" in refused(project, registry, **wanted)[0]
    done = put_out("1.1.0", sign=str(keys["ada"]))
    assert [line for line in refused(project, registry, **wanted) if "1.1.0" in line] == []
    done.statement.write_text(done.statement.read_text("utf-8") + " ", encoding="utf-8")
    assert any("1.1.0.intoto.json: it was changed" in line for line in refused(project, registry, **wanted))


def test_the_hub_can_read_the_model_card(project, put_out):
    project.run()
    put_out(model_card=True, licence="apache-2.0")
    text = (project.folder / "adapter" / "README.md").read_text(encoding="utf-8")
    metadata = yaml.safe_load(text.split("---")[1])
    assert (metadata["library_name"], metadata["license"]) == ("peft", "apache-2.0")
    figures = metadata["model-index"][0]["results"]
    values = {metric["type"]: metric["value"] for found in figures for metric in found["metrics"]}
    assert (values["fidelity"], values["accuracy"]) == (1.0, 1.0)


def test_the_command_line_releases_lists_verifies_and_exits_with_1_on_a_changed_byte(project, capsys, monkeypatch):
    monkeypatch.chdir(project.folder)
    project.run()
    said = []
    for words in (
        "release specs/elsewhere.yaml --version 1.0.0 --alias production",
        "registry verify",
        "registry list --format csv",
        "registry show production",
        "release specs/elsewhere.yaml --version 1.1.0",
        "registry diff elsewhere@1.0.0 elsewhere@1.1.0",
    ):
        with pytest.raises(SystemExit) as ended:
            cli.main(words.split())
        assert ended.value.code == 0
        said.append(capsys.readouterr().out)
    assert "elsewhere@1.0.0 is released" in said[0]
    assert "1 cards, 0 refused" in said[1]
    assert "elsewhere@1.0.0,pass,adapter,./base" in said[2]
    assert "what" in said[5]
    config = project.folder / "adapter" / "adapter_config.json"
    config.write_text(config.read_text("utf-8") + "\n", encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        cli.main(["registry", "verify"])
    assert ended.value.code == 1
    assert "elsewhere@1.1.0" in capsys.readouterr().out


def round_of_two(project):
    """A second adapter beside the first, each two of a run to be compared; both specs are given."""
    suite = project.folder / "suites" / "small.yaml"
    suite.write_text(suite.read_text().replace("judge: offline}\nprobes", "judge: offline, rounds: all}\nprobes"))
    shutil.copytree(project.folder / "adapter", project.folder / "other")
    weights = project.folder / "other" / "adapter_model.safetensors"
    save_file({key: value * 2 for key, value in load_file(weights).items()}, weights)
    other = project.spec.with_name("other.yaml")
    text = project.spec.read_text()
    other.write_text(text.replace("name: elsewhere", "name: other").replace("path: adapter", "path: other"))
    return [project.spec, other]


def test_a_card_of_specs_that_met_has_the_verdict_that_the_run_came_to(project, registry, put_out):
    project.specs = round_of_two(project)
    report = project.run()
    assert "elsewhere pair candidate duel against other" in project.began
    runs = read.runs(project.store)
    card = put_out().card
    [(plan, _), _] = report.verdicts
    # Released alone, and still by what the run compared.
    assert card.verdict.digest == plan.step("decide").digest
    assert read.runs(project.store) == runs
    assert "duel.win_rate.other" in {found.metric for found in card.results}
    _, found = verify(registry, project.store, Wanted())
    assert found == []
    write.save_verdict(project.store, step_row(plan.step("decide")), Verdict("fail", "strict", ()))
    [line] = refused(project, registry)
    assert "its verdict is pass, and the store at ./.evalsuite says fail" in line


def test_a_verdict_that_no_store_knows_is_not_taken_for_checked(project, registry, put_out):
    project.run()
    put_out()
    words = ["registry", "verify", "--registry", str(registry), "--store", str(project.folder / "empty")]
    found = CliRunner().invoke(cli.evalsuite, words, standalone_mode=False)
    assert found.return_value == 3
    assert "knows of its verdict" in found.output
    assert "1 cards, 0 refused, 1 not wholly checked" in found.output
    allowed = CliRunner().invoke(cli.evalsuite, [*words, "--allow-missing"], standalone_mode=False)
    assert (allowed.return_value, "1 not wholly checked" in allowed.output) == (0, True)


def _ssh_key(file):
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(file)], check=True)
    return file
