"""Log-likelihoods of options: each context is run once, and logits are computed for option tokens only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan
from typing import Any

from evalsuite.errors import ModelError
from evalsuite.models.chat import Continuations
from evalsuite.models.network import Network
from evalsuite.records import LogLikelihood


@dataclass(frozen=True, slots=True)
class _Row:
    """What is fed after a cached context: its last token and all but the last of an option."""

    context: int
    tokens: tuple[int, ...]


def cost(item: Continuations, *, vocabulary: int) -> int:
    """What scoring one prompt weighs in a batch: its context once per option, and the options with their logits."""
    # A row of logits over a large vocabulary takes the room of many cached tokens; this keeps a batch's near 1 GB.
    weight = 1 + vocabulary // 16_384
    return (len(item.context) + weight * max(len(option) for option in item.options)) * len(item.options)


def score(network: Network, items: Sequence[Continuations]) -> list[tuple[LogLikelihood, ...]]:
    """For each prompt the summed log-probability of each option; raises ModelError when one is not a number."""
    import torch

    # Options that differ in their last token only (letters, say) need one row together.
    rows: dict[_Row, int] = {}
    places = [
        [rows.setdefault(_Row(number, (item.context[-1], *option[:-1])), len(rows)) for option in item.options]
        for number, item in enumerate(items)
    ]
    with torch.inference_mode():
        logits = _logits(network, items, list(rows)).float()
        norms = logits.logsumexp(dim=-1)
        found = [
            _summed(logits[place, : len(option)], norms[place, : len(option)], option)
            for item, held in zip(items, places, strict=True)
            for option, place in zip(item.options, held, strict=True)
        ]
        values = iter(torch.stack(found).tolist())
    scores = [tuple(LogLikelihood(next(values), len(option)) for option in item.options) for item in items]
    if any(isnan(score.value) for each in scores for score in each):
        raise ModelError(f"{network.label}: its outputs are not numbers; try another dtype or adapter")
    return scores


def _logits(network: Network, items: Sequence[Continuations], rows: Sequence[_Row]) -> Any:
    """Logits of every row's tokens, right-padded, after the contexts went through once."""
    import torch

    cache = network.cache(len(items))
    # The last context token belongs to the rows, for it is the one that predicts an option's first.
    ids, mask = network.pad([item.context[:-1] for item in items], left=True)
    owners = torch.tensor([row.context for row in rows], device=network.device)
    if ids.shape[1]:
        network.logits(ids, mask=mask, cache=cache, last=1)
    cache.batch_select_indices(owners)
    ids, tail = network.pad([row.tokens for row in rows], left=False)
    return network.logits(ids, mask=torch.cat([mask[owners], tail], dim=1), cache=cache, last=0)


def _summed(logits: Any, norms: Any, option: tuple[int, ...]) -> Any:
    import torch

    targets = torch.tensor(option, device=logits.device)[:, None]
    return (logits.gather(1, targets)[:, 0] - norms).double().sum()
