"""Decoding: completions of token rows, greedy or drawn; finished rows leave the batch and waiting ones enter."""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from evalsuite.errors import ModelError
from evalsuite.models.hf.chat_template import Chat
from evalsuite.models.hf.kv_cache import Held, after, join_rows
from evalsuite.models.hf.network import Network
from evalsuite.models.hf.prefix_sharing import Beginning, BranchedRow, begun, families, shares
from evalsuite.records import Completion, Sampling


@dataclass(frozen=True, slots=True)
class Request:
    """One prompt's tokens and the seed of its own chance."""

    tokens: tuple[int, ...]
    seed: int


@dataclass
class _Work:
    """Requests by number: the replies so far, who waits (family by family), and who is being continued."""

    requests: Sequence[Request]
    chance: Any
    replies: list[list[int]]
    waiting: deque[tuple[array[int], deque[int]]]
    live: list[int] = field(default_factory=list)
    held: Held | None = None
    beginning: Beginning | None = None


class Decoder:
    """Draws completions from a network as one sampling says; `budget` is how many tokens a batch may come to hold."""

    def __init__(self, network: Network, chat: Chat, *, sampling: Sampling, budget: int = 16_384) -> None:
        self._network = network
        self._chat = chat
        self._sampling = sampling
        self._budget = budget
        self._ends = chat.ends(network.module.generation_config, sampling.stop)
        # A token is at least one character, bar the parts of a split one: enough to see a stop string that just ended.
        self._window = max((len(text) for text in sampling.stop), default=0) + 4

    def complete(self, requests: Sequence[Request]) -> list[Completion]:
        """One completion per request; raises ModelError when logits are not numbers or one request alone is too big."""
        import torch

        replies: list[list[int]] = [[] for _ in requests]
        work = _Work(requests, self._chance(requests), replies, deque())
        self._queue(work, range(len(requests)))
        with torch.inference_mode():
            while work.waiting or work.live:
                try:
                    self._enter(work)
                    self._advance(work)
                except torch.OutOfMemoryError:
                    if self._budget <= 1:
                        raise ModelError(
                            "one prompt alone does not fit into GPU memory; use a smaller dtype or model"
                        ) from None
                    again = [*work.live, *(row for _, rows in work.waiting for row in rows)]
                    again += [row for row in range(len(requests)) if not replies[row] and row not in again]
                    self._shrink(work, again)
        return [self._completion(request, reply) for request, reply in zip(requests, replies, strict=True)]

    def _queue(self, work: _Work, rows: Sequence[int]) -> None:
        """Put rows in line, those that begin alike together, long ones first."""
        found = families([work.requests[row].tokens for row in rows])
        for family in found:
            members = sorted(
                (rows[member] for member in family.members), key=lambda row: -len(work.requests[row].tokens)
            )
            head = array("i", work.requests[members[0]].tokens[: family.shared])
            work.waiting.append((head, deque(members)))

    def _shrink(self, work: _Work, again: Sequence[int]) -> None:
        """Begin the unfinished rows anew, half as many at a time."""
        import torch

        rows = len(work.live) or len(again)
        work.live, work.held, work.beginning = [], None, None
        work.waiting.clear()
        torch.cuda.empty_cache()
        for row in again:
            work.replies[row] = []
        self._budget = 1 if rows <= 1 else self._budget // 2
        self._queue(work, again)

    def _enter(self, work: _Work) -> None:
        """Let waiting rows in, if there is room for a good part of a batch."""
        if not work.waiting or (work.live and not shares(self._network)):
            return
        head, members = work.waiting[0]
        longest = max(len(work.requests[row].tokens) for row in (*work.live, members[0])) + self._sampling.max_tokens
        room = max(1, self._budget // longest)
        free = room - len(work.live)
        # Joining copies what is held, so it has to be worth it.
        if work.live and free < min(len(members), max(1, room // 4)):
            return
        entering = [members.popleft() for _ in range(min(len(members), free))]
        logits, held = self._prefilled(work, head, entering)
        if not members:
            work.waiting.popleft()
            work.beginning = None
        if bool(logits.isnan().any()):
            raise ModelError(f"{self._network.label}: its outputs are not numbers; try another dtype or adapter")
        work.held = held if work.held is None else join_rows(work.held, held)
        work.live += entering
        self._take(work, entering, logits, first=len(work.live) - len(entering))

    def _prefilled(self, work: _Work, head: array[int], rows: Sequence[int]) -> tuple[Any, Held]:
        """Logits [rows, vocabulary] after the last token of each request, and what is held of them."""
        network, requests = self._network, [work.requests[row] for row in rows]
        if shares(network):
            if work.beginning is None or work.beginning.tokens is not head:
                work.beginning = begun(network, head)
            return after(
                network, work.beginning, [BranchedRow(array("i", request.tokens[len(head) :])) for request in requests]
            )
        ids, mask = network.pad([request.tokens for request in requests], left=True)
        cache = network.cache(len(requests))
        logits = network.logits(ids, mask=mask, cache=cache, last=1)[:, -1]
        import torch

        return logits, Held(cache, torch.cat([mask.new_ones(len(requests), network.virtual), mask], dim=1))

    def _advance(self, work: _Work) -> None:
        """One more token for every row that is being continued."""
        if not work.live or work.held is None:
            return
        import torch

        ids = torch.tensor([[work.replies[row][-1]] for row in work.live], device=self._network.device)
        work.held.grow()
        mask = work.held.mask
        needed = None if bool(mask.all()) else mask
        output = self._network.module(
            input_ids=ids, attention_mask=needed, position_ids=mask.sum(dim=1)[:, None] - 1,
            past_key_values=work.held.cache, use_cache=True, logits_to_keep=1,
        )  # fmt: skip
        self._take(work, work.live, output.logits[:, -1], first=0)

    def _take(self, work: _Work, rows: Sequence[int], logits: Any, *, first: int) -> None:
        """Draw a token for each of the rows, which are the live ones from `first` on; finished ones leave.

        `logits` is [rows, vocabulary], for the token that each row says next.
        """
        import torch

        steps = torch.tensor([len(work.replies[row]) for row in rows])
        drawn = _drawn(logits, work.chance[list(rows), steps], self._sampling.temperature)
        for row, token in zip(rows, drawn.tolist(), strict=True):
            work.replies[row].append(token)
        kept = [place for place, row in enumerate(work.live) if place < first or not self._finished(work.replies[row])]
        if len(kept) < len(work.live):
            work.live = [work.live[place] for place in kept]
            if not kept:
                work.held = None
            elif work.held is not None:
                work.held.keep(kept)

    def _finished(self, reply: list[int]) -> bool:
        if reply[-1] in self._ends or len(reply) >= self._sampling.max_tokens:
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
        """One number in [0, 1) per request and step, from the request's own seed, whatever the batch.

        Float64 [requests, max_tokens] on the CPU; zeros where nothing is drawn.
        """
        import torch

        shape = (len(requests), self._sampling.max_tokens)
        chance = torch.zeros(shape, dtype=torch.float64)
        if self._sampling.temperature > 0:
            for row, request in enumerate(requests):
                generator = torch.Generator().manual_seed(request.seed)
                chance[row] = torch.rand(shape[1], generator=generator, dtype=torch.float64)
        return chance


def _drawn(logits: Any, chance: Any, temperature: float) -> Any:
    """The likeliest token of each row, or the one at quantile `chance` of the tempered distribution.

    `logits` is [rows, vocabulary], `chance` float64 [rows]; the ids are int64 [rows]. Chances are added up in float64.
    """
    import torch

    if temperature <= 0:
        return logits.argmax(dim=-1)
    mass = torch.softmax(logits.double() / temperature, dim=-1).cumsum(dim=-1)
    place = torch.searchsorted(mass, (chance.to(mass.device) * mass[:, -1])[:, None], right=True)[:, 0]
    return place.clamp(max=logits.shape[-1] - 1)
