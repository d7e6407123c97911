"""Specs that build on others: a context before a trained adapter, and adapters that wait for another to be trained."""

from __future__ import annotations

import json
import platform
from pathlib import Path

import pytest

from evalsuite.errors import DocumentError, ModelError, NotFound
from evalsuite.models.checkpoints.adapter import adapter_digest
from evalsuite.models.checkpoints.context import weights_beside
from evalsuite.pipeline import flow as pipeline
from evalsuite.report.cards.run_card import run_cards
from evalsuite.report.progress import looked_up
from evalsuite.spec.loading.load import load_specs


def rows(project) -> None:
    found = [{"prompt": f"Why {i}", "completion": f"So: {i}"} for i in range(100, 120)]
    (project.folder / "data" / "rows.jsonl").write_text("\n".join(map(json.dumps, found)))


def spec(project, name: str, train: str) -> Path:
    """Another spec of the project, with that training."""
    text = (project.folder / "specs" / "elsewhere.yaml").read_text()
    file = project.folder / "specs" / f"{name}.yaml"
    file.write_text(text.replace("adapter: {path: adapter}", f"train: {train}").replace("elsewhere", name))
    return file


def rag(on: str) -> str:
    return f"{{method: rag, k: 1, on: {on}, data: [{{path: data/rows.jsonl}}]}}"


COMMAND = "{method: command, run: 'mkdir -p out; cp adapter/* out', output: out}"


def value(project, name: str, metric: str) -> float | None:
    return pipeline.candidate_results(name, project.store).by_metric[metric].value


def test_passages_are_put_before_a_trained_adapter(project):
    rows(project)
    project.spec = spec(project, "both", rag("adapter"))
    assert project.run().errors == ()
    [folder] = project.store.adapters.iterdir()
    assert weights_beside(folder) == folder / "adapter"
    assert (folder / "adapter" / "adapter_model.safetensors").read_bytes() == (
        project.folder / "adapter" / "adapter_model.safetensors"
    ).read_bytes()
    # The scripted model is sober through an adapter only; one user message alone would not make it so.
    assert value(project, "both", "style.fidelity") == 1.0
    assert project.run().steps_run == 0


def test_passages_before_the_base_alone_are_another_adapter(project):
    rows(project)
    file = spec(project, "both", rag("adapter"))
    [with_weights] = pipeline.plan([file], project.store)
    [alone] = pipeline.plan([spec(project, "alone", rag("null"))], project.store)
    assert with_weights.step("train").digest != alone.step("train").digest


def test_a_spec_waits_for_the_one_it_builds_on_whatever_their_order(project):
    rows(project)
    files = [spec(project, "both", rag("tuned")), spec(project, "tuned", COMMAND)]
    plans = pipeline.plan(files, project.store)
    assert [plan.name for plan in plans] == ["both", "tuned"]
    assert "builds on tuned, which is trained first" in looked_up(plans[0])
    assert plans[0].step("train").digest is None
    report = pipeline.run(files, project.store, project.quiet(), load=project.load)
    assert report.errors == ()
    assert value(project, "both", "style.fidelity") == value(project, "tuned", "style.fidelity") == 1.0
    assert pipeline.run(files, project.store, project.quiet(), load=project.load).steps_run == 0
    # And later on its own, by what the store knows.
    [plan] = pipeline.plan(files[:1], project.store)
    assert plan.adapter is not None


def test_what_builds_on_a_failed_training_says_so(project):
    rows(project)
    files = [spec(project, "both", rag("tuned")), spec(project, "tuned", "{method: command, run: exit 3, output: out}")]
    report = pipeline.run(files, project.store, project.quiet(), load=project.load)
    assert [name for name, _ in report.errors] == ["tuned", "both"]
    assert report.errors[1][1].endswith("both builds on tuned, which could not be trained")


def test_specs_that_build_on_each_other_are_refused(project):
    rows(project)
    files = [spec(project, "one", rag("two")), spec(project, "two", rag("one"))]
    with pytest.raises(DocumentError, match="builds on itself: one -> two -> one"):
        pipeline.plan(files, project.store)


def test_an_adapter_that_nobody_knows_is_refused(project):
    rows(project)
    with pytest.raises(NotFound, match="builds on 'nobody', which is no folder, no spec of this run"):
        pipeline.plan([spec(project, "both", rag("nobody"))], project.store)


def test_a_folder_that_is_not_there_is_a_problem_of_the_spec(project):
    rows(project)
    with pytest.raises(DocumentError, match=r"train\.on  'adapters/none' does not exist; looked for "):
        load_specs([spec(project, "both", rag("adapters/none"))])


def test_the_base_as_it_is_has_no_adapter_to_build_on(project):
    rows(project)
    plain = project.folder / "specs" / "plain.yaml"
    text = (project.folder / "specs" / "elsewhere.yaml").read_text()
    plain.write_text(text.replace("adapter: {path: adapter}\n", "").replace("elsewhere", "plain"))
    with pytest.raises(NotFound, match="'plain' is the base as it is"):
        pipeline.plan([spec(project, "both", rag("plain")), plain], project.store)


def test_a_context_before_a_context_is_refused(project):
    rows(project)
    files = [spec(project, "outer", rag("inner")), spec(project, "inner", rag("null"))]
    report = pipeline.run(files, project.store, project.quiet(), load=project.load)
    assert "is itself a context, and only one can stand before a question" in report.errors[0][1]


def test_an_adapter_of_another_base_is_refused_with_both_names(project, tmp_path):
    import numpy as np
    from safetensors.numpy import save_file

    rows(project)
    name = "base_model.model.model.layers.0.mlp.up_proj"
    weights = {f"{name}.lora_A.weight": np.ones((1, 5), "float32"), f"{name}.lora_B.weight": np.ones((4, 1), "float32")}
    save_file(weights, project.folder / "adapter" / "adapter_model.safetensors")
    with pytest.raises(ModelError, match=r"made for 'an unnamed base' and does not fit the base '.*base': .* is 4 x 5"):
        pipeline.plan([spec(project, "both", rag("adapter"))], project.store)


def test_a_training_records_what_it_was_made_of_and_what_it_cost(project):
    rows(project)
    project.spec = spec(project, "both", rag("adapter"))
    project.run(["machine.price_per_hour=3600000", "machine.watts=360"])
    facts = dict(run_cards("both", project.store)[0].facts())
    record = run_cards("both", project.store)[0].training.record
    assert record.money == pytest.approx(record.watt_hours * 1e4)
    assert facts["cost"] == f"${record.money:.4f}, {record.watt_hours:.3g} Wh"
    assert facts["made from"].startswith(f"base {record.base_digest[:12]}, seed 0, data/rows.jsonl (")
    assert facts["built on"] == adapter_digest(project.folder / "adapter")
    assert f"python {platform.python_version()}" in facts["software"]
    # What the machine costs changes no result, so that nothing is trained again for it.
    assert "both train" not in (project.run(["machine.watts=1"]), project.began)[1]
