"""Mixtures and splits keep their promises: shares, no row twice, no prompt and no document on both sides."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalsuite.data.training.mixture import hold_out, mix
from evalsuite.errors import DataError
from evalsuite.records import ChosenRejected, Example, Prompt, Rated


def rows(name: str, count: int) -> list[Example]:
    return [Example(Prompt.user(f"{name} {number}"), "yes") for number in range(count)]


SOURCES = st.lists(st.integers(1, 40), min_size=1, max_size=4)


@given(SOURCES, st.integers(0, 9))
def test_without_weights_a_mixture_is_all_rows_in_an_order_of_the_seed(sizes: list[int], seed: int) -> None:
    sources = [rows(str(index), size) for index, size in enumerate(sizes)]
    mixed = mix(sources, [None] * len(sources), seed=seed)
    assert Counter(mixed) == Counter(row for source in sources for row in source)
    assert mixed == mix(sources, [None] * len(sources), seed=seed)


@given(SOURCES, st.data())
def test_a_mixture_has_the_shares_of_its_weights_and_repeats_no_row(sizes: list[int], data: Any) -> None:
    weights = data.draw(st.lists(st.floats(0.05, 5), min_size=len(sizes), max_size=len(sizes)))
    mixed = mix([rows(str(index), size) for index, size in enumerate(sizes)], weights, seed=1)
    assert len(set(mixed)) == len(mixed)
    counts = Counter(row.prompt.shown.split()[0] for row in mixed)
    size = min(size / weight for size, weight in zip(sizes, weights, strict=True))
    for index, weight in enumerate(weights):
        assert abs(counts[str(index)] - max(1, size * weight)) <= 0.5 + 1e-6
    assert any(counts[str(index)] == size for index, size in enumerate(sizes)), "as large as the rows allow"


def test_only_the_ratio_of_weights_matters() -> None:
    sources = [rows("a", 30), rows("b", 30)]
    for weights in ([0.9, 0.1], [9, 1], [9e-300, 1e-300], [9e-320, 1e-320]):
        assert Counter(row.prompt.shown[0] for row in mix(sources, weights, seed=0)) == {"a": 30, "b": 3}


def test_a_weight_next_to_nothing_still_gives_one_row() -> None:
    counts = Counter(row.prompt.shown[0] for row in mix([rows("a", 9), rows("b", 9)], [1, 5e-324], seed=0))
    assert counts == {"a": 9, "b": 1}


def test_weights_are_for_all_sources_or_for_none() -> None:
    with pytest.raises(DataError, match="some sources have a weight and some have none"):
        mix([rows("a", 2), rows("b", 2)], [1, None], seed=0)


@given(
    st.lists(st.tuples(st.integers(0, 12), st.integers(0, 9)), min_size=1, max_size=30),
    st.floats(0, 0.999),
    st.integers(0, 9),
)
def test_a_split_loses_nothing_and_no_prompt_stands_on_both_sides(pairs: Any, share: float, seed: int) -> None:
    examples = [Example(Prompt.user(str(prompt)), str(answer)) for prompt, answer in pairs]
    train, held = hold_out(examples, share, seed=seed)
    assert Counter(train) + Counter(held) == Counter(examples)
    prompts, held_prompts = ({row.prompt.shown for row in side} for side in (train, held))
    assert not prompts & held_prompts
    assert train
    assert bool(held) == (share > 0 and len(prompts | held_prompts) > 1)
    assert (train, held) == hold_out(examples, share, seed=seed)


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 20), st.integers(0, 9)), min_size=1, max_size=30),
    st.floats(0.01, 0.9),
    st.integers(0, 9),
)
def test_no_document_stands_on_both_sides(found: Any, share: float, seed: int) -> None:
    given_rows = [Example(Prompt.user(str(asked)), str(answer), str(document)) for document, asked, answer in found]
    train, held = hold_out(given_rows, share, seed=seed)
    assert Counter(train) + Counter(held) == Counter(given_rows)
    for side in (lambda row: row.document, lambda row: row.prompt):
        assert not set(map(side, train)) & set(map(side, held))
    assert train


def test_documents_are_held_out_whole_and_about_as_many_rows_as_asked() -> None:
    given_rows = [Example(Prompt.raw(""), f"{n} of {d}", f"lecture {d}") for d in range(50) for n in range(1 + d % 7)]
    train, held = hold_out(given_rows, 0.2, seed=3)
    assert abs(len(held) - 0.2 * len(given_rows)) <= 3
    assert {row.document for row in train} | {row.document for row in held} == {f"lecture {d}" for d in range(50)}


def test_of_two_documents_the_smaller_is_held_out_when_both_are_too_large() -> None:
    given_rows = [Example(Prompt.user(str(n)), "x", "large" if n < 70 else "small") for n in range(100)]
    assert {row.document for row in hold_out(given_rows, 0.01, seed=0)[1]} == {"small"}


def test_rows_of_one_document_are_never_parted_even_when_nothing_is_left_to_hold_out() -> None:
    given_rows = [Example(Prompt.user(str(n)), "x", "only") for n in range(10)]
    assert hold_out(given_rows, 0.5, seed=0) == (tuple(given_rows), ())


def test_plain_texts_are_told_apart_by_what_they_say() -> None:
    texts = [Example(Prompt.raw(""), f"Text {n}.") for n in range(10)]
    train, held = hold_out(texts, 0.2, seed=0)
    assert (len(train), len(held)) == (8, 2)


def test_rows_of_every_kind_are_mixed_and_split() -> None:
    pairs = [ChosenRejected(Prompt.user(str(n)), "good", "bad") for n in range(10)]
    labelled = [Rated(Prompt.user(str(n // 2)), str(n), bool(n % 2)) for n in range(20)]
    assert Counter(mix([pairs], [None], seed=0)) == Counter(pairs)
    assert [len(side) for side in hold_out(pairs, 0.1, seed=0)] == [9, 1]
    assert [len(side) for side in hold_out(labelled, 0.1, seed=0)] == [18, 2]
