"""What a verification of the registry has to say about a card."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["refused", "not checked"]


@dataclass(frozen=True)
class Finding:
    """What is wrong with a card or an alias, or what could not be looked at."""

    card: str
    state: State
    what: str
