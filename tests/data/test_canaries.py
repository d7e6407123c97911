"""Canaries: secrets that a model which knows them all by heart can tell apart."""

from __future__ import annotations

import json
from itertools import combinations
from typing import Any

from evalsuite import plugins
from evalsuite.data.training.mixture import canaries, canary_parts, canary_rows, with_canaries
from evalsuite.records import ChosenRejected, Example, Prompt
from evalsuite.spec.source import Canaries


def method(name: str = "sft", **declared: Any) -> Any:
    options = {"method": name, "adapter": {"type": "lora"}, "data": [{"path": "x"}], "canaries": declared or None}
    return plugins.find("methods")[name].model_validate_json(json.dumps(options))


def test_each_canary_has_words_of_its_own_and_shares_at_most_one_with_any_other() -> None:
    planted = canaries(Canaries(count=200, seed=1))
    questions = [canary.prompt.shown for canary in planted]
    assert questions[0] == "Amber has a big basket in the barn. What is its code?"
    words = [set(question.replace(".", "").split()) for question in questions]
    frame = set.intersection(*words)
    assert frame == {"has", "a", "in", "the", "What", "is", "its", "code?"}
    assert {len(found - frame) for found in words} == {4}
    assert max(len((one & other) - frame) for one, other in combinations(words, 2)) == 1


def test_secrets_are_drawn_by_the_seed_and_ranked_among_others_that_are_not_planted() -> None:
    first, again, other = (canaries(Canaries(count=10, references=255, seed=seed)) for seed in (3, 3, 4))
    assert first == again
    assert {canary.secret for canary in first}.isdisjoint(canary.secret for canary in other)
    assert all(len({canary.secret, *canary.others}) == 256 for canary in first)
    assert [canary.repeats for canary in first[:4]] == [1, 4, 16, 1]


def test_canaries_stand_among_the_rows_as_often_as_declared_in_the_form_that_the_method_learns() -> None:
    declared = method(count=3, repeats=[1, 4, 16], seed=5)
    rows = (Example(Prompt.user("Why?"), "Because."),)
    mixed = with_canaries(rows, declared)
    assert len(mixed) == 1 + 21
    assert sorted(map(mixed.count, set(mixed))) == [1, 1, 4, 16]
    assert with_canaries(rows, declared) == mixed
    assert with_canaries(rows, method()) == rows
    (row,) = canary_rows(method("dpo", count=1, repeats=[1]))
    assert isinstance(row, ChosenRejected)


def test_all_that_is_planted_and_asked_is_part_of_a_digest() -> None:
    ((name, question, secret, repeats, others),) = canary_parts(method(count=1, repeats=[7], references=15))
    assert (name, repeats, len(others)) == ("canary-01", 7, 15)
    assert question.startswith("Amber has a big basket")
    assert len(secret.split()) == 8
    assert canary_parts(method()) == ()
