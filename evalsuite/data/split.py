"""The split: training rows and held-out rows that share no prompt and no document."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TypeVar

from evalsuite.records import Row

R = TypeVar("R", bound=Row)


def hold_out(rows: Sequence[R], share: float, *, seed: int) -> tuple[tuple[R, ...], tuple[R, ...]]:
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
