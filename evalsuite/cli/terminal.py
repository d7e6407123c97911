"""Text that a terminal may show."""

from __future__ import annotations


def printable(text: str) -> str:
    """The text with everything but line breaks that a terminal would obey, or could not show, as an escape."""
    return "".join(char if char.isprintable() or char == "\n" else repr(char)[1:-1] for char in text)
