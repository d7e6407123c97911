"""Which token rows begin alike, so that their common beginning is run through the model once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

# What a family of its own costs, in tokens: one more forward, and batches that cannot be mixed with others.
OVERHEAD = 64


@dataclass(frozen=True, slots=True)
class Family:
    """Rows, by number, whose first `shared` tokens are the same."""

    shared: int
    members: tuple[int, ...]


@dataclass
class _Open:
    """A run of sorted rows, from `first` on, that agree on `depth` tokens, and the best that its parts save."""

    depth: int
    first: int
    saved: int = 0
    parts: list[tuple[int, int, int]] = field(default_factory=list)


def families(rows: Sequence[Sequence[int]], *, overhead: int = OVERHEAD) -> list[Family]:
    """A partition of rows of token ids that saves many tokens; rows that share nothing are one family with `shared` 0.

    At least one token of each row stays its own. A family of n rows that share s tokens saves (n - 1) s - overhead. On
    the tree of common beginnings of the sorted rows, each node is one family or falls into its parts, whichever saves
    more; the tree is built in one pass from left to right.
    """
    order = sorted(range(len(rows)), key=lambda row: tuple(rows[row]))
    found: list[tuple[int, int, int]] = []
    opened: list[_Open] = []
    for end in range(1, len(order) + 1):
        cut = _common(rows[order[end - 1]], rows[order[end]]) if end < len(order) else 0
        child = _Open(0, end - 1)
        while opened and opened[-1].depth > cut:
            child = _closed(opened.pop(), child, end=end, overhead=overhead)
        if not opened or opened[-1].depth < cut:
            opened.append(_Open(cut, child.first))
        opened[-1].saved += child.saved
        opened[-1].parts += child.parts
    for node in opened:
        found += node.parts
    kept = [Family(shared, tuple(order[first:end])) for shared, first, end in found]
    grouped = {member for family in kept for member in family.members}
    alone = tuple(row for row in order if row not in grouped)
    return kept + ([Family(0, alone)] if alone else [])


def _closed(node: _Open, child: _Open, *, end: int, overhead: int) -> _Open:
    """The run, ending before `end`, as one family or in its parts, whichever saves more."""
    saved, parts = node.saved + child.saved, node.parts + child.parts
    whole = (end - node.first - 1) * node.depth - overhead
    if whole > saved:
        return _Open(node.depth, node.first, whole, [(node.depth, node.first, end)])
    return _Open(node.depth, node.first, saved, parts)


def _common(one: Sequence[int], other: Sequence[int]) -> int:
    """How many tokens both begin with, leaving each at least one of its own."""
    limit = min(len(one), len(other)) - 1
    for place in range(limit):
        if one[place] != other[place]:
            return place
    return max(limit, 0)
