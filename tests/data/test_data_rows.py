"""Rows of data: what is malformed is told with file and line; mixtures and splits keep their promises."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_project import Project

from evalsuite.data.digest import digest, distinct, draw, file_digest
from evalsuite.data.evaluation.prompts import read_authored
from evalsuite.data.files import read_objects
from evalsuite.data.training.rows import source_rows
from evalsuite.errors import DataError
from evalsuite.plan.preflight import check_data
from evalsuite.records import Example, Prompt, Row, Sample
from evalsuite.spec.loading.load import load_specs
from evalsuite.spec.source import Source

GOOD = '{"prompt": "a", "completion": "b"}'
KNOWN = (
    "known are preference: chosen, rejected; rated: completion, label, prompt; messages: messages; "
    "sharegpt: conversations; prompt and completion: completion, prompt; alpaca: instruction, output; text: text; "
    "prompt: prompt; instruction: instruction"
)
ONE_OF_THREE = "1 of 3 rows is bad; mend it, or set `on_bad_row: drop` to go on without"


def examples(file: Path, **options: Any) -> tuple[Row, ...]:
    """The rows of a file as examples."""
    return source_rows(file, Source(path=file.name, **options), wanted=Example).rows


def told(file: Path, content: str | bytes) -> str:
    """What reading a file of training rows with this content says."""
    file.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    with pytest.raises(DataError) as refused:
        examples(file)
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
        ("{}", f"has no known shape (its keys: none); {KNOWN}"),
        ('{"question": "a", "id": 1}', f"has no known shape (its keys: id, question); {KNOWN}"),
        ('{"prompt": "a"}',
         "has the shape 'prompt', and line 1 has 'prompt and completion', as most rows; keep one shape in a file"),
        ('{"text": "a"}',
         "has the shape 'text', and line 1 has 'prompt and completion', as most rows; keep one shape in a file"),
        ('{"prompt": "a", "completion": "b", "document": [1]}', "'document' must be text or a whole number"),
        ('{"prompt": "a", "completion": " "}', "'completion' must be non-empty text"),
        ('{"prompt": null, "completion": "b"}', "'prompt' must be non-empty text"),
        ('{"prompt": 3, "completion": "b"}', "'prompt' must be non-empty text"),
        ('{"prompt": "a", "prompt": "b"}', "is not valid JSON: has the key 'prompt' twice; remove one"),
        ('{"prompt": "\\ud800", "completion": "b"}',
         "holds half of a character (a lone \\ud800 to \\udfff); mend the escape"),
        ("[" * 100_000, "is nested too deeply"),
    ],
)  # fmt: skip
def test_a_malformed_row_is_told_with_its_line(file: Path, line: str, message: str) -> None:
    assert told(file, f"{GOOD}\n\n{line}\n{GOOD}\n") == f"rows.jsonl:3  {message} ({ONE_OF_THREE})"


def test_a_number_too_long_for_python_is_a_malformed_row(file: Path) -> None:
    assert told(file, '{"x": ' + "9" * 5000 + "}").startswith("rows.jsonl:1  is not valid JSON: Exceeds the limit")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "rows.jsonl  is empty; it needs at least one row"),
        (b"\n \n\r\n", "rows.jsonl  is empty; it needs at least one row"),
        (b"\xef\xbb\xbf", "rows.jsonl  is empty; it needs at least one row"),
        (GOOD.encode() + b"\n\xff\n", "rows.jsonl:2  is not UTF-8 text; convert the file to UTF-8 "
         "(1 of 2 rows is bad; mend it, or set `on_bad_row: drop` to go on without)"),
        (GOOD.encode("utf-16"),
         "rows.jsonl:1  is not UTF-8 text; convert the file to UTF-8 (1 of 1 rows is bad; no good row is left)"),
    ],
)  # fmt: skip
def test_a_file_without_readable_rows_is_refused(file: Path, content: bytes, message: str) -> None:
    assert told(file, content) == message


@pytest.mark.parametrize(
    ("path", "message"),
    [("none.jsonl", "does not exist; check the path"), ("folder.jsonl", "cannot be read: Is a directory")],
)
def test_a_file_that_cannot_be_opened_is_refused(tmp_path: Path, path: str, message: str) -> None:
    (tmp_path / "folder.jsonl").mkdir()
    with pytest.raises(DataError) as refused:
        examples(tmp_path / path)
    assert str(refused.value) == f"{tmp_path / path}  {message}"


def test_blank_lines_windows_ends_a_mark_and_a_missing_last_newline_do_not_matter(file: Path) -> None:
    file.write_bytes(
        b"\xef\xbb\xbf" + GOOD.encode() + b"\r\n\r\n" + '{"prompt": "é", "completion": "b\u2028c"}'.encode()
    )
    assert examples(file) == (
        Example(Prompt.user("a"), "b"),
        Example(Prompt.user("é"), "b\u2028c"),
    )
    assert [number for number, _ in read_objects(file)] == [1, 3]


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


@pytest.mark.parametrize(
    ("rule", "rows", "problem"),
    [
        ("metric: facts.accuracy.trades", ["trades", "law"], None),
        ("metric: facts.accuracy.trade", ["trades", "law"],
         "'facts.accuracy.trade' is about a slice that facts does not have; there are: law, trades"),
        ("every: subject, metric: facts.accuracy", ["trades", "law"], None),
        ("every: subject, metric: facts.accuracy", [None],
         "'facts.accuracy' is about a slice that facts does not have; no row has a `subject` or `slice`"),
    ],
)  # fmt: skip
def test_a_rule_about_slices_is_held_against_those_in_the_data(
    project: Project, rule: str, rows: list[str | None], problem: str | None
) -> None:
    project.change("gates/strict.yaml", "metric: facts.accuracy", rule)
    item = {"question": "Two?", "choices": ["2", "3"], "answer": 0}
    project.rows("data/facts.jsonl", *({**item, "id": str(n), "subject": its} for n, its in enumerate(rows)))
    if problem is None:
        return check_data(load_specs([project.spec]))
    with pytest.raises(DataError) as refused:
        check_data(load_specs([project.spec]))
    assert str(refused.value) == f"{project.root}/gates/strict.yaml  rules.0  {problem}"


def test_checking_a_project_tells_the_problems_of_each_file(project: Project) -> None:
    project.write("data/train.jsonl", "{}\n{")
    project.write("data/facts.jsonl", '{"question": "a", "choices": ["b"], "answer": 0}')
    with pytest.raises(DataError) as refused:
        check_data(load_specs([project.spec]))
    assert str(refused.value).replace(f"{project.root}/", "").splitlines() == [
        f"data/train.jsonl:1  has no known shape (its keys: none); {KNOWN}",
        "data/train.jsonl:2  is not valid JSON: Expecting property name enclosed in double quotes at column 2",
        "data/train.jsonl  2 of 2 rows are bad; no good row is left",
        "data/facts.jsonl:1  'choices' must be a list of at least two texts",
    ]


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
