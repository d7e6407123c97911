"""Decoding: completions of token rows, greedy or drawn, finished rows leaving the batch at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from evalsuite.errors import ModelError
from evalsuite.models.chat import Chat
from evalsuite.models.network import Network
from evalsuite.records import Completion, Sampling


@dataclass(frozen=True, slots=True)
class Request:
    """One prompt's tokens and the seed of its own chance."""

    tokens: tuple[int, ...]
    seed: int


class Decoder:
    """Draws completions from a network as one sampling says."""

    def __init__(self, network: Network, chat: Chat, *, sampling: Sampling) -> None:
        self._network = network
        self._chat = chat
        self._sampling = sampling
        self._ends = chat.ends(network.module.generation_config, sampling.stop)
        # A token is at least one character, bar the parts of a split one: enough to see a stop string that just ended.
        self._window = max((len(text) for text in sampling.stop), default=0) + 4

    def complete(self, requests: Sequence[Request]) -> list[Completion]:
        """One completion per request, run as one left-padded batch; raises ModelError when logits are not numbers."""
        import torch

        network, limit = self._network, self._sampling.max_tokens
        replies: list[list[int]] = [[] for _ in requests]
        live = list(range(len(requests)))
        chance = self._chance(requests)
        with torch.inference_mode():
            ids, mask = network.pad([request.tokens for request in requests], left=True)
            cache = network.cache(len(requests))
            for step in range(limit):
                logits = network.logits(ids, mask=mask, cache=cache, last=1)[:, -1]
                if step == 0 and bool(logits.isnan().any()):
                    raise ModelError(f"{network.label}: its outputs are not numbers; try another dtype or adapter")
                ids = _drawn(logits, chance[live, step], self._sampling.temperature)[:, None]
                for row, token in zip(live, ids[:, 0].tolist(), strict=True):
                    replies[row].append(token)
                kept = [place for place, row in enumerate(live) if not self._finished(replies[row])]
                if not kept or step == limit - 1:
                    break
                if len(kept) < len(live):
                    live = [live[place] for place in kept]
                    keep = torch.tensor(kept, device=network.device)
                    ids, mask = ids[keep], mask[keep]
                    cache.batch_select_indices(keep)
                mask = torch.cat([mask, mask.new_ones(len(live), 1)], dim=1)
        return [self._completion(request, reply) for request, reply in zip(requests, replies, strict=True)]

    def _finished(self, reply: list[int]) -> bool:
        if reply[-1] in self._ends:
            return True
        if not self._sampling.stop:
            return False
        tail = self._chat.text(reply[-self._window :])
        return any(stop in tail for stop in self._sampling.stop)

    def _completion(self, request: Request, reply: list[int]) -> Completion:
        ended = bool(reply) and reply[-1] in self._ends
        text = self._chat.text(reply[:-1] if ended else reply)
        cuts = [place for place in (text.find(stop) for stop in self._sampling.stop) if place >= 0]
        if cuts:
            text = text[: min(cuts)]
        return Completion(text, len(reply), len(request.tokens), "stop" if ended or cuts else "length")

    def _chance(self, requests: Sequence[Request]) -> Any:
        """One number in [0, 1) per request and step, from the request's own seed, whatever the batch."""
        import torch

        shape = (len(requests), self._sampling.max_tokens)
        chance = torch.zeros(shape, dtype=torch.float64)
        if self._sampling.temperature > 0:
            for row, request in enumerate(requests):
                generator = torch.Generator().manual_seed(request.seed)
                chance[row] = torch.rand(shape[1], generator=generator, dtype=torch.float64)
        return chance.to(self._network.device)


def _drawn(logits: Any, chance: Any, temperature: float) -> Any:
    """The likeliest token of each row, or the one at quantile `chance` of the tempered distribution."""
    import torch

    if temperature <= 0:
        return logits.argmax(dim=-1)
    mass = torch.softmax(logits.double() / temperature, dim=-1).cumsum(dim=-1)
    place = torch.searchsorted(mass, (chance * mass[:, -1])[:, None], right=True)[:, 0]
    return place.clamp(max=logits.shape[-1] - 1)
