"""What a training learns from: rows of its sources mixed by weight, rows held out, canaries planted."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TypeVar

from evalsuite.data.training.rows import training_rows
from evalsuite.errors import DataError
from evalsuite.plugins import Method
from evalsuite.records import Canary, ChosenRejected, Example, Prompt, Rated, Row
from evalsuite.spec.run_spec import ResolvedSpec
from evalsuite.spec.source import Canaries, canaries_of

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


def canaries_of_method(method: Method | None) -> tuple[Canary, ...]:
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
    return tuple(
        (found.id, found.prompt.shown, found.secret, found.repeats, found.others)
        for found in canaries_of_method(method)
    )


def canary_rows(method: Method) -> tuple[Row, ...]:
    """The rows that plant the declared canaries, each as often as it repeats, in the form that the method learns."""
    return tuple(
        _row(canary, method.learns_from) for canary in canaries_of_method(method) for _ in range(canary.repeats)
    )


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


R = TypeVar("R")


def mix(sources: Sequence[Sequence[R]], weights: Sequence[float | None], *, seed: int) -> tuple[R, ...]:
    """The sources' rows in the shares that the weights say, shuffled; all rows where no weight is given.

    The mixture is as large as the weights allow without repeating a row. Raises DataError when only some
    sources have a weight.
    """
    given = [weight for weight in weights if weight is not None]
    draw = random.Random(seed)
    if not given:
        rows = [row for source in sources for row in source]
    elif len(given) < len(weights):
        raise DataError("some sources have a weight and some have none; give each a weight, or none")
    else:
        # Weights are relative: their sum need not be 1.
        parts = [weight / max(given) for weight in given]
        size = min(len(source) / part for source, part in zip(sources, parts, strict=True) if part)
        rows = []
        for source, part in zip(sources, parts, strict=True):
            rows += draw.sample(list(source), min(len(source), max(1, round(size * part))))
    draw.shuffle(rows)
    return tuple(rows)


S = TypeVar("S", bound=Row)


def hold_out(rows: Sequence[S], share: float, *, seed: int) -> tuple[tuple[S, ...], tuple[S, ...]]:
    """Training rows and held-out rows, drawn by seed; rows of one document or one prompt stand on the same side.

    Documents are drawn whole, so that the held-out part is only about as large as `share` says. Neither side is
    empty, unless the share is 0 or all rows belong together; then nothing is held out.
    """
    groups = _groups(rows)
    if share <= 0 or len(set(groups)) < 2:
        return tuple(rows), ()
    held = _chosen(Counter(groups), max(1, round(len(rows) * share)), seed=seed)
    train = tuple(row for row, group in zip(rows, groups, strict=True) if group not in held)
    return train, tuple(row for row, group in zip(rows, groups, strict=True) if group in held)


def _chosen(sizes: Mapping[str, int], wanted: int, *, seed: int) -> set[str]:
    """Groups of about `wanted` rows together, in an order of the seed: those that bring the sum nearer to it."""
    names = sorted(sizes)
    random.Random(seed).shuffle(names)
    held: set[str] = set()
    rest = wanted
    for name in names:
        if abs(rest - sizes[name]) < rest and len(held) < len(names) - 1:
            held.add(name)
            rest -= sizes[name]
    return held or {min(names, key=lambda name: sizes[name])}


def _groups(rows: Sequence[Row]) -> list[str]:
    """The group of each row: rows that are linked by a document or a prompt, over other rows too, have one name."""
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        parent.setdefault(name, name)
        while parent[name] != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    prompts = [_asked(row) for row in rows]
    for row, prompt in zip(rows, prompts, strict=True):
        if row.document is not None:
            one, other = sorted((root(prompt), root(f"document {row.document}")))
            parent[one] = other
    return [root(prompt) for prompt in prompts]


def _asked(row: Row) -> str:
    # A row of plain text has no prompt to share; there the text itself is what must not stand on both sides.
    return f"prompt {row.prompt.shown}" if row.prompt.shown else f"text {''.join(row.answers)}"


def learned_rows(resolved: ResolvedSpec) -> tuple[tuple[Row, ...], tuple[Row, ...]]:
    """The rows that a spec's training learns from, before canaries are planted, and the held-out ones; none without.

    Raises DataError as `training_rows` and `mix`.
    """
    recipe, sources = resolved.spec.recipe, training_rows(resolved)
    mixed = mix([found.rows for found in sources], [found.source.weight for found in sources], seed=recipe.seed)
    return hold_out(mixed, recipe.held_out, seed=recipe.seed)
