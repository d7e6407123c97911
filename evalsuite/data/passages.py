"""Passages: paragraphs joined up to a size, and cut between sentences where one is larger."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from evalsuite.data.paragraphs import Paragraph

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
