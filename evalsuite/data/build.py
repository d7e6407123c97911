"""Plain documents to training rows for continuation, without a teacher: cleaned, cut, and with their provenance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalsuite.data.mask import mask
from evalsuite.data.paragraphs import ENDINGS, Paragraph, documents, paragraphs
from evalsuite.data.passages import passages
from evalsuite.data.score import noise
from evalsuite.data.words import Words, words
from evalsuite.errors import DataError

_LEAST_WORDS = 8
_MOST_NOISE = 0.02


@dataclass(frozen=True, slots=True)
class Dropped:
    """A document or passage that became no row: its place and why."""

    file: Path
    span: tuple[int, int] | None
    reason: str


@dataclass(frozen=True)
class Built:
    """Rows `{"text", "document", "span"}`, what was dropped, and how many pieces of personal data were masked."""

    rows: tuple[dict[str, Any], ...]
    dropped: tuple[Dropped, ...]
    masked: int


def build(sources: Sequence[Path], *, tokens: int, masks: bool = False) -> Built:
    """The rows of all documents under the sources, in order; raises DataError for a source that is no document.

    A passage is dropped that has fewer than 8 words, broken characters, or the words of an earlier one.
    """
    rows: list[dict[str, Any]] = []
    dropped: list[Dropped] = []
    seen: dict[Words, str] = {}
    masked = 0
    for file in _files(sources):
        for found in _passages(file, tokens):
            if isinstance(found, Dropped):
                dropped.append(found)
                continue
            reason = _reason(found, f"{file}:{found.start}", seen)
            if reason:
                dropped.append(Dropped(file, (found.start, found.end), reason))
                continue
            text, count = mask(found.text) if masks else (found.text, 0)
            masked += count
            rows.append({"text": text, "document": str(file), "span": [found.start, found.end]})
    return Built(tuple(rows), tuple(dropped), masked)


def _files(sources: Sequence[Path]) -> list[Path]:
    found: list[Path] = []
    for source in sources:
        its = documents(source)
        if not its or its[0].suffix.lower() not in ENDINGS:
            raise DataError(f"{source}  is no document and holds none; documents end in {', '.join(ENDINGS)}")
        found += its
    return list(dict.fromkeys(found))


def _passages(file: Path, tokens: int) -> Iterator[Paragraph | Dropped]:
    try:
        text = file.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        yield Dropped(file, None, f"is not UTF-8 text (byte {error.start})")
        return
    except OSError as error:
        raise DataError(f"{file}  cannot be read: {error.strerror}") from None
    found = paragraphs(text, file.suffix.lower())
    if not found:
        yield Dropped(file, None, "holds no text")
    yield from passages(found, tokens=tokens)


def _reason(passage: Paragraph, place: str, seen: dict[Words, str]) -> str | None:
    spoken = words(passage.text)
    if len(spoken) < _LEAST_WORDS:
        return f"has fewer than {_LEAST_WORDS} words"
    if noise(passage.text) > _MOST_NOISE:
        return "has broken characters"
    first = seen.setdefault(spoken, place)
    return f"says the same as {first}" if first != place else None
