"""Plain documents as cleaned paragraphs and passages, and as training rows for continuation."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalsuite.data.near_duplicates import Words, words
from evalsuite.data.training.quality import noise
from evalsuite.errors import DataError

_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_CARD = re.compile(r"(?<![\d+])\d(?:[ -]?\d){12,18}(?!\d)")
_PHONE = re.compile(
    r"\+\d(?:[\s().-]{0,2}\d){8,14}(?!\d)"
    r"|(?<![\w.])(?:[178][\s-]?)?(?:\(\d{3}\)\s?|\d{3}[\s.-])\d{3}[\s.-]?\d{2}[\s.-]?\d{2}(?!\d)"
)


def mask(text: str) -> tuple[str, int]:
    """The text with `[email]`, `[card]` and `[phone]` in place of such data, and how many were masked."""
    text, emails = _EMAIL.subn("[email]", text)
    cards = [found[0] for found in _CARD.finditer(text) if _is_card(found[0])]
    text = _CARD.sub(lambda found: "[card]" if _is_card(found[0]) else found[0], text)
    text, phones = _PHONE.subn("[phone]", text)
    return text, emails + len(cards) + phones


def _is_card(written: str) -> bool:
    """Whether the last digit is the one that Luhn's sum asks for, as on every payment card."""
    digits = [int(char) for char in reversed(written) if char.isdigit()]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return len(set(digits)) > 1 and (sum(digits[::2]) + sum(doubled)) % 10 == 0


# YAML front matter, comments and fenced code say nothing in an author's voice.
_MARKDOWN_APART = re.compile(
    r"\A---\n.*?\n---\n|<!--.*?-->|^```.*?^```[^\n]*$|^~~~.*?^~~~[^\n]*$", re.DOTALL | re.MULTILINE
)
_BLOCK = re.compile(r"^[^\n]*\S[^\n]*(?:\n[^\n]*\S[^\n]*)*", re.MULTILINE)
_HEADING = re.compile(r"#{1,6}\s")
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_RULE = re.compile(r"[\s*_=-]*|\|?[\s:|-]+\|?")
_CUE = re.compile(r"(?:\d+:)?\d+:\d+[.,]\d+\s*-->")
_TAG = re.compile(r"</?[a-zA-Z][^>]*>|\{\\[^}]*\}")
_CUE_APART = re.compile(r"(?:WEBVTT|NOTE|STYLE|REGION)\b")
_SENTENCE_END = re.compile(r"[.!?…。!?][\"'»”’)\]]*$")


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A cleaned paragraph, where it stands in the file's characters, and whether something new begins with it."""

    text: str
    start: int
    end: int
    opens: bool = False


def paragraphs(text: str, ending: str) -> list[Paragraph]:
    """The paragraphs of a document's text; the file's ending says how it is written."""
    if ending in (".srt", ".vtt"):
        return list(_cues(text))
    if ending in (".md", ".markdown"):
        return list(_markdown(text))
    return [Paragraph(_joined(found[0]), *found.span()) for found in _BLOCK.finditer(text)]


def _markdown(text: str) -> Iterator[Paragraph]:
    # Blanks of the same length keep every place as it is.
    plain = _MARKDOWN_APART.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)
    for found in _BLOCK.finditer(plain):
        if _RULE.fullmatch(found[0]):
            continue
        heading = _HEADING.match(found[0])
        kept = [_LINK.sub(r"\1", line) for line in found[0].splitlines() if not _RULE.fullmatch(line)]
        yield Paragraph("\n".join(kept).strip(), *found.span(), opens=heading is not None)


def _cues(text: str) -> Iterator[Paragraph]:
    """Subtitles as sentences again: cues are joined until one ends a sentence."""
    words, start, end = list[str](), 0, 0
    for found in _BLOCK.finditer(text):
        if _CUE_APART.match(found[0]):
            continue
        said = _said(found[0])
        # Rolling subtitles repeat the line before.
        if not said or (words and said == words[-1]):
            continue
        start = start if words else found.start()
        end = found.end()
        words.append(said)
        if _SENTENCE_END.search(said):
            yield Paragraph(" ".join(words), start, end)
            words = []
    if words:
        yield Paragraph(" ".join(words), start, end)


def _said(block: str) -> str:
    lines = block.splitlines()
    timed = next((number for number, line in enumerate(lines) if _CUE.match(line.strip())), -1)
    return " ".join(_TAG.sub("", line).strip() for line in lines[timed + 1 :]).strip()


def _joined(block: str) -> str:
    return "\n".join(line.strip() for line in block.splitlines())


ENDINGS = (".md", ".markdown", ".txt", ".srt", ".vtt")


def documents(source: Path) -> list[Path]:
    """The documents of a file or folder, sorted."""
    if source.is_dir():
        return sorted(file for file in source.rglob("*") if file.suffix.lower() in ENDINGS and file.is_file())
    return [source]


# The same for Latin letters (four to a token) and Cyrillic ones (two bytes each, two to a token).
_BYTES_PER_TOKEN = 4
_SENTENCES = re.compile(r"(?<=[.!?…。!?])[\"'»”’)\]]*\s+|(?<=[。！？])")


def passages(found: Sequence[Paragraph], *, tokens: int) -> list[Paragraph]:
    """Passages of at most about `tokens` tokens, in order; a heading begins a new one.

    Only a single word that is larger than that stays larger.
    """
    made: list[Paragraph] = []
    for part in (piece for paragraph in found for piece in _pieces(paragraph, tokens)):
        joined = f"{made[-1].text}\n\n{part.text}" if made and not part.opens else ""
        if joined and token_estimate(joined) <= tokens:
            last = made[-1]
            made[-1] = Paragraph(joined, last.start, part.end, last.opens)
        else:
            made.append(part)
    return made


def token_estimate(text: str) -> int:
    """About how many tokens a text has."""
    return -(-len(text.encode("utf-8")) // _BYTES_PER_TOKEN)


def _pieces(paragraph: Paragraph, tokens: int) -> Iterator[Paragraph]:
    if token_estimate(paragraph.text) <= tokens:
        yield paragraph
        return
    opens = paragraph.opens
    for text in _filled(_sentences(paragraph.text, tokens), tokens):
        # Cleaning moved the characters, so that a piece has the place of its paragraph.
        yield Paragraph(text, paragraph.start, paragraph.end, opens)
        opens = False


def _sentences(text: str, tokens: int) -> Iterator[str]:
    start = 0
    for end in (*(found.end() for found in _SENTENCES.finditer(text)), len(text)):
        sentence = text[start:end].strip()
        start = end
        if token_estimate(sentence) <= tokens:
            yield sentence
        else:
            yield from _filled(iter(sentence.split()), tokens)


def _filled(parts: Iterator[str], tokens: int) -> Iterator[str]:
    held = ""
    for part in parts:
        longer = f"{held} {part}".strip()
        if held and token_estimate(longer) > tokens:
            yield held
            held = part
        else:
            held = longer
    if held:
        yield held


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
