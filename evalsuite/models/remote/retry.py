"""What may heal and what cannot: troubles of a call, and how long to wait before it is tried again."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_FIRST = 0.5
_LONGEST = 30.0


class Again(Exception):
    """An attempt went wrong in a way that may heal.

    `asked` is the pause in seconds that the server asks for; `billed` says that the attempt may have cost money.
    """

    def __init__(self, reason: str, *, asked: float | None = None, billed: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.asked, self.billed = reason, asked, billed


class Unreachable(Again):
    """No connection could be made."""


class Refused(Exception):
    """The server's content filter declined the prompt."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def pause(attempt: int, asked: float | None, draw: random.Random) -> float:
    """Seconds to wait after attempt 1, 2, ...: exponential with full jitter, and never less than the server asks.

    Full jitter as in M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
    """
    if asked is not None:
        # Those who were turned away together must not come back together.
        return asked + draw.uniform(0.0, _FIRST)
    return draw.uniform(0.0, min(_LONGEST, _FIRST * 2.0 ** (attempt - 1)))


def asked_pause(headers: Mapping[str, str], *, now: datetime | None = None) -> float | None:
    """The pause in seconds that a reply's headers ask for (`retry-after-ms`, `Retry-After` as seconds or date)."""
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    value = headers.get("retry-after")
    seconds = _number(value)
    if seconds is not None or value is None:
        return seconds
    try:
        date = parsedate_to_datetime(value)
    except ValueError:
        return None
    moment = date if date.tzinfo else date.replace(tzinfo=UTC)
    return max(0.0, (moment - (now or datetime.now(UTC))).total_seconds())


def _number(text: str | None) -> float | None:
    try:
        value = float(text) if text is not None else None
    except ValueError:
        return None
    # NaN and infinity are written as numbers too.
    return value if value is not None and 0 <= value < 1e9 else None
