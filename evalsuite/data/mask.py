"""Masks for personal data in a text: e-mail addresses, card numbers and phone numbers."""

from __future__ import annotations

import re

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
