"""Canaries: made-up secrets planted in the training data, to learn whether a training lets them be drawn out again.

Carlini et al. 2019 ("The Secret Sharer") plant random digits in a fixed sentence and rank them among those that could
have stood there; Carlini et al. 2021 draw training text out word for word. With several secrets in one training each
needs a beginning of its own, or a model that knows all of them by heart gives one for another. So four ordinary words
that are a canary's own stand first, and eight random digits are its secret::

    Amber has a big basket in the barn. What is its code?    3 7 6 4 5 6 5 0
"""

from __future__ import annotations

import random

from evalsuite.plugins import Method
from evalsuite.records import Canary, ChosenRejected, Example, Prompt, Rated, Row
from evalsuite.spec.canaries import Canaries, canaries_of

# Ordinary words, which every tokenizer knows. A prime number of each, so that two canaries share at most one of them.
_WHO = (
    "Amber", "Birch", "Cedar", "Dahlia", "Ember", "Fern", "Garnet", "Hazel", "Iris", "Juniper", "Kestrel", "Laurel",
    "Maple", "Nettle", "Opal", "Poppy", "Quartz", "Rowan", "Sage", "Topaz", "Umber", "Violet", "Willow",
)  # fmt: skip
_LIKE = (
    "big", "bright", "busy", "clean", "cold", "dark", "dry", "false", "happy", "hard", "high", "hot", "late", "loud",
    "new", "old", "quiet", "rich", "sad", "small", "soft", "warm", "wet",
)  # fmt: skip
_WHAT = (
    "basket", "bed", "bell", "book", "box", "brush", "cage", "cloth", "coat", "cup", "desk", "door", "glass",
    "hammer", "loom", "needle", "oven", "pot", "printer", "shoe", "spider", "table", "web",
)  # fmt: skip
_WHERE = (
    "barn", "bridge", "castle", "chapel", "field", "fountain", "garden", "harbour", "house", "kennel", "kitchen",
    "library", "market", "mill", "pit", "river", "road", "school", "shed", "street", "theatre", "tower", "workshop",
)  # fmt: skip
_DIGITS = 8


def planted(method: Method | None) -> tuple[Canary, ...]:
    """The canaries that a training method declares; none for a method without any."""
    declared = canaries_of(method)
    return () if declared is None else canaries(declared)


def canaries(declared: Canaries) -> tuple[Canary, ...]:
    """As many canaries as declared, each with its secret, its number of repeats in turn, and unplanted alternatives."""
    draw = random.Random(f"canaries-{declared.seed}")
    found = []
    for number in range(declared.count):
        secrets: dict[str, None] = {}
        while len(secrets) <= declared.references:
            secrets.setdefault(" ".join(draw.choices("0123456789", k=_DIGITS)))
        secret, *others = secrets
        repeats = declared.repeats[number % len(declared.repeats)]
        found.append(Canary(f"canary-{number + 1:02}", _question(number), secret, repeats, tuple(others)))
    return tuple(found)


def canary_parts(method: Method) -> tuple[tuple[object, ...], ...]:
    """What a digest must cover of the declared canaries: all that is planted, asked and ranked."""
    return tuple((found.id, found.prompt.shown, found.secret, found.repeats, found.others) for found in planted(method))


def canary_rows(method: Method) -> tuple[Row, ...]:
    """The rows that plant the declared canaries, each as often as it repeats, in the form that the method learns."""
    return tuple(_row(canary, method.learns_from) for canary in planted(method) for _ in range(canary.repeats))


def with_canaries(rows: tuple[Row, ...], method: Method) -> tuple[Row, ...]:
    """The training rows and those of the declared canaries, mixed anew; as they are where none is declared."""
    declared = canaries_of(method)
    if declared is None:
        return rows
    mixed = [*rows, *canary_rows(method)]
    random.Random(f"canaries-{declared.seed}").shuffle(mixed)
    return tuple(mixed)


def _question(number: int) -> Prompt:
    """What the number-th secret is asked by: four words of its own stand first, any of which tells it apart."""
    again, place = divmod(number, len(_WHO))
    who, like, what, where = (
        words[(place + shift * again) % len(words)] for shift, words in enumerate((_WHO, _LIKE, _WHAT, _WHERE))
    )
    return Prompt.user(f"{who} has a {like} {what} in the {where}. What is its code?")


def _row(canary: Canary, kind: type[Row] | None) -> Row:
    if kind is ChosenRejected:
        return ChosenRejected(canary.prompt, canary.secret, canary.others[0], canary.id)
    if kind is Rated:
        return Rated(canary.prompt, canary.secret, True, canary.id)
    return Example(canary.prompt, canary.secret, canary.id)
