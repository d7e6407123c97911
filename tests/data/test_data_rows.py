"""Rows of data: what is malformed is told with file and line; mixtures and splits keep their promises."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_project import Project

from evalsuite.check import check_data
from evalsuite.data.authored import read_authored
from evalsuite.data.digest import digest, file_digest
from evalsuite.data.draw import distinct, draw
from evalsuite.data.examples import hold_out, mix, read_examples
from evalsuite.data.jsonl import read_objects
from evalsuite.errors import DataError
from evalsuite.records import Example, Message, Prompt, Sample
from evalsuite.spec.load import load_specs

GOOD = '{"prompt": "a", "completion": "b"}'


def told(file: Path, content: str | bytes) -> str:
    """What reading a file of training rows with this content says."""
    file.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    with pytest.raises(DataError) as refused:
        read_examples(file)
    return str(refused.value).replace(f"{file.parent}/", "")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "rows.jsonl"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "is not valid JSON: Expecting property name enclosed in double quotes at column 2"),
        ("prompt", "is not valid JSON: Expecting value at column 1"),
        (GOOD + GOOD, "is not valid JSON: Extra data at column 35"),
        ("[1]", 'must be an object such as {"prompt": ..., "completion": ...}'),
        ("null", 'must be an object such as {"prompt": ..., "completion": ...}'),
        ("{}", "has no 'prompt' (its keys: none)"),
        ('{"text": "a", "id": 1}', "has no 'prompt' (its keys: id, text)"),
        ('{"prompt": "a"}', "has no 'completion' (its keys: prompt)"),
        ('{"prompt": "a", "completion": " "}', "'completion' must be non-empty text"),
        ('{"prompt": null, "completion": "b"}', "'prompt' must be non-empty text"),
        ('{"prompt": 3, "completion": "b"}', "'prompt' must be non-empty text"),
        ('{"prompt": "a", "prompt": "b"}', "is not valid JSON: has the key 'prompt' twice; remove one"),
        ('{"prompt": "\\ud800", "completion": "b"}',
         "holds half of a character (a lone \\ud800 to \\udfff); mend the escape"),
        ("[" * 100_000, "is nested too deeply"),
        ('{"messages": "hello"}', "'messages' must be a list of at least a user and an assistant turn"),
        ('{"messages": [{"role": "user", "content": "a"}]}',
         "'messages' must be a list of at least a user and an assistant turn"),
        ('{"messages": [{"role": "user", "content": "a"}, {"role": "bot", "content": "b"}]}',
         "each message needs a 'role' (system, user, assistant) and a text 'content'"),
        ('{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": ""}]}',
         "the last message must be the assistant's, and not empty"),
        ('{"messages": [{"role": "assistant", "content": "a"}, {"role": "user", "content": "b"}]}',
         "the last message must be the assistant's, and not empty"),
        ('{"messages": [{"role": "system", "content": "a"}, {"role": "assistant", "content": "b"}]}',
         "'messages' must be a list of at least a user and an assistant turn"),
    ],
)  # fmt: skip
def test_a_malformed_row_is_told_with_its_line(file: Path, line: str, message: str) -> None:
    assert told(file, f"{GOOD}\n\n{line}\n{GOOD}\n") == f"rows.jsonl:3  {message}"


def test_a_number_too_long_for_python_is_a_malformed_row(file: Path) -> None:
    assert told(file, '{"x": ' + "9" * 5000 + "}").startswith("rows.jsonl:1  is not valid JSON: Exceeds the limit")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "rows.jsonl  is empty; it needs at least one row"),
        (b"\n \n\r\n", "rows.jsonl  is empty; it needs at least one row"),
        (b"\xef\xbb\xbf", "rows.jsonl  is empty; it needs at least one row"),
        (GOOD.encode() + b"\n\xff\n", "rows.jsonl:2  is not UTF-8 text; convert the file to UTF-8"),
        (GOOD.encode("utf-16"), "rows.jsonl:1  is not UTF-8 text; convert the file to UTF-8"),
    ],
)
def test_a_file_without_readable_rows_is_refused(file: Path, content: bytes, message: str) -> None:
    assert told(file, content) == message


@pytest.mark.parametrize(("path", "message"), [("none.jsonl", "No such file or directory"), (".", "Is a directory")])
def test_a_file_that_cannot_be_opened_is_refused(tmp_path: Path, path: str, message: str) -> None:
    with pytest.raises(DataError) as refused:
        read_examples(tmp_path / path)
    assert str(refused.value) == f"{tmp_path / path}  cannot be read: {message}"


def test_blank_lines_windows_ends_a_mark_and_a_missing_last_newline_do_not_matter(file: Path) -> None:
    file.write_bytes(
        b"\xef\xbb\xbf" + GOOD.encode() + b"\r\n\r\n" + '{"prompt": "é", "completion": "b\u2028c"}'.encode()
    )
    assert read_examples(file) == (
        Example(Prompt.user("a"), "b"),
        Example(Prompt.user("é"), "b\u2028c"),
    )
    assert [number for number, _ in read_objects(file)] == [1, 3]


def test_a_conversation_is_learned_from_its_last_turn(file: Path) -> None:
    turns = [("system", "be brief"), ("user", "a"), ("assistant", "b"), ("user", "c"), ("assistant", "d")]
    file.write_text(json.dumps({"messages": [{"role": role, "content": content} for role, content in turns]}))
    messages = tuple(Message(role, content) for role, content in turns[:-1])  # type: ignore[arg-type]
    assert read_examples(file) == (Example(Prompt(messages=messages), "d"),)


def test_authored_prompts_carry_the_reference_and_the_group(file: Path) -> None:
    file.write_text('{"id": 7, "prompt": "a", "reference": "b", "group": "g"}\n{"prompt": "c", "reference": "d"}')
    assert read_authored(file) == (
        Sample("7", Prompt.user("a"), "b", group="g"),
        Sample("2", Prompt.user("c"), "d"),
    )


@pytest.mark.parametrize("key", ["id", "group"])
@pytest.mark.parametrize("value", ["[1]", "{}", "true", "1.5", '""', "NaN"])
def test_ids_and_groups_are_text_or_whole_numbers(file: Path, key: str, value: str) -> None:
    file.write_text(f'{{"prompt": "a", "reference": "b", "{key}": {value}}}')
    with pytest.raises(DataError, match=rf"rows.jsonl:1  '{key}' must be text or a whole number"):
        read_authored(file)


def test_ids_differ() -> None:
    twice = [Sample("a", Prompt.raw("x"), "y"), Sample("b", Prompt.raw("x"), "y"), Sample("a", Prompt.raw("z"), "y")]
    with pytest.raises(DataError, match=r"rows\.jsonl  has the id 'a' twice; ids must differ"):
        distinct(twice, source="rows.jsonl")


def test_checking_a_project_tells_the_first_problem_of_each_file(project: Project) -> None:
    project.write("data/train.jsonl", "{}\n{")
    project.write("data/facts.jsonl", '{"question": "a", "choices": ["b"], "answer": 0}')
    with pytest.raises(DataError) as refused:
        check_data(load_specs([project.spec]))
    assert str(refused.value).replace(f"{project.root}/", "").splitlines() == [
        "data/train.jsonl:1  has no 'prompt' (its keys: none)",
        "data/facts.jsonl:1  'choices' must be a list of at least two texts",
    ]


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


@given(st.integers(1, 30), st.integers(1, 40), st.integers(0, 9))
def test_a_draw_keeps_the_order_and_is_the_same_for_a_seed(count: int, limit: int, seed: int) -> None:
    samples = tuple(Sample(str(number), Prompt.raw("x"), "y") for number in range(count))
    drawn = draw(samples, limit, seed=seed)
    assert len(drawn) == min(count, limit)
    assert sorted(drawn, key=lambda sample: int(sample.id)) == list(drawn)
    assert drawn == draw(samples, limit, seed=seed)


def test_without_a_limit_all_are_drawn_and_another_seed_draws_others() -> None:
    samples = [Sample(str(number), Prompt.raw("x"), "y") for number in range(50)]
    assert draw(samples, None, seed=1) == tuple(samples)
    assert draw(samples, 10, seed=1) != draw(samples, 10, seed=2)


def test_a_digest_does_not_care_for_the_order_of_keys() -> None:
    assert digest({"a": 1, "b": {"c": 2, "d": 3}}) == digest({"b": {"d": 3, "c": 2}, "a": 1})


def test_a_digest_tells_types_and_shapes_apart() -> None:
    values: list[Any] = ["1", 1, True, 1.0, None, "null", [], [1], [[1]], {}, {"1": 1}, {"a": None}, "", 0, False, "é"]
    assert len({digest(value) for value in values}) == len(values)
    assert len({digest("a", "b"), digest("ab"), digest(["a", "b"]), digest("a", ["b"])}) == 4


def test_a_digest_is_the_same_for_ever() -> None:
    # Another one would make every stored result unknown.
    assert digest("a", 1) == "135f17a475a61afdeeaf3759ad2e45ad1c7abb192395abe47e41fc8e395dc1a9"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [float("nan")], {"a": float("-inf")}])
def test_a_digest_of_what_is_no_number_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        digest(value)


def test_a_file_digest_is_of_its_bytes_wherever_it_lies(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    (tmp_path / "b").write_bytes(b"abc")
    assert file_digest(tmp_path / "a") == file_digest(tmp_path / "b")
    assert file_digest(tmp_path / "a") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    with pytest.raises(DataError, match="cannot be read: No such file"):
        file_digest(tmp_path / "none")
