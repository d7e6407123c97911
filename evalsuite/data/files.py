"""Data files as numbered objects: JSONL, JSON, CSV, Parquet and plain text; an error names the line."""

from __future__ import annotations

import codecs
import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from evalsuite.errors import DataError


def read_objects(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The line number (from 1) and object of each non-empty line; raises DataError naming file and line."""
    for number, value in read_lines(path):
        if isinstance(value, DataError):
            raise value
        yield number, value


def read_lines(path: Path) -> Iterator[tuple[int, dict[str, Any] | DataError]]:
    """The line number (from 1) of each non-empty line, with its object or with what is wrong with it.

    Raises DataError for a file that cannot be read or has no line at all.
    """
    empty = True
    for number, line in _lines(path):
        try:
            text = _decoded(line, f"{path}:{number}")
            if not text.strip():
                continue
            value: dict[str, Any] | DataError = parse_object(text, f"{path}:{number}")
        except DataError as error:
            value = error
        empty = False
        yield number, value
    if empty:
        raise DataError(f"{path}  is empty; it needs at least one row")


def write_objects(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Write one object per line; raises DataError when the file cannot be written."""
    try:
        with path.open("w", encoding="utf-8") as lines:
            lines.writelines(json.dumps(row, ensure_ascii=False, default=str) + "\n" for row in rows)
    except OSError as error:
        raise DataError(f"{path}  cannot be written: {error.strerror}") from None


def text_field(row: dict[str, Any], key: str, *, at: tuple[Path, int]) -> str:
    """The non-empty text under a key; raises DataError naming file, line and key."""
    value = row.get(key)
    path, number = at
    if key not in row:
        have = ", ".join(sorted(row)) or "none"
        raise DataError(f"{path}:{number}  has no {key!r} (its keys: {have})")
    if not isinstance(value, str) or not value.strip():
        raise DataError(f"{path}:{number}  {key!r} must be non-empty text")
    return value


def identity(row: dict[str, Any], *, at: tuple[Path, int]) -> str:
    """The row's `id`, text or a whole number, or its line number; raises DataError for anything else."""
    return _word(row, "id", at=at) or str(at[1])


def group(row: dict[str, Any], *, at: tuple[Path, int]) -> str | None:
    """The row's `group`, text or a whole number, or None; raises DataError for anything else."""
    return _word(row, "group", at=at)


def part(row: dict[str, Any]) -> str | None:
    """The row's `subject`, else its `slice`, where that is text or a whole number; None without one.

    Other programs' rows have fields of these names too, so what cannot be one is no error.
    """
    written = (row.get(key) for key in ("subject", "slice"))
    return next((str(value) for value in written if type(value) in (str, int) and str(value).strip()), None)


def _word(row: dict[str, Any], key: str, *, at: tuple[Path, int]) -> str | None:
    value = row.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int) or not str(value).strip():
        raise DataError(f"{at[0]}:{at[1]}  {key!r} must be text or a whole number")
    return str(value)


def parse_object(text: str, where: str) -> dict[str, Any]:
    """The JSON object of a text; raises DataError naming `where`."""
    try:
        value = json.loads(text.rstrip(), object_pairs_hook=_object)
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except json.JSONDecodeError as error:
        raise DataError(f"{where}  is not valid JSON: {error.msg} at column {error.colno}") from None
    except UnicodeEncodeError:
        raise DataError(f"{where}  holds half of a character (a lone \\ud800 to \\udfff); mend the escape") from None
    except RecursionError:
        raise DataError(f"{where}  is nested too deeply") from None
    except ValueError as error:  # a repeated key, or a number of thousands of digits
        raise DataError(f"{where}  is not valid JSON: {error}") from None
    if not isinstance(value, dict):
        raise DataError(f'{where}  must be an object such as {{"prompt": ..., "completion": ...}}')
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"has the key {next(key for key in keys if keys.count(key) > 1)!r} twice; remove one")
    return found


def _decoded(line: bytes, where: str) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        raise DataError(f"{where}  is not UTF-8 text; convert the file to UTF-8") from None


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                yield number, line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
    except OSError as error:
        raise DataError(f"{path}  cannot be read: {error.strerror}") from None


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


def _decoded_text(path: Path) -> str:
    # What is no UTF-8 survives as lone surrogates, so that `_clean` can name the rows that hold it.
    try:
        return path.read_bytes().decode("utf-8", "surrogateescape").removeprefix("\ufeff")
    except OSError as error:
        raise DataError(f"{path}  cannot be read: {error.strerror}") from None


def _json(path: Path) -> Numbered:
    try:
        value = json.loads(_decoded_text(path))
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
    text = _decoded_text(path)
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
    for number, line in enumerate([*_decoded_text(path).splitlines(), ""], 1):
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
