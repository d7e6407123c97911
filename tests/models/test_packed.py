"""Shared forwards against texts run whole, one by one, on tiny random models of several architectures."""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from evalsuite.errors import ModelError
from evalsuite.models.hf import option_scoring as scoring
from evalsuite.models.hf.attention import Shared, attend
from evalsuite.models.hf.chat_template import Continuations
from evalsuite.models.hf.network import Network
from evalsuite.models.hf.prefix_sharing import Beginning, BranchedRow, begun, logits, shares

KINDS = ["sliding_attention", "full_attention", "sliding_attention"]
SIZE = {"vocab_size": 97, "hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4}
LLAMA = {**SIZE, "intermediate_size": 48, "num_key_value_heads": 2, "max_position_embeddings": 256}
HEAD = tuple(range(3, 40))


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Two threads on two busy cores mostly wait for each other at this size."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def network(kind: str, dtype: str = "float32") -> Network:
    import torch
    import transformers as t

    torch.manual_seed(0)
    small: dict[str, Callable[[], Any]] = {
        "llama": lambda: t.LlamaForCausalLM(t.LlamaConfig(**LLAMA)),
        "tied": lambda: t.Qwen2ForCausalLM(t.Qwen2Config(**LLAMA, tie_word_embeddings=True)),
        "windowed": lambda: t.MistralForCausalLM(t.MistralConfig(**LLAMA, sliding_window=11)),
        "partly windowed": lambda: t.Gemma3ForCausalLM(
            t.Gemma3TextConfig(**LLAMA, head_dim=8, sliding_window=9, layer_types=KINDS)
        ),
        "capped": lambda: t.Gemma2ForCausalLM(
            t.Gemma2Config(**LLAMA, head_dim=8, attn_logit_softcapping=2.0, final_logit_softcapping=3.0)
        ),
        "learned positions": lambda: t.GPT2LMHeadModel(
            t.GPT2Config(vocab_size=97, n_embd=32, n_layer=3, n_head=4, n_positions=256)
        ),
        "biased": lambda: t.BloomForCausalLM(t.BloomConfig(vocab_size=97, hidden_size=32, n_layer=2, n_head=4)),
    }  # fmt: skip
    module = small[kind]().eval().requires_grad_(False)
    with torch.no_grad():
        for parameter in module.parameters():
            if parameter.dim() > 1:
                parameter.normal_(0, 0.15)
    return Network(module.to(getattr(torch, dtype)), None, "cpu", kind)


def alone(net: Network, item: Continuations) -> list[float]:
    """Each option by one full forward of its own."""
    import torch

    values = []
    for option in item.options:
        with torch.inference_mode():
            found = net.module(input_ids=torch.tensor([[*item.context, *option]])).logits[0].float().log_softmax(-1)
        start = len(item.context)
        values.append(sum(float(found[start + i - 1, token]) for i, token in enumerate(option)))
    return values


ITEMS = [
    Continuations((*HEAD, 50, 51), ((1,), (2,), (3,))),  # letters
    Continuations((*HEAD, 60), ((5, 6, 7), (5, 9), (8,), (5, 6, 8, 9))),  # options of several tokens, some alike
    Continuations((*HEAD, 61, 62, 63, 64, 65), ((11, 12),)),  # a single option
    Continuations(HEAD, ((50, 51, 52),)),  # nothing after what is shared
    Continuations((80,), ((1,), (2, 3))),  # begins like no other
    Continuations((81, 82, 83), ((4, 4, 4), (4, 4, 5))),
]


@pytest.mark.parametrize(
    "kind", ["llama", "tied", "windowed", "partly windowed", "capped", "learned positions", "biased"]
)
def test_scores_equal_one_forward_per_option(kind: str) -> None:
    net = network(kind)
    expected = [alone(net, item) for item in ITEMS]
    for budget in (1, 64, 4096):
        found = scoring.score(net, scoring.sorted_out(ITEMS), budget=budget)
        assert [[score.value for score in each] for each in found] == [pytest.approx(row, abs=1e-4) for row in expected]
    assert [[score.tokens for score in each] for each in found] == [[len(o) for o in item.options] for item in ITEMS]
    assert net.shares is (kind not in ("capped", "biased"))


def test_items_that_share_are_one_family() -> None:
    first, other = scoring.sorted_out(ITEMS)
    assert (sorted(first.numbers), len(first.beginning)) == ([0, 1, 2, 3], len(HEAD) - 1)
    assert (sorted(other.numbers), len(other.beginning)) == ([4, 5], 0)


def test_half_precision_is_close() -> None:
    net = network("llama", "bfloat16")
    found = scoring.score(net, scoring.sorted_out(ITEMS), budget=4096)
    for each, item in zip(found, ITEMS, strict=True):
        assert [score.value for score in each] == pytest.approx(alone(net, item), abs=0.25)
    assert net.shares


def test_keys_side_by_side_and_joined_sums_are_the_same_attention() -> None:
    import torch

    torch.manual_seed(1)
    query, key, value = torch.randn(3, 4, 5, 8), torch.randn(3, 2, 5, 8), torch.randn(3, 2, 5, 8)
    shared = Shared({0: (torch.randn(1, 2, 7, 8), torch.randn(1, 2, 7, 8))}, torch.arange(7, 12).expand(3, -1))
    layer = SimpleNamespace(layer_idx=0)
    apart, _ = attend(layer, query, key, value, shared=shared)
    # A window that shuts nothing out for the last tokens but everything earlier than 11 positions for none.
    joined, _ = attend(layer, query, key, value, shared=shared, sliding_window=11)
    assert torch.allclose(apart[:, :-1], joined[:, :-1], atol=1e-6)
    assert not torch.allclose(apart[:, -1], joined[:, -1], atol=1e-6)


def test_only_the_places_that_are_asked_for_get_logits() -> None:
    net, seen = network("llama"), []
    net.module.lm_head.register_forward_hook(lambda _, given, __: seen.append(given[0].shape[:-1].numel()))
    assert shares(net)
    seen.clear()
    rows = [BranchedRow(array("i", (1, 2, 3))), BranchedRow(array("i", (4, 5)), (array("i", (6, 7)),))]
    found = logits(net, begun(net, array("i", HEAD)), rows, [(0, 2), (1, 1), (1, 3)])
    assert (found.shape, seen) == ((3, 97), [1, 3])


class Narrow:
    """A module that runs out of memory with more than so many rows, and counts what it ran."""

    def __init__(self, module: Any, rows: int) -> None:
        self._module, self._rows = module, rows
        self.ran: list[int] = []

    def __call__(self, **given: Any) -> Any:
        import torch

        rows = len(given["input_ids"])
        if rows > self._rows:
            raise torch.OutOfMemoryError("full")
        self.ran.append(rows)
        return self._module(**given)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)


def test_a_batch_too_big_for_memory_is_halved() -> None:
    net = network("llama")
    expected = scoring.score(net, scoring.sorted_out(ITEMS), budget=4096)
    net.module = narrow = Narrow(net.module, 1)
    assert _values(scoring.score(net, scoring.sorted_out(ITEMS), budget=4096)) == pytest.approx(
        _values(expected), abs=1e-5
    )
    assert set(narrow.ran) == {1}
    net.module = Narrow(net.module, 0)
    with pytest.raises(ModelError, match="GPU memory"):
        scoring.score(net, scoring.sorted_out(ITEMS), budget=4096)


def _values(found: Sequence[Sequence[Any]]) -> list[float]:
    return [score.value for each in found for score in each]


def test_nothing_shared_is_nothing_run() -> None:
    net = network("llama")
    assert begun(net, array("i")) == Beginning(array("i"))
    score = scoring.score(net, scoring.sorted_out([Continuations((7,), ((8,),))]), budget=8)[0][0]
    assert math.isfinite(score.value)
