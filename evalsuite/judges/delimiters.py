"""Text under judgment: set off by marks that it cannot know, with nothing in it that hides from the reader."""

from __future__ import annotations

import unicodedata

from evalsuite.data.digest import digest

# Joiners are a part of Persian and Hindi words and of emoji; they change no order and hide nothing.
_HARMLESS = {"\n", "\t", "\u200c", "\u200d"}
_HIDING = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_MORE_SELECTORS = range(0xE0100, 0xE01F0)


def code_for(texts: tuple[str, ...], *, salt: str) -> str:
    """Sixteen hexadecimal digits that stand in none of the texts.

    They are a digest of the texts themselves, so that the same question is asked in the same words; a text that
    held its own code would be a fixed point of SHA-256.
    """
    folded = [unicodedata.normalize("NFKC", text).casefold() for text in texts]
    attempt = 0
    while any((code := digest("marks", salt, texts, attempt)[:16]) in text for text in folded):
        attempt += 1
    return code


def set_off(kind: str, text: str, *, code: str) -> str:
    """The text between a BEGIN and an END mark with the code, each on a line of its own."""
    return f"[BEGIN {kind} {code}]\n{reveal_hidden(text)}\n[END {kind} {code}]"


def reveal_hidden(text: str) -> str:
    """The text with characters that hide or reorder text written out, such as `<U+202E>`; line ends become \\n."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(f"<U+{ord(character):04X}>" if _hides(character) else character for character in lines)


def _hides(character: str) -> bool:
    if character in _HARMLESS:
        return False
    return unicodedata.category(character) in _HIDING or ord(character) in _MORE_SELECTORS
