"""How an answer looks: the counts that style control compares (LMArena's features)."""

from __future__ import annotations

import re
from dataclasses import dataclass

_CODE = re.compile(r"```.*?```", re.DOTALL)
_HEADER = re.compile(r"^#{1,6}\s", re.MULTILINE)
_ITEM = re.compile(r"^\s*(?:[-*+]|\d+\.)\s", re.MULTILINE)
_BOLD = re.compile(r"\*\*[^*\n]+\*\*|__[^_\n]+__")


@dataclass(frozen=True, slots=True)
class Markup:
    """Words of a text, and its Markdown headers, list items and bold passages outside code blocks."""

    words: int
    headers: int
    items: int
    bold: int


def markup(text: str) -> Markup:
    """Count them. Words stand for tokens, which no two tokenizers count alike."""
    prose = _CODE.sub("", text)
    return Markup(len(text.split()), *(len(found.findall(prose)) for found in (_HEADER, _ITEM, _BOLD)))
