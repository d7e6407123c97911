"""Attention of many rows that continue one beginning, whose keys and values are held and read once.

What follows the beginning is attended causally, or as `visible` says. On the CPU both parts are attended apart and
joined by the logarithms of their softmax sums, as in Hydragen (Juravsky et al. 2024, arXiv 2402.05099); elsewhere, and
where a layer sees only a window, the keys are laid side by side under one mask.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import sqrt
from typing import Any

NAME = "evalsuite_shared"
# Arguments that change what attention computes and that are not known here; None is harmless.
_UNKNOWN = ("softcap", "s_aux", "position_bias", "head_mask")


@dataclass
class Shared:
    """What the attention layers of one forward over [rows, width] tokens are told.

    `positions` [rows, width], int64, counts from the text's first token, virtual ones included; `visible`
    [rows, width, width], bool, says which columns (last) each column sees, and None means causally. By layer, `before`
    holds the keys and values [1, key heads, start, size] of the beginning that all rows continue, and `kept` collects
    those of this forward, [rows, key heads, width, size], if `keep` says so.
    """

    before: dict[int, tuple[Any, Any]]
    positions: Any
    visible: Any = None
    kept: dict[int, tuple[Any, Any]] = field(default_factory=dict)
    keep: bool = False


@contextmanager
def shared_attention(config: Any) -> Iterator[None]:
    """Within the block the model of this configuration attends by `attend`; afterwards as before."""
    from transformers import AttentionInterface

    AttentionInterface.register(NAME, attend)
    before = config._attn_implementation
    config._attn_implementation = NAME
    try:
        yield
    finally:
        config._attn_implementation = before


def attend(module: Any, query: Any, key: Any, value: Any, attention_mask: Any = None, **given: Any) -> tuple[Any, None]:
    """Attention as transformers asks for it; raises NotImplementedError for a kind that is not known here.

    `query` is [rows, heads, width, size], `key` and `value` [rows, key heads, width, size], all of one dtype; the
    result is [rows, width, heads, size] in the same.
    """
    shared: Shared | None = given.get("shared")
    if shared is None or attention_mask is not None or any(given.get(name) is not None for name in _UNKNOWN):
        raise NotImplementedError("this model's attention cannot be shared")
    scale = given.get("scaling") or 1 / sqrt(query.shape[-1])
    if shared.keep:
        shared.kept[module.layer_idx] = (key, value)
    before = shared.before.get(module.layer_idx)
    window = given.get("sliding_window")
    length = key.shape[2] + (0 if before is None else before[0].shape[2])
    window = None if window is None or window >= length else window
    apart = query.device.type == "cpu" and window is None and key.shape[-1] == value.shape[-1] == query.shape[-1]
    run = _apart if apart else _joined
    return run(query, (key, value), before, (shared, scale, window)).transpose(1, 2).contiguous(), None


def _apart(query: Any, own: tuple[Any, Any], before: tuple[Any, Any] | None, how: tuple[Shared, float, Any]) -> Any:
    """Attention [rows, heads, width, size] over the rows' own tokens and over the beginning, each apart, then joined.

    The softmax sums come as logarithms: [rows, heads, width] of the own tokens, [1, heads, rows · width] of the rest.
    """
    import torch

    flash = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
    shared, scale, _ = how
    rows, heads, width, _ = query.shape
    key, value = (_for_heads(each, heads) for each in own)
    mask = None if shared.visible is None else _additive(shared.visible[:, None], query.dtype)
    found, sums = flash(query, key, value, 0.0, mask is None, attn_mask=mask, scale=scale)
    if before is None:
        return found
    key, value = (_for_heads(each, heads) for each in before)
    flat = query.transpose(1, 2).reshape(1, rows * width, heads, -1).transpose(1, 2)
    others, other_sums = flash(flat, key, value, 0.0, False, scale=scale)
    others = others.transpose(1, 2).reshape(rows, width, heads, -1).transpose(1, 2)
    other_sums = other_sums.view(heads, rows, width).transpose(0, 1)
    weight = torch.sigmoid(other_sums - sums)[..., None].to(found.dtype)
    return torch.lerp(found, others, weight)


def _joined(query: Any, own: tuple[Any, Any], before: tuple[Any, Any] | None, how: tuple[Shared, float, Any]) -> Any:
    """Attention [rows, heads, width, size] over beginning and own tokens side by side, under a mask of both.

    The mask is bool, [rows or 1, width, start + width]; a window of w tokens hides those w or more before.
    """
    import torch

    shared, scale, window = how
    rows, heads, width, _ = query.shape
    start = 0 if before is None else before[0].shape[2]
    key, value = own
    if before is not None:
        key = torch.cat([before[0].expand(rows, -1, -1, -1), key], dim=2)
        value = torch.cat([before[1].expand(rows, -1, -1, -1), value], dim=2)
    key, value = _for_heads(key, heads), _for_heads(value, heads)
    mask = shared.visible
    if mask is None:
        mask = torch.ones(width, width, dtype=torch.bool, device=query.device).tril()[None]
    mask = torch.cat([mask.new_ones(*mask.shape[:2], start), mask.to(query.device)], dim=2)
    if window is not None:
        positions = shared.positions.to(query.device)
        earlier = torch.arange(start, device=query.device).expand(rows, -1)
        distance = positions[:, :, None] - torch.cat([earlier, positions], dim=1)[:, None, :]
        mask = mask & (distance < window)
    return torch.nn.functional.scaled_dot_product_attention(query, key, value, attn_mask=mask[:, None], scale=scale)


def _for_heads(states: Any, heads: int) -> Any:
    """Keys or values [rows, key heads, length, size] as [rows, heads, length, size]: repeated for heads that share."""
    groups = heads // states.shape[1]
    return states if groups == 1 else states.repeat_interleave(groups, dim=1)


def _additive(visible: Any, dtype: Any) -> Any:
    """0 where something is visible and -inf elsewhere, of the same shape, to be added to attention's scores."""
    import torch

    return torch.zeros(visible.shape, dtype=dtype).masked_fill_(~visible, float("-inf"))
