"""Data files of several formats as numbered objects: JSONL, JSON, CSV, Parquet and plain text."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from evalsuite.data.jsonl import read_lines
from evalsuite.errors import DataError

Numbered = Iterator[tuple[int, dict[str, Any] | DataError]]

_DELIMITERS = ",;\t"
# Python's own limit for a cell is 128 KiB, and an article is longer; the size of a C long is the largest there is.
_LONGEST_CELL = 2**31 - 1


def read_rows(path: Path) -> Numbered:
    """Each row of a file, or what is wrong with it, with the line (or row) on which it begins.

    The file's ending says the format; text files (.txt, .md) give one row `{"text": ...}` per paragraph. Raises
    DataError for a file that cannot be read, is malformed as a whole, or has no row at all.
    """
    reader = READERS.get(path.suffix.lower())
    if not path.exists():
        raise DataError(f"{path}  does not exist; check the path")
    if reader is None:
        raise DataError(f"{path}  has an ending that is not known; use one of {', '.join(READERS)}")
    empty = True
    for number, row in reader(path):
        empty = False
        yield number, row if isinstance(row, DataError) else _clean(row, f"{path}:{number}")
    if empty:
        raise DataError(f"{path}  is empty; it needs at least one row")


def _clean(row: dict[str, Any], where: str) -> dict[str, Any] | DataError:
    try:
        json.dumps(row, ensure_ascii=False, default=str).encode("utf-8")
    except UnicodeEncodeError:
        return DataError(f"{where}  is not UTF-8 text; convert the file to UTF-8")
    except RecursionError:
        return DataError(f"{where}  is nested too deeply")
    return row


def _text(path: Path) -> str:
    # What is no UTF-8 survives as lone surrogates, so that `_clean` can name the rows that hold it.
    try:
        return path.read_bytes().decode("utf-8", "surrogateescape").removeprefix("\ufeff")
    except OSError as error:
        raise DataError(f"{path}  cannot be read: {error.strerror}") from None


def _json(path: Path) -> Numbered:
    try:
        value = json.loads(_text(path))
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}  is not valid JSON: {error}") from None
    if isinstance(value, dict) and isinstance(value.get("examples"), list):
        # BIG-Bench files keep their rows so, beside a notice to whoever collects training data.
        value = value["examples"]
    if not isinstance(value, list):
        raise DataError(f"{path}  must hold a list of objects; a file with one object per line ends in .jsonl")
    for number, row in enumerate(value, 1):
        yield number, row if isinstance(row, dict) else DataError(f"{path}:{number}  must be an object")


def _csv(path: Path) -> Numbered:
    csv.field_size_limit(_LONGEST_CELL)
    text = _text(path)
    first = text.split("\n", 1)[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(_DELIMITERS, key=first.count), strict=True)
    try:
        header = next(reader, [])
        if len(set(header)) < len(header):
            raise DataError(f"{path}:1  names a column twice; each column needs its own name")
        begins = reader.line_num + 1
        for cells in reader:
            where = f"{path}:{begins}"
            if len(cells) == len(header):
                yield begins, dict(zip(header, cells, strict=True))
            elif cells:
                yield begins, DataError(f"{where}  has {len(cells)} columns, and the header has {len(header)}")
            begins = reader.line_num + 1
    except csv.Error as error:
        raise DataError(f"{path}:{reader.line_num}  is not valid CSV: {error}") from None


def _parquet(path: Path) -> Numbered:
    import pyarrow as pa
    import pyarrow.parquet as pq

    number = 0
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches():
                for row in batch.to_pylist():
                    number += 1
                    # A column that other rows need is empty here, which is the same as not being there.
                    yield number, {key: value for key, value in row.items() if value is not None}
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path}  is not readable as Parquet: {str(error).splitlines()[0]}") from None


def _paragraphs(path: Path) -> Numbered:
    start, lines = 1, list[str]()
    for number, line in enumerate([*_text(path).splitlines(), ""], 1):
        if line.strip():
            start = start if lines else number
            lines.append(line.rstrip())
        elif lines:
            yield start, {"text": "\n".join(lines)}
            lines = []


READERS: dict[str, Callable[[Path], Numbered]] = {
    ".jsonl": read_lines,
    ".json": _json,
    ".csv": _csv,
    ".tsv": _csv,
    ".parquet": _parquet,
    ".txt": _paragraphs,
    ".md": _paragraphs,
}
