"""Rows that begin alike: their common beginning is run through the model once."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from evalsuite.models.hf.attention import Shared, shared_attention
from evalsuite.models.hf.network import Network

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


# Of the largest logit: rounding stays below it, another mask or position does not.
_TOLERANCE = {"float32": 1e-4, "bfloat16": 0.05, "float16": 0.01}

Places = Sequence[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class BranchedRow:
    """Tokens that follow a beginning: a stem, and branches that each continue the stem and do not see each other."""

    stem: array[int]
    branches: tuple[array[int], ...] = ()

    @property
    def tokens(self) -> list[int]:
        """All of its tokens, one branch after the other."""
        return [*self.stem, *(token for branch in self.branches for token in branch)]

    @property
    def positions(self) -> list[int]:
        """Where each token stands in its text, counted from the stem's first."""
        start = len(self.stem)
        return [*range(start), *(start + place for branch in self.branches for place in range(len(branch)))]


@dataclass(frozen=True)
class Beginning:
    """Tokens that rows continue, and, where the network shares, their keys and values by layer, virtual ones first.

    Both are [1, key heads, virtual + tokens, size] in the network's dtype.
    """

    tokens: array[int]
    layers: dict[int, tuple[Any, Any]] = field(default_factory=dict)


def begun(network: Network, tokens: array[int]) -> Beginning:
    """The tokens run after the virtual tokens of the adapter in use, if there are any."""
    start = dict(enumerate(network.prefix))
    if not tokens or not shares(network):
        return Beginning(tokens, start)
    shared = _shared(network, Beginning(array("i"), start), [BranchedRow(tokens)])
    shared.keep = True
    _run(network, [list(tokens)], [(0, len(tokens) - 1)], shared=shared)
    return Beginning(tokens, {layer: _after(start.get(layer), kept) for layer, kept in shared.kept.items()})


def logits(network: Network, beginning: Beginning, rows: Sequence[BranchedRow], places: Places) -> Any:
    """Logits [places, vocabulary] at (row, column) places of the rows, in the network's dtype.

    A column counts a row's own tokens from 0 (`Row.tokens`); what stands there predicts the token after it.
    """
    if shares(network):
        shared = _shared(network, beginning, rows)
        return _run(network, [row.tokens for row in rows], places, shared=shared)
    return _whole(network, beginning, rows, places)


def kept_logits(network: Network, beginning: Beginning, rows: Sequence[BranchedRow], places: Places) -> tuple[Any, Any]:
    """As `logits`, for a network that shares, and the rows' keys and values by layer.

    These are [rows, key heads, width, size] of the rows' own tokens, right-padded to the longest row.
    """
    shared = _shared(network, beginning, rows)
    shared.keep = True
    return _run(network, [row.tokens for row in rows], places, shared=shared), shared.kept


def shares(network: Network) -> bool:
    """Whether the network's shared forwards equal its whole ones; found out by a few tokens on the first call."""
    import torch

    if network.shares is None:
        beginning, size = array("i", (1, 2, 3)), network.vocabulary
        rows = [
            BranchedRow(array("i", (4 % size, 5 % size)), (array("i", (6 % size,)), array("i", (7 % size, 8 % size)))),
            BranchedRow(array("i", (9 % size,))),
        ]
        places = [(0, 1), (0, 2), (0, 4), (1, 0)]
        network.shares = True
        try:
            found = logits(network, begun(network, beginning), rows, places).float()
        # Whatever a model's own code stumbles over here, it can still be run as its authors meant.
        except Exception:
            network.shares = False
        else:
            expected = _whole(network, Beginning(beginning), rows, places).float()
            limit = _TOLERANCE.get(str(network.module.dtype).removeprefix("torch."), 0.05)
            network.shares = bool(torch.isnan(expected).any()) or bool(
                (found - expected).abs().max() <= limit * expected.abs().max().clamp(min=1)
            )
    return network.shares


def _whole(network: Network, beginning: Beginning, rows: Sequence[BranchedRow], places: Places) -> Any:
    """The same logits with each branch as a text of its own, right-padded, nothing shared."""
    texts: list[list[int]] = []
    moved = {}
    for number, row in enumerate(rows):
        text = [*beginning.tokens, *row.stem]
        ends, start = len(beginning.tokens), len(row.stem)
        for branch in row.branches or (array("i"),):
            moved.update({(number, column): (len(texts), ends + column) for column in range(len(row.stem))})
            moved.update({(number, start + i): (len(texts), len(text) + i) for i in range(len(branch))})
            texts.append([*text, *branch])
            start += len(branch)
    return _run(network, texts, [moved[place] for place in places])


def _run(network: Network, texts: Sequence[Sequence[int]], places: Places, *, shared: Shared | None = None) -> Any:
    """Logits [places, vocabulary] at (text, column) places of the right-padded texts."""
    import torch

    ids, mask = network.pad(texts, left=False)
    rows, columns = torch.tensor(places).T

    def asked_only(_: Any, given: tuple[Any, ...]) -> tuple[Any]:
        return (given[0][rows.to(given[0].device), columns.to(given[0].device)][None],)

    # The model's own forward goes on from here (scaling, capping), but its head sees only the places asked for.
    hook = network.module.get_output_embeddings().register_forward_pre_hook(asked_only)
    try:
        if shared is None:
            cache = network.cache(len(texts)) if network.virtual else None
            return network.logits(ids, mask=mask, cache=cache, last=0)[0]
        with shared_attention(network.module.config.get_text_config()):
            output = network.module(input_ids=ids, position_ids=shared.positions, use_cache=False, shared=shared)
            return output.logits[0]
    finally:
        hook.remove()


def _shared(network: Network, beginning: Beginning, rows: Sequence[BranchedRow]) -> Shared:
    """The beginning, the rows' positions [rows, width], padding at 0, and what sees what where rows have branches."""
    import torch

    places = [row.positions for row in rows]
    width, start = max(map(len, places)), network.virtual + len(beginning.tokens)
    positions = [[start + place for place in row] + [0] * (width - len(row)) for row in places]
    branched = any(len(row.branches) > 1 for row in rows)
    visible = _visible(rows, width).to(network.device) if branched else None
    return Shared(beginning.layers, torch.tensor(positions, device=network.device), visible)


def _visible(rows: Sequence[BranchedRow], width: int) -> Any:
    """Which columns each column of a row sees: what came before it on its own branch and on the stem.

    Bool, [rows, width, width]: row, the column that looks, the column that is looked at.
    """
    import torch

    visible = torch.ones(width, width, dtype=torch.bool).tril().repeat(len(rows), 1, 1)
    for number, row in enumerate(rows):
        start = len(row.stem)
        for branch in row.branches:
            end = start + len(branch)
            visible[number, end:, start:end] = False
            start = end
    return visible


def _after(before: tuple[Any, Any] | None, kept: tuple[Any, Any]) -> tuple[Any, Any]:
    """Keys and values [1, key heads, length, size] of virtual tokens and of what follows, along the length."""
    import torch

    if before is None:
        return kept
    return torch.cat([before[0], kept[0]], dim=2), torch.cat([before[1], kept[1]], dim=2)
