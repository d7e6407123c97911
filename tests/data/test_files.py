"""Files of every format give the same rows; what is wrong in them is told by line and may be dropped."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from evalsuite.data.files import read_rows
from evalsuite.data.training.rows import source_rows
from evalsuite.errors import DataError
from evalsuite.records import ChosenRejected, Example, Prompt
from evalsuite.spec.source import Filter, Source

ROWS = [{"prompt": "Why, “so”?", "completion": "Один\nдва"}, {"prompt": "b;\t", "completion": 'c "d"'}]


def write(file: Path, rows: list[dict[str, Any]]) -> Path:
    """The rows in the format that the file's ending says."""
    if file.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), file)
    elif file.suffix == ".json":
        file.write_text(json.dumps(rows), encoding="utf-8")
    elif file.suffix == ".jsonl":
        file.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    else:
        with file.open("w", encoding="utf-8-sig", newline="") as text:
            writer = csv.DictWriter(text, list(rows[0]), delimiter="\t" if file.suffix == ".tsv" else ",")
            writer.writeheader()
            writer.writerows(rows)
    return file


@pytest.mark.parametrize("ending", ["jsonl", "json", "csv", "tsv", "parquet"])
def test_every_format_gives_the_same_rows(tmp_path: Path, ending: str) -> None:
    file = write(tmp_path / f"rows.{ending}", ROWS)
    assert [row for _, row in read_rows(file)] == ROWS
    found = source_rows(file, Source(path=f"rows.{ending}"), wanted=Example)
    assert found.rows == tuple(Example(Prompt.user(row["prompt"]), row["completion"]) for row in ROWS)
    assert str(found) == f"rows.{ending}: 2 rows, prompt and completion"


def test_a_row_of_a_table_is_named_by_the_line_on_which_it_begins(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_bytes(b'prompt;completion\r\n"a\r\nb";c\r\n\r\nd;e\r\n')
    assert list(read_rows(file)) == [
        (2, {"prompt": "a\r\nb", "completion": "c"}),
        (5, {"prompt": "d", "completion": "e"}),
    ]


def test_a_long_cell_is_no_trouble(tmp_path: Path) -> None:
    file = write(tmp_path / "rows.csv", [{"text": "word " * 50_000}])
    assert [row for _, row in read_rows(file)] == [{"text": "word " * 50_000}]


def test_paragraphs_of_a_text_are_rows(tmp_path: Path) -> None:
    file = tmp_path / "talk.txt"
    file.write_text("\n\nOne.\nStill one.  \n\n\nДва.", encoding="utf-8")
    assert list(read_rows(file)) == [(3, {"text": "One.\nStill one."}), (7, {"text": "Два."})]


def test_an_empty_cell_of_a_table_is_a_key_that_is_not_there(tmp_path: Path) -> None:
    pairs = [{"prompt": "a", "chosen": "b", "rejected": "c", "label": None}]
    file = write(tmp_path / "rows.parquet", pairs)
    assert [row for _, row in read_rows(file)] == [{"prompt": "a", "chosen": "b", "rejected": "c"}]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("rows.xlsx", b"", "has an ending that is not known; use one of .jsonl, .json, .csv, .tsv, .parquet, .txt"),
        ("rows.json", b"{}", "must hold a list of objects; a file with one object per line ends in .jsonl"),
        ("rows.json", b"[", "is not valid JSON: Expecting value: line 1 column 2 (char 1)"),
        ("rows.json", b"[]", "is empty; it needs at least one row"),
        ("rows.csv", b"", "is empty; it needs at least one row"),
        ("rows.csv", b"prompt,completion\n", "is empty; it needs at least one row"),
        ("rows.csv", b"prompt,prompt\na,b\n", "rows.csv:1  names a column twice; each column needs its own name"),
        ("rows.csv", b'text\n"a', "rows.csv:2  is not valid CSV: unexpected end of data"),
        ("rows.txt", b" \n\n", "is empty; it needs at least one row"),
        ("rows.parquet", b"PAR1", "is not readable as Parquet: "),
    ],
)  # fmt: skip
def test_a_file_that_is_wrong_as_a_whole_is_refused(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError) as refused:
        list(read_rows(tmp_path / name))
    assert message in str(refused.value).replace(f"{tmp_path}/", "")


@pytest.mark.parametrize("ending", ["jsonl", "json", "csv", "tsv", "parquet", "txt", "md"])
def test_a_file_that_is_not_there_is_refused(tmp_path: Path, ending: str) -> None:
    with pytest.raises(DataError, match=r"rows\.\w+  does not exist; check the path"):
        list(read_rows(tmp_path / f"rows.{ending}"))


BAD = [
    b'{"prompt": "1", "chosen": "a", "rejected": "b"}',
    b"{",
    b'{"prompt": "3", "chosen": "a", "rejected": "a"}',
    b"",
    b'{"prompt": "5", "chosen": "\xff", "rejected": "b"}',
    b'{"text": "6"}',
    b'{"prompt": "7", "chosen": "", "rejected": "b"}',
    b"[]",
    b"3",
    b'{"prompt": "10", "chosen": "c", "rejected": "d"}',
]


