"""Backends as plug-ins: what `base_model` may say, what stores know it by, and a whole run on a scripted base."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from silent import Silent
from small_project import Project

from evalsuite import plugins
from evalsuite.data.digest import digest
from evalsuite.errors import DocumentError
from evalsuite.models.checkpoints.base import Backend, Base, find_model
from evalsuite.models.openai.calls import Meter
from evalsuite.pipeline import flow as pipeline
from evalsuite.records import Prompt, Sampling
from evalsuite.spec.document import validate
from evalsuite.spec.loading.yaml_reader import read_text
from evalsuite.spec.run_spec import RunSpec
from evalsuite.store import Store

HEAD = "schema_version: 1\nname: n\nsuite: small\nbase_model: "
DOCUMENTS = {
    "hf": "{id: quickstart}",
    "vllm": "{id: quickstart, backend: vllm}",
    "endpoint": "{endpoint: http://x:1/v1, model: m}",
    "scripted": "{backend: scripted, answers: {Hello.: Hi.}, otherwise: So it is.}",
}


def spec(base: str) -> RunSpec:
    return validate(RunSpec, read_text(HEAD + base + "\n", file="s.yaml"))


def members(protocol: type) -> set[str]:
    return {name for part in protocol.__mro__ for name in vars(part) if not name.startswith("_")}


def test_a_document_is_here_for_every_backend() -> None:
    assert set(DOCUMENTS) == set(plugins.find("models"))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_backend_has_all_that_the_protocols_name(name: str) -> None:
    document = spec(DOCUMENTS[name]).base_model
    assert document.backend == name
    assert members(Backend) - set(dir(document)) == set()
    base = find_model(document, beside=Path("s.yaml"))
    assert members(Base) - set(dir(base)) == set()
    assert (base.id, base.tells_likelihood) == (document.id, document.tells_likelihood)


def test_weights_are_known_alike_whatever_answers_with_them_and_answers_are_kept_apart() -> None:
    hf, vllm = (find_model(spec(DOCUMENTS[name]).base_model, beside=Path("s.yaml")) for name in ("hf", "vllm"))
    assert hf.digest == vllm.digest
    # As stores have them since they keep replies.
    assert (hf.answers, vllm.answers) == (hf.digest, digest("vllm", hf.digest))


def test_what_is_kept_of_a_spec_has_not_changed() -> None:
    kept: dict[str, Any] = {
        "hf": {"id": "quickstart", "dtype": "float32", "backend": "hf"},
        "endpoint": {
            "endpoint": "http://x:1/v1", "model": "m", "max_in_flight": 64, "timeout": 60.0, "max_attempts": 6,
            "limit_field": "max_tokens", "parameters": {},
        },
    }  # fmt: skip
    for name, expected in kept.items():
        assert spec(DOCUMENTS[name]).model_dump(mode="json", exclude_none=True)["base_model"] == expected


@pytest.mark.parametrize(
    ("base", "words"),
    [
        ("{id: quickstart, backend: vlm}", "backend 'vlm' is not one of 'endpoint', 'hf', 'scripted', 'vllm'; did you"),
        ("{id: quickstart, revison: x}", "base_model.revison  unknown key; did you mean 'revision'?"),
        ("{id: quickstart, server: http://x}", "base_model.server  unknown key; known here are backend, dtype, id,"),
        ("{endpoint: http://x/v1, modle: m}", "base_model.modle  unknown key; did you mean 'model'?"),
        ("{backend: scripted, answer: x}", "base_model.answer  unknown key; did you mean 'answers'?"),
        ("{backend: scripted}\nadapter: {path: x}", "has `adapter`, but a model of backend scripted takes no adapter"),
        ("{id: quickstart}\nreference: {id: x, revison: y}", "reference.revison  unknown key; did you mean"),
        ("quickstart", "base_model  \"quickstart\": input should be"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_base_model_is_named_with_what_to_do(base: str, words: str) -> None:
    with pytest.raises(DocumentError) as raised:
        spec(base)
    assert words in str(raised.value)


def test_a_scripted_base_says_what_its_document_says() -> None:
    model = find_model(spec(DOCUMENTS["scripted"]).base_model, beside=Path("s.yaml")).load(Meter())
    said = model.generate([Prompt.user("Hello."), Prompt.user("Why?")], sampling=Sampling(max_tokens=9))
    assert [completion.text for completion in said] == ["Hi.", "So it is."]


def test_a_suite_is_tried_on_a_scripted_base_and_a_second_run_does_nothing(project: Project) -> None:
    base = "{backend: scripted, otherwise: ' 2'}"
    file = project.write("specs/tried.yaml", f"schema_version: 1\nname: tried\nsuite: small\nbase_model: {base}\n")
    store = Store(project.root / "store")
    report = pipeline.run([file], store, Silent())
    assert report.errors == ()
    # The one right option is what it says to everything.
    assert pipeline.candidate_results("tried", store).by_metric["facts.accuracy"].value == 1.0
    assert pipeline.run([file], store, Silent()).steps_run == 0
