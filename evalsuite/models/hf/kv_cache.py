"""The keys and values of rows that are being continued: left-padded, rows leave and others join."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from evalsuite.models.hf.network import Network
from evalsuite.models.hf.prefix_sharing import Beginning, BranchedRow, kept_logits


@dataclass
class Held:
    """A cache of left-padded rows and its mask, int64 [rows, columns], 1 where there is a token, virtual ones counted.

    The cache is transformers' own: by layer, keys and values [rows, key heads, columns, size].
    """

    cache: Any
    mask: Any

    @property
    def width(self) -> int:
        """How many columns it has."""
        return int(self.mask.shape[1])

    def keep(self, places: Sequence[int]) -> None:
        """Only these rows stay."""
        import torch

        chosen = torch.tensor(places, device=self.mask.device)
        self.mask = self.mask[chosen]
        self.cache.batch_select_indices(chosen)

    def grow(self) -> None:
        """Room for one more token in every row."""
        import torch

        self.mask = torch.cat([self.mask, self.mask.new_ones(len(self.mask), 1)], dim=1)


def after(network: Network, beginning: Beginning, rows: Sequence[BranchedRow]) -> tuple[Any, Held]:
    """Logits [rows, vocabulary] at each row's last token, and what is held of the beginning and the rows.

    The rows have no branches. Columns are virtual tokens, beginning and the longest stem; shorter rows are padded
    on the left.
    """
    import torch

    places = [(number, len(row.stem) - 1) for number, row in enumerate(rows)]
    found, layers = kept_logits(network, beginning, rows, places)
    start = network.virtual + len(beginning.tokens)
    width = start + max(len(row.stem) for row in rows)
    missing = torch.tensor([width - start - len(row.stem) for row in rows], device=found.device)
    columns = torch.arange(width, device=found.device)
    # Each row is moved to the right by what it lacks, so that all of them end, and go on, in the same column.
    moved = (columns[None] - missing[:, None]) % width
    cache = _empty()
    for layer, own in layers.items():
        before = beginning.layers.get(layer)
        cache.update(*(_moved(None if before is None else before[i], own[i], moved) for i in (0, 1)), layer)
    return found, Held(cache, (columns[None] >= missing[:, None]).long())


def join_rows(one: Held, other: Held) -> Held:
    """The rows of both, padded on the left to one width; columns that nobody needs any more are left out."""
    import torch

    spare = [int((held.mask.sum(dim=0) == 0).long().cumprod(dim=0).sum()) for held in (one, other)]
    width = max(one.width - spare[0], other.width - spare[1])
    masks = [_fitted(held.mask[:, None, :, None], width)[:, 0, :, 0] for held in (one, other)]
    cache = _empty()
    for number, (first, second) in enumerate(zip(one.cache.layers, other.cache.layers, strict=True)):
        keys = [_fitted(layer.keys, width) for layer in (first, second)]
        values = [_fitted(layer.values, width) for layer in (first, second)]
        cache.update(torch.cat(keys), torch.cat(values), number)
    return Held(cache, torch.cat(masks))


def _empty() -> Any:
    from transformers import DynamicCache

    # Without a configuration every layer keeps all it is given; a window is then the mask's business.
    return DynamicCache()


def _moved(before: Any, own: Any, moved: Any) -> Any:
    """Keys or values of the beginning [1, key heads, start, size] and of rows, put where `moved` [rows, columns] says.

    Column j of row i comes from its column `moved[i, j]`; the result is [rows, key heads, columns, size].
    """
    import torch

    whole = own if before is None else torch.cat([before.expand(len(own), -1, -1, -1), own], dim=2)
    index = moved.to(whole.device)[:, None, :, None].expand(-1, whole.shape[1], -1, whole.shape[3])
    return whole.gather(2, index)


def _fitted(states: Any, width: int) -> Any:
    """Keys or values [rows, key heads, columns, size] at another width: cut, or padded with 0, on the left."""
    import torch

    missing = width - states.shape[2]
    return states[:, :, -width:] if missing <= 0 else torch.nn.functional.pad(states, (0, 0, missing, 0))