def test_all_bad_rows_of_a_file_are_counted_and_the_first_are_told(tmp_path: Path) -> None:
    file = tmp_path / "pairs.jsonl"
    file.write_bytes(b"\n".join(BAD))
    with pytest.raises(DataError) as refused:
        source_rows(file, Source(path="pairs.jsonl"), wanted=ChosenRejected)
    assert str(refused.value).replace(f"{tmp_path}/", "").splitlines() == [
        "pairs.jsonl:2  is not valid JSON: Expecting property name enclosed in double quotes at column 2",
        "pairs.jsonl:3  'chosen' equals 'rejected', which says nothing about what is better",
        "pairs.jsonl:5  is not UTF-8 text; convert the file to UTF-8",
        "pairs.jsonl:6  has the shape 'text', and line 1 has 'preference', as most rows; keep one shape in a file",
        "pairs.jsonl:7  'chosen' must be non-empty text",
        "pairs.jsonl  7 of 9 rows are bad, the first 5 are above; "
        "mend them, or set `on_bad_row: drop` to go on without",
    ]


def test_bad_rows_are_dropped_when_the_source_says_so(tmp_path: Path) -> None:
    file = tmp_path / "pairs.jsonl"
    file.write_bytes(b"\n".join(BAD))
    found = source_rows(file, Source(path="pairs.jsonl", on_bad_row="drop"), wanted=ChosenRejected)
    assert [row.prompt.shown for row in found.rows] == ["1", "10"]
    assert (found.lines, found.dropped) == ((1, 10), 7)
    assert str(found) == "pairs.jsonl: 2 rows, preference, 7 bad rows dropped"


def test_a_file_of_which_nothing_would_be_left_is_refused_all_the_same(tmp_path: Path) -> None:
    file = write(tmp_path / "rows.jsonl", [{"text": "a"}] * 2)
    with pytest.raises(DataError, match="2 of 2 rows are bad; no good row is left"):
        source_rows(file, Source(path="rows.jsonl", on_bad_row="drop"), wanted=ChosenRejected)


@pytest.mark.parametrize("ending", ["csv", "txt", "json"])
def test_only_the_row_that_is_not_utf_8_is_bad(tmp_path: Path, ending: str) -> None:
    file = tmp_path / f"rows.{ending}"
    rows = {
        "csv": b"text\na\n\xe9t\xe9\nb",
        "txt": b"a\n\n\xe9t\xe9\n\nb",
        "json": b'[{"text": "a"}, {"text": "\xe9"}, {"text": "b"}]',
    }
    file.write_bytes(rows[ending])
    found = source_rows(file, Source(path="x", on_bad_row="drop"), wanted=Example)
    assert [row.answers for row in found.rows] == [("a",), ("b",)]


def test_a_row_with_too_few_columns_is_bad_and_the_others_are_not(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("prompt,completion\na,b\nc\nd,e,f\n")
    assert [str(row) for _, row in read_rows(tmp_path / "rows.csv") if isinstance(row, DataError)] == [
        f"{tmp_path}/rows.csv:3  has 1 columns, and the header has 2",
        f"{tmp_path}/rows.csv:4  has 3 columns, and the header has 2",
    ]


def test_a_file_that_changed_is_read_anew(tmp_path: Path) -> None:
    file = write(tmp_path / "rows.jsonl", [{"text": "a"}])
    source = Source(path="rows.jsonl")
    first = source_rows(file, source, wanted=Example)
    assert source_rows(file, source, wanted=Example) is first
    write(file, [{"text": "a longer one", "document": "talk"}])
    assert str(source_rows(file, source, wanted=Example)) == "rows.jsonl: 1 rows, text, from 1 documents"


def kept(tmp_path: Path, rows: list[dict[str, Any]], **chosen: Any) -> list[str]:
    """The texts of the rows that a filter keeps."""
    file = write(tmp_path / "rows.jsonl", rows)
    found = source_rows(file, Source(path="rows.jsonl", filter=Filter(**chosen)), wanted=Example)
    assert found.filtered == len(rows) - len(found.rows)
    return [row.answers[0] for row in found.rows]


def test_a_filter_keeps_the_best_rows_in_file_order(tmp_path: Path) -> None:
    scored = [{"text": name, "ifd": ifd} for name, ifd in (("a", 0.2), ("b", 0.9), ("c", 1.0), ("d", 0.5), ("e", 1.7))]
    assert kept(tmp_path, scored, by="ifd", keep=0.4) == ["b", "d"]
    assert kept(tmp_path, scored, by="ifd") == ["a", "b", "d"]
    assert kept(tmp_path, [{"text": "a b"}, {"text": "c"}, {"text": "d e f"}], by="length", keep=0.67) == [
        "a b",
        "d e f",
    ]
    assert kept(tmp_path, [{"text": "A b."}, {"text": "c"}, {"text": "a b"}], by="duplicates") == ["A b.", "c"]
    assert kept(tmp_path, [{"text": "\x00"}, {"text": "c"}, {"text": "d"}], by="noise", keep=0.6) == ["c", "d"]


def test_a_filter_by_a_score_that_rows_lack_is_refused_with_the_line(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"rows\.jsonl:2  has no number 'ifd' to filter by; `evalsuite data score`"):
        kept(tmp_path, [{"text": "a", "ifd": 0.5}, {"text": "b"}], by="ifd")
    with pytest.raises(DataError, match="has no row that the filter by ifd would keep"):
        kept(tmp_path, [{"text": "a", "ifd": 1.5}], by="ifd")
