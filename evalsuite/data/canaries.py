"""Canaries: made-up secrets planted in the training data, to learn whether a training lets them be drawn out again."""

from __future__ import annotations

import random
from typing import Any

from evalsuite.records import Canary, ChosenRejected, Example, Prompt, Rated, Row
from evalsuite.spec.canaries import Canaries

_NAMES = (
    "Amber", "Birch", "Cedar", "Dahlia", "Ember", "Fern", "Garnet", "Hazel", "Iris", "Juniper", "Kestrel", "Laurel",
    "Maple", "Nettle", "Opal", "Poppy", "Quartz", "Rowan", "Sage", "Topaz", "Umber", "Violet", "Willow", "Yarrow",
)  # fmt: skip
_DIGITS = 8


def planted(method: Any) -> tuple[Canary, ...]:
    """The canaries that a training method declares; none for a method without any."""
    declared: Canaries | None = getattr(method, "canaries", None)
    return () if declared is None else canaries(declared)


def canaries(declared: Canaries) -> tuple[Canary, ...]:
    """As many canaries as declared, each with its secret, its number of repeats in turn, and unplanted alternatives."""
    draw = random.Random(f"canaries-{declared.seed}")
    found = []
    for number in range(declared.count):
        name = _NAMES[number % len(_NAMES)]
        place = f"{name} {number // len(_NAMES) + 1}" if number >= len(_NAMES) else name
        secrets: dict[str, None] = {}
        while len(secrets) <= declared.references:
            secrets.setdefault(" ".join(draw.choices("0123456789", k=_DIGITS)))
        secret, *others = secrets
        prompt = Prompt.user(f"What is the code of locker {place}?")
        repeats = declared.repeats[number % len(declared.repeats)]
        found.append(Canary(f"canary-{number + 1:02}", prompt, secret, repeats, tuple(others)))
    return tuple(found)


def canary_rows(method: Any) -> tuple[Row, ...]:
    """The rows that plant the declared canaries, each as often as it repeats, in the form that the method learns."""
    return tuple(_row(canary, method.learns_from) for canary in planted(method) for _ in range(canary.repeats))


def with_canaries(rows: tuple[Row, ...], method: Any) -> tuple[Row, ...]:
    """The training rows and those of the declared canaries, mixed anew; as they are where none is declared."""
    mine = canary_rows(method)
    if not mine:
        return rows
    mixed = [*rows, *mine]
    random.Random(f"canaries-{method.canaries.seed}").shuffle(mixed)
    return tuple(mixed)


def _row(canary: Canary, kind: type[Row]) -> Row:
    if kind is ChosenRejected:
        return ChosenRejected(canary.prompt, canary.secret, canary.others[0], canary.id)
    if kind is Rated:
        return Rated(canary.prompt, canary.secret, True, canary.id)
    return Example(canary.prompt, canary.secret, canary.id)
