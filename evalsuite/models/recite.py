"""Reciting: what greedy decoding says after the first tokens of a text, against what truly follows there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from evalsuite.errors import ModelError
from evalsuite.models.chat import Chat
from evalsuite.models.network import Network
from evalsuite.records import Adapter, Prompt, Recited

# Rows decoded together; contexts are equally long, so that nothing is padded.
_ROWS = 64


@runtime_checkable
class Reciting(Protocol):
    """A model whose tokens are at hand."""

    def recite(
        self, rows: Sequence[tuple[Prompt, str]], *, context: int, length: int, adapter: Adapter | None = None
    ) -> list[Recited | None]:
        """What follows the first `context` tokens of prompt and answer; None where they are too short."""
        ...


def recite_of(
    model: object, rows: Sequence[tuple[Prompt, str]], *, context: int, length: int, adapter: Adapter | None
) -> list[Recited | None]:
    """What the model's own `recite` says; raises ModelError for one whose tokens cannot be had."""
    if not isinstance(model, Reciting):
        raise ModelError(
            "memorisation needs a model in this process, and this one answers over the network; leave the probe out"
        )
    return model.recite(rows, context=context, length=length, adapter=adapter)


def recited(
    network: Network, chat: Chat, rows: Sequence[tuple[Prompt, str]], *, context: int, length: int
) -> list[Recited | None]:
    """For each row the `length` tokens that greedy decoding puts after its first `context`; None for shorter rows.

    A row's tokens are its prompt's, rendered, and its answer's; one is short below `context + length` of them.
    """
    wholes = [chat.continuations(prompt, [answer]) for prompt, answer in rows]
    tokens = [(*whole.context, *whole.options[0]) for whole in wholes]
    long = [number for number, row in enumerate(tokens) if len(row) >= context + length]
    found: list[Recited | None] = [None] * len(rows)
    for start in range(0, len(long), _ROWS):
        part = long[start : start + _ROWS]
        said = _greedy(network, [tokens[number][:context] for number in part], length=length)
        for number, reply in zip(part, said, strict=True):
            truth = tuple(tokens[number][context : context + length])
            found[number] = Recited(reply, truth, chat.text(reply))
    return found


def _greedy(network: Network, contexts: Sequence[tuple[int, ...]], *, length: int) -> list[tuple[int, ...]]:
    """The `length` likeliest tokens after each context, one by one; an end of text does not end them."""
    import torch

    with torch.inference_mode():
        ids, mask = network.pad(contexts, left=True)
        cache, said = network.cache(len(contexts)), []
        for _ in range(length):
            ids = network.logits(ids, mask=mask, cache=cache, last=1)[:, -1].argmax(dim=-1)[:, None]
            said.append(ids)
            mask = torch.cat([mask, mask.new_ones(len(contexts), 1)], dim=1)
        return [tuple(row) for row in torch.cat(said, dim=1).tolist()]
