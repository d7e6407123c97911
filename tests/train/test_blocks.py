"""Rows behind each other in one sequence are answered, and taught, as if each stood alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from evalsuite.train.loop.supervised import NAME, use_blocks

ROWS = ([7, 8, 9, 10, 11], [12], [13, 14, 15], [16, 17, 18, 19, 20, 21, 22])


def load(folder: Path) -> Any:
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(folder)


def flattened(rows: Any) -> dict[str, Any]:
    import torch

    positions = [place for row in rows for place in range(len(row))]
    return {
        "input_ids": torch.tensor([[token for row in rows for token in row]]),
        "position_ids": torch.tensor([positions]),
        "use_cache": False,
    }


def learned(model: Any, batch: dict[str, Any]) -> tuple[Any, Any]:
    """Logits of a batch and the gradient that their squares leave in the first layer."""
    logits = model(**batch).logits
    logits.square().mean().backward()
    weight = model.model.layers[0].self_attn.q_proj.weight
    gradient, weight.grad = weight.grad, None
    return logits.detach(), gradient


def test_logits_and_gradients_are_those_of_the_masked_attention(base: Path) -> None:
    import torch

    model = load(base)
    masked = learned(model, flattened(ROWS))
    assert use_blocks(model)
    assert model.config._attn_implementation == NAME
    for ours, theirs in zip(learned(model, flattened(ROWS)), masked, strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-6, rtol=1e-4)


def test_each_row_is_answered_as_if_it_stood_alone(base: Path) -> None:
    import torch

    model = load(base)
    alone = torch.cat([model(**flattened([row])).logits for row in ROWS], dim=1)
    use_blocks(model)
    torch.testing.assert_close(model(**flattened(ROWS)).logits, alone, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("own", [{"sliding_window": 4}, {"_attn_implementation": "eager"}])
def test_a_model_that_attends_in_its_own_way_keeps_it(base: Path, own: dict[str, Any]) -> None:
    model = load(base)
    for name, value in own.items():
        setattr(model.config, name, value)
    before = model.config._attn_implementation
    assert not use_blocks(model)
    assert model.config._attn_implementation == before


def test_a_model_whose_layers_are_not_told_the_positions_keeps_its_own_attention(base: Path) -> None:
    model = load(base)
    for layer in model.model.layers:
        layer.self_attn.register_forward_pre_hook(
            lambda module, args, given: (args, {**given, "position_ids": None}), with_kwargs=True
        )
    assert not use_blocks(model)
    assert model.config._attn_implementation == "sdpa"
