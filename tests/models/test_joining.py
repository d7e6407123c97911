"""Generation with few places: rows leave and enter, share beginnings, and say what each says alone."""

from __future__ import annotations

from typing import Any

import pytest

from evalsuite.errors import ModelError
from evalsuite.models.checkpoints.base import BaseCheckpoint
from evalsuite.models.hf.chat_template import Chat
from evalsuite.models.hf.decoding import Decoder, Request
from evalsuite.models.hf.network import Network, load_network
from evalsuite.models.hf.prefix_sharing import shares
from evalsuite.records import Completion, Sampling

HEAD = tuple(range(20, 90))
REQUESTS = [
    *(Request((*HEAD, *range(100, 103 + 2 * number)), number) for number in range(6)),
    *(Request(tuple(range(200 + number, 207 + 3 * number)), number) for number in range(5)),
]


class Watched:
    """A module that notes how many rows each call has, and runs out of memory beyond a limit."""

    def __init__(self, module: Any, limit: int = 1000) -> None:
        self._module, self._limit = module, limit
        self.rows: list[tuple[int, int]] = []

    def __call__(self, **given: Any) -> Any:
        import torch

        if len(given["input_ids"]) > self._limit:
            raise torch.OutOfMemoryError("full")
        self.rows.append(tuple(given["input_ids"].shape))
        return self._module(**given)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)


@pytest.fixture
def network(checkpoint: BaseCheckpoint) -> Network:
    net = load_network(checkpoint)
    # Replies of unequal length: many tokens end one.
    net.module.generation_config.eos_token_id = list(range(2, 400, 14))
    return net


def decoded(net: Network, requests: list[Request], *, budget: int, temperature: float = 0.0) -> list[Completion]:
    sampling = Sampling(max_tokens=20, temperature=temperature)
    with net.running():
        return Decoder(net, Chat(net.tokenizer, label="tiny"), sampling=sampling, budget=budget).complete(requests)


@pytest.mark.parametrize("temperature", [0.0, 1.0])
@pytest.mark.parametrize("budget", [1, 250, 400, 100_000])
def test_whoever_leaves_and_enters_each_says_what_it_says_alone(
    network: Network, budget: int, temperature: float
) -> None:
    alone = [decoded(network, [request], budget=1, temperature=temperature)[0] for request in REQUESTS]
    assert decoded(network, REQUESTS, budget=budget, temperature=temperature) == alone
    assert len({reply.tokens for reply in alone}) > 3
    assert {reply.finish for reply in alone} == {"stop", "length"}


def test_waiting_rows_enter_as_others_leave(network: Network) -> None:
    assert shares(network)
    network.module = watched = Watched(network.module)
    decoded(network, REQUESTS, budget=400)
    prefills = [place for place, (_, width) in enumerate(watched.rows) if width > 1]
    steps = [rows for rows, width in watched.rows if width == 1]
    assert max(steps) >= 3
    # Someone entered between two steps of a batch that went on.
    assert any(watched.rows[place - 1][1] == 1 and watched.rows[place + 1][0] > watched.rows[place][0]
               for place in prefills[1:-1])  # fmt: skip
    # The common beginning was run once.
    assert [width for _, width in watched.rows if width >= len(HEAD)] == [len(HEAD) + 3 - 1]


def test_a_batch_too_big_for_memory_is_made_smaller(network: Network) -> None:
    expected = decoded(network, REQUESTS, budget=1)
    network.module = Watched(network.module, limit=2)
    assert decoded(network, REQUESTS, budget=100_000) == expected
    network.module = Watched(network.module, limit=0)
    with pytest.raises(ModelError, match="does not fit into GPU memory"):
        decoded(network, REQUESTS, budget=100_000)


def test_a_network_that_cannot_share_runs_batches_to_their_end(network: Network) -> None:
    expected = decoded(network, REQUESTS, budget=1)
    network.shares = False
    assert decoded(network, REQUESTS, budget=400) == expected
