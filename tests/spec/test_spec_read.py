"""YAML text becomes plain data, and what YAML itself would let pass is refused with its line."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from evalsuite.errors import DocumentError
from evalsuite.spec.loading.yaml_reader import read_file, read_text, read_value

WORDS = ["no", "NO", "on", "off", "yes", "y", "n", "2024-01-31", "12:30:45", "0x1F", "0o17", "007", "1_000", "1e", "e5"]
WORDS += [".inf", "-.inf", ".nan", "inf", "nan", "NaN", "Infinity", "1.2.3", "+", ".", "1e+", "٣", "½"]


def read(text: str) -> Any:
    return read_text(text, file="a.yaml").data


def refusal(text: str) -> str:
    with pytest.raises(DocumentError) as refused:
        read_text(text, file="a.yaml")
    assert len(refused.value.problems) == 1
    return str(refused.value)


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("2e-5", 2e-5), ("1e3", 1000.0), ("1E+3", 1000.0), ("1.", 1.0), (".5", 0.5), ("-.5e1", -5.0), ("+1.5", 1.5),
        ("0", 0), ("-0", 0), ("42", 42), ("-7", -7), ("+7", 7), ("9" * 39, int("9" * 39)),
    ],
)  # fmt: skip
def test_numbers_as_people_write_them_are_numbers(word: str, value: float) -> None:
    found = read(f"x: {word}")["x"]
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize("word", WORDS)
def test_words_that_yaml_would_change_stay_words(word: str) -> None:
    assert read(f"x: {word}") == {"x": word}


@pytest.mark.parametrize(
    ("word", "value"),
    [("true", True), ("True", True), ("FALSE", False), ("null", None), ("~", None), ("", None)],
)
def test_only_true_false_and_null_are_special_words(word: str, value: object) -> None:
    assert read(f"x: {word}")["x"] is value


@pytest.mark.parametrize("word", ["true", "null", "2e-5", "42", "~", ""])
def test_a_quoted_word_is_text(word: str) -> None:
    assert read(f"x: '{word}'\ny: \"{word}\"") == {"x": word, "y": word}


def test_a_number_beyond_all_bounds_is_infinite_and_left_to_the_document_to_refuse() -> None:
    assert math.isinf(read("x: 1e999")["x"])


def test_keys_are_words_however_they_look() -> None:
    assert read("1: a\nno: b\n~: c\n2.5: d") == {"1": "a", "no": "b", "~": "c", "2.5": "d"}


def test_a_key_that_stands_twice_is_refused_with_both_lines() -> None:
    text = "a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n"
    assert refusal(text) == "a.yaml:5  has the key 'c' twice (first on line 3); remove one"


def test_a_key_that_is_quoted_the_second_time_stands_twice() -> None:
    assert "twice" in refusal("a: 1\n'a': 2\n")


@pytest.mark.parametrize(
    "text", ["x: !!python/object:os.system {}", "x: !foo 1", "x: !!str 1", "!!map {x: 1}", "x: [!!int 3]", "x: !<a> 1"]
)
def test_tags_are_refused(text: str) -> None:
    assert "tags are not allowed" in refusal(text)


def test_a_tag_is_refused_with_its_line() -> None:
    assert refusal("a: 1\n\nb: !foo 1").startswith("a.yaml:3  has the YAML tag '!foo'")


def test_a_billion_laughs_end_in_a_refusal() -> None:
    levels = ["a0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha, ha]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert "through its aliases" in refusal("\n".join(levels))


@pytest.mark.parametrize("text", ["x: &x [*x]", "x: &x {y: *x}", "&x [*x]", "x: &x\n  y: &y [*x, *y]"])
def test_a_document_that_holds_itself_is_refused(text: str) -> None:
    assert "through its aliases" in refusal(text)


def test_an_alias_that_stays_small_is_welcome() -> None:
    assert read("a: &a {x: 1}\nb: *a") == {"a": {"x": 1}, "b": {"x": 1}}


def test_an_alias_without_an_anchor_is_refused() -> None:
    assert refusal("a: *b") == "a.yaml:1  is not valid YAML: found undefined alias 'b'"


@pytest.mark.parametrize("text", ["x: " + "[" * 100_000, "x: " + "{a: " * 10_000, "- " * 10_000, "? " * 10_000])
def test_deep_nesting_is_refused_at_once(text: str) -> None:
    started = time.process_time()
    assert "nested more than 40 levels" in refusal(text)
    assert time.process_time() - started < 2


def test_forty_levels_of_lists_are_the_deepest() -> None:
    assert "nested" in refusal("x: " + "[" * 40 + "]" * 40)
    assert read("x: " + "[" * 39 + "]" * 39)


def test_a_document_of_very_many_values_is_refused_at_once() -> None:
    started = time.process_time()
    assert "more than 20000 values" in refusal("\n".join(f"k{number}: 1" for number in range(40_000)))
    assert time.process_time() - started < 6


def test_two_documents_in_one_file_are_refused() -> None:
    assert refusal("a: 1\n---\nb: 2") == "a.yaml:2  holds more than one document; put each into a file of its own"


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n", "\ufeff"])
def test_an_empty_document_is_refused(text: str) -> None:
    assert refusal(text) == "a.yaml  is empty; `evalsuite init DIR` writes examples"


@pytest.mark.parametrize("text", ["hello", "- 1\n- 2", "42", "---", "'text'"])
def test_a_document_that_is_no_mapping_is_refused(text: str) -> None:
    assert refusal(text) == "a.yaml:1  must be a mapping of keys to values"


@pytest.mark.parametrize("text", ["[a]: 1", "{a: 1}: 2", "? [a]\n: 1"])
def test_a_key_that_is_no_word_is_refused(text: str) -> None:
    assert "has a key that is not a word" in refusal(text)


@pytest.mark.parametrize("text", ["a: [1", "a: 'b", "a: b: c", "\ta: 1", "a: 1\n b: 2", "a: %", "%YAML 9.9\n---\na: 1"])
def test_broken_yaml_is_refused_with_its_line(text: str) -> None:
    assert refusal(text).startswith("a.yaml:")
    assert "is not valid YAML" in refusal(text)


@pytest.mark.parametrize("text", [r'a: "\UFFFFFFFF"', r'a: "\U00110000"', "%YAML " + "1" * 5000 + ".1\n---\na: 1"])
def test_what_trips_pyyaml_itself_is_not_valid_yaml_either(text: str) -> None:
    assert "is not valid YAML" in refusal(text)


@pytest.mark.parametrize("text", [r'a: "\x1b[31mred"', r'"\e]0;owned\a": 1', r'a: "\0"', r'a: "\x9b31m"', r'a: "\r"'])
def test_control_characters_are_refused_and_shown_as_escapes(text: str) -> None:
    assert "holds the control character '\\x" in refusal(text) or "'\\r'" in refusal(text)
    assert refusal(text).isprintable()


def test_half_of_a_character_is_refused() -> None:
    assert refusal(r'a: "\ud800"') == "a.yaml:1  holds the control character '\\ud800'; remove it"


def test_raw_control_characters_are_refused_too() -> None:
    assert refusal("a: 1\r\nb: \x1b[31m") == "a.yaml:2  holds the control character '\\x1b'; remove it"
    assert "is not valid YAML" in refusal("a: \ufffe")


def test_tabs_and_line_breaks_in_text_are_kept() -> None:
    assert read('a: "x\\ty\\nz"') == {"a": "x\ty\nz"}


def test_every_path_has_the_line_of_its_key() -> None:
    raw = read_text("# c\na: 1\n\nb:\n  - x: 1\n    y:\n      z: 2\n  - x\nc: {d: 1,\n  e: 2}\n", file="a.yaml")
    expected = {("a",): 2, ("b",): 4, ("b", 0): 5, ("b", 0, "x"): 5, ("b", 0, "y"): 6, ("b", 0, "y", "z"): 7}
    expected |= {("b", 1): 8, ("c",): 9, ("c", "d"): 9, ("c", "e"): 10, (): 2}
    assert raw.lines == expected


def test_a_path_that_is_not_there_has_the_line_of_what_would_hold_it() -> None:
    raw = read_text("a: 1\nb:\n  c: 1\n", file="a.yaml")
    assert [raw.line(path) for path in [("b", "x", "y"), ("z",), ("a", 3)]] == [2, 1, 1]


def test_windows_line_ends_and_a_byte_order_mark_change_nothing(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_bytes(b"\xef\xbb\xbfa: 1\r\nb:\r\n  - no\r\n")
    assert read_file(file).data == {"a": 1, "b": ["no"]}
    assert read_file(file).line(("b", 0)) == 3


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a: \xff", "is not UTF-8 text (byte 3); save it as UTF-8"),
        ("a: é".encode("utf-16"), "is not UTF-8 text (byte 0); save it as UTF-8"),
        (b"a: " + b"x" * 1_000_001, "is larger than 1 MB; documents are small, data goes into JSONL files"),
    ],
)
def test_a_file_that_is_no_document_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "a.yaml"
    file.write_bytes(content)
    with pytest.raises(DocumentError) as refused:
        read_file(file)
    assert str(refused.value) == f"{file}  {message}"


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("missing.yaml", "does not exist; check the path"),
        (".", "is a folder; a YAML file is wanted here"),
        ("file/below.yaml", "cannot be read: Not a directory"),
        ("circle.yaml", "cannot be read: Too many levels of symbolic links"),
        ("x" * 300, "cannot be read: File name too long"),
    ],
)
def test_a_path_that_leads_to_no_file_is_refused(tmp_path: Path, path: str, message: str) -> None:
    (tmp_path / "file").write_text("a: 1")
    (tmp_path / "circle.yaml").symlink_to(tmp_path / "circle.yaml")
    with pytest.raises(DocumentError) as refused:
        read_file(tmp_path / path)
    assert str(refused.value) == f"{tmp_path / path}  {message}"


def test_an_endless_file_is_not_read_to_its_end() -> None:
    with pytest.raises(DocumentError, match="larger than 1 MB"):
        read_file(Path("/dev/zero"))


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("3", 3),
        ("2e-5", 2e-5),
        ("no", "no"),
        ("", None),
        ("'3'", "3"),
        ("[8, 16]", [8, 16]),
        ("{a: [no]}", {"a": ["no"]}),
        ("a: b", "a: b"),
        ("#1", "#1"),
        ("a, b", "a, b"),
    ],
)
def test_a_value_on_the_command_line_reads_like_one_in_a_file(written: str, value: object) -> None:
    assert read_value(written, file="--set") == value


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="\u2028\u2029\ufeff\ufffe\uffff"))
    | st.sampled_from([*WORDS, "true", "null", "~", "", "<<", "=", "2e-5", "- a", "a: b", "#", "&a", "*a", "!a", "%"])
)
KEYS = st.text(st.characters(categories=("L", "N")), min_size=1, max_size=8)
MAPPINGS = st.dictionaries(
    KEYS,
    st.recursive(
        SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=8
    ),
    max_size=4,
)


@given(MAPPINGS)
@example({"x": "1e5"})
@example({"x": "1:30"})
def test_what_yaml_writes_reads_back_equal(value: dict[str, Any]) -> None:
    # Text in quotes: which plain words are text depends on the version of YAML.
    text = yaml.dump(value, Dumper=_TextInQuotes, allow_unicode=True) if value else "{}"
    assert read(text) == value


class _TextInQuotes(yaml.SafeDumper):
    def ignore_aliases(self, data: object) -> bool:
        return True


_TextInQuotes.add_representer(
    str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')
)


@given(
    st.dictionaries(KEYS, st.integers() | st.booleans() | st.none() | st.floats(allow_nan=False, allow_infinity=False))
)
def test_plain_safe_dump_reads_back_equal_for_numbers(value: dict[str, Any]) -> None:
    small = {key: item for key, item in value.items() if not isinstance(item, int) or abs(item) < 10**38}
    assert list(read(yaml.safe_dump(small)).values()) == [small[key] for key in sorted(small)]


PIECES = [*" \na[]{}\"'#%>", "- ", ": ", "&x ", "*x", "!t ", "|\n", "? ", "---\n", "\\u", "\\x1"]


@given(st.text() | st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
@example("%TAG ! !!python/\n--- !object {}")
@example("a: &x\n  <<: *x")
@example("a: !<%FF> 1")
def test_any_text_is_read_or_refused_but_never_an_accident(text: str) -> None:
    try:
        found = read(text)
    except DocumentError as refused:
        found = {"refused": str(refused)}
    assert isinstance(found, dict)
