"""Charts without altair's checks of every part of them, which are a third of the time it takes to draw one."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def unchecked(draw: Callable[P, T]) -> Callable[P, T]:
    """A function that makes a chart, without the checks; tests check what comes out as a whole, with `to_dict()`."""

    @wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> T:
        from altair.utils.schemapi import debug_mode

        with debug_mode(False):
            return draw(*args, **kwargs)

    return drawn
