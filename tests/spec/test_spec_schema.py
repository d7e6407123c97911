"""The emitted JSON Schemas accept whatever the documents themselves accept."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from evalsuite.spec.loading.schema import DOCUMENTS, emit

ODD: list[Any] = [None, True, 0, 1, -1, 1.0, 0.5, 2**40, 1e300, "", "x", "1", "../x", [], ["x"], {}, {"x": 1}]


def mostly(*fitting: Any) -> st.SearchStrategy[Any]:
    """Values that fit, and now and then one that may not."""
    return st.sampled_from([*fitting] * 400 + ODD)


def some(required: dict[str, Any], optional: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(required, optional=optional)


NAME = mostly("a", "b.c", "d-e_f")
TEXT = mostly("words", "é", "\n")
NUMBER = mostly(1, 0.5, 3.0)
COUNT = mostly(1, 8)
SOURCE = some({"path": TEXT}, {"weight": NUMBER})
LORA = some({"type": mostly("lora")}, {"r": COUNT, "dropout": NUMBER, "target_modules": mostly("all-linear", ["q"])})
SERVED = some(
    {"endpoint": mostly("http://x/v1"), "model": TEXT},
    {"prompt_price": NUMBER, "completion_price": NUMBER, "parameters": mostly({"x": 1}), "max_in_flight": COUNT},
)
SFT = some(
    {"method": mostly("sft"), "adapter": LORA, "data": st.lists(SOURCE, max_size=2)},
    {"epochs": NUMBER, "seed": COUNT, "early_stopping": COUNT, "packing": mostly(True), "x": mostly(1)},
)
RUN = some(
    {
        "schema_version": mostly(1),
        "name": NAME,
        "base_model": some({"id": TEXT}, {"dtype": mostly("bfloat16")}) | SERVED,
    },
    {"suite": NAME, "gate": NAME, "train": SFT | st.none(), "tags": mostly(["x"]), "description": TEXT}
    | {"matrix": mostly({"train.epochs": [1, "x", None]}), "adapter": some({"path": TEXT}, {})},
)
TASK = some({"kind": mostly("generate")}, {"extract": mostly("all"), "max_tokens": COUNT}) | some(
    {"kind": mostly("multiple_choice")}, {"normalise": mostly("tokens"), "template": TEXT}
)
BENCHMARK = some({"name": NAME, "task": TASK, "data": TEXT}, {"limit": COUNT})
GRADED = {"name": NAME, "rubric": NAME, "judge": NAME}
SUITE = some(
    {"schema_version": mostly(1), "name": NAME},
    {"seed": COUNT, "benchmarks": st.lists(BENCHMARK, max_size=2)}
    | {"judged": st.lists(some({**GRADED, "data": TEXT}, {"max_tokens": COUNT, "temperature": NUMBER}), max_size=2)}
    | {"pairings": st.lists(some({**GRADED, "of": NAME}, {"against": mostly(["base"])}), max_size=1)}
    | {"probes": st.lists(some({"probe": mostly("flips"), "of": mostly(["a"])}, {}), max_size=1)},
)
RULE = st.one_of(
    some({"rule": mostly(kind), "metric": TEXT, key: NUMBER}, {"minimum_n": COUNT})
    for kind, key in (("floor", "at_least"), ("ceiling", "at_most"), ("non_inferior", "margin"))
)
RULES = st.lists(RULE, max_size=2)
POLICY = some({"schema_version": mostly(1), "name": NAME, "rules": RULES}, {"baseline": mostly("base")})
CHECK = st.one_of(
    some({"kind": mostly("sections"), "in_order": mostly(["a"])}, {}),
    some({"kind": mostly("pattern")}, {"must": mostly(["a", "["]), "must_not": mostly(["b"])}),
    some({"kind": mostly("length"), "at_most": COUNT}, {"at_least": COUNT}),
)
CRITERION = some(
    {"name": NAME, "description": TEXT, "anchors": mostly({"1": "a", "5": "b"}, {"1": "a"})},
    {"weight": NUMBER, "check": CHECK | st.none()},
)
RUBRIC = some(
    {"schema_version": mostly(1), "name": NAME, "criteria": st.lists(CRITERION, max_size=2)}, {"language": TEXT}
)
JUDGE = some({"schema_version": mostly(1), "name": NAME, "kind": mostly("offline")}, {"description": TEXT})
DRAWN = {"run": RUN, "suite": SUITE, "policy": POLICY, "rubric": RUBRIC, "judge": JUDGE}


@pytest.mark.parametrize("kind", DRAWN)
def test_what_a_document_accepts_its_schema_accepts(kind: str) -> None:
    validator, accepted = Draft202012Validator(emit(kind)), []

    @given(DRAWN[kind])
    def check(data: dict[str, Any]) -> None:
        try:
            DOCUMENTS[kind].model_validate_json(json.dumps(data))
        except ValidationError:
            return
        accepted.append(data)
        assert [error.message for error in validator.iter_errors(data)] == []

    check()
    assert accepted, "the drawn documents must not all be wrong"


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_every_schema_is_a_json_schema_that_forbids_unknown_keys(kind: str) -> None:
    schema = emit(kind)
    Draft202012Validator.check_schema(schema)
    # A document that is one of several kinds has no keys of its own.
    parts = [part for part in (schema, *schema.get("$defs", {}).values()) if "oneOf" not in part]
    assert parts
    assert [part["title"] for part in parts if part.get("additionalProperties", True) is not False] == []


def test_a_typo_is_refused_by_the_schema_too() -> None:
    wrong = {"schema_version": 1, "name": "a", "base_model": {"id": "x"}, "suite": "s", "gates": "g"}
    (error,) = Draft202012Validator(emit("run")).iter_errors(wrong)
    assert "'gates' was unexpected" in error.message
