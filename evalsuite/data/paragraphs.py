"""Plain documents as cleaned paragraphs, each with the place in its file: Markdown, text, SRT and VTT subtitles."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

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
