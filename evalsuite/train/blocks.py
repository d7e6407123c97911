"""Attention for several rows that stand behind each other in one sequence: each row is looked at on its own.

What transformers does with such a sequence outside of flash attention is to attend over all of it and mask: T² work
for T tokens. Here the rows are set side by side for the attention alone, padded to the longest of them: n·L² work.
"""

from __future__ import annotations

from typing import Any

NAME = "evalsuite_blocks"

# Any of these changes what a token may look at, or how; such a model keeps its own attention.
_OWN_WAYS = ("sliding_window", "attention_chunk_size", "attn_logit_softcapping")
_TOLERANCE = 0.02


def use_blocks(model: Any) -> bool:
    """Makes the model attend row by row where it can, and says whether it does; otherwise it stays as it is."""
    from transformers import AttentionInterface, AttentionMaskInterface

    config = model.config.get_text_config()
    before = config._attn_implementation
    plain = set(getattr(config, "layer_types", None) or ["full_attention"]) == {"full_attention"}
    if before != "sdpa" or not plain or any(getattr(config, name, None) for name in _OWN_WAYS):
        return False
    AttentionInterface.register(NAME, _attention)
    AttentionMaskInterface.register(NAME, _no_mask)
    alone = _second_row(model, together=False)
    model.set_attn_implementation(NAME)
    try:
        together = _second_row(model, together=True)
    except (KeyError, RuntimeError, TypeError):  # its layers are not told the positions
        together = None
    if together is not None and _alike(alone, together):
        return True
    model.set_attn_implementation(before)
    return False


def _no_mask(*_: Any, **__: Any) -> None:
    """Rows that are looked at one by one, each from its first token on, need no mask."""


def _attention(module: Any, query: Any, key: Any, value: Any, attention_mask: Any, **options: Any) -> tuple[Any, None]:
    """Causal attention within each row; a row begins where `position_ids` [1, T] is 0.

    `query` is [1, heads, T, size], `key` and `value` [1, key heads, T, size]; the result is [1, T, heads, size].
    """
    import torch

    positions = options["position_ids"][0]
    starts = (positions == 0).nonzero().flatten()
    ends = torch.cat([starts[1:], starts.new_tensor([len(positions)])])
    places = starts[:, None] + torch.arange(int((ends - starts).max()), device=starts.device)
    real = places < ends[:, None]
    places = places.clamp(max=len(positions) - 1)
    # [1, heads, T, size] -> [rows, heads, L, size]. What stands after a row's end is seen by no token of the row.
    q, k, v = (part[0][:, places].transpose(0, 1) for part in (query, key, value))
    found = torch.nn.functional.scaled_dot_product_attention(
        q, k, v, dropout_p=options.get("dropout", 0.0), scale=options.get("scaling"), is_causal=True,
        enable_gqa=q.shape[1] != k.shape[1],
    )  # fmt: skip
    # [rows, heads, L, size] -> [1, T, heads, size]
    return found.transpose(1, 2)[real][None], None


def _second_row(model: Any, *, together: bool) -> Any:
    """The logits of a short row, alone or behind another one: float32 [4, vocabulary]."""
    import torch

    first, second = [1, 2, 3], [4, 5, 6, 7]
    ids = [*first, *second] if together else second
    positions = [*range(3), *range(4)] if together else [*range(4)]
    training = model.training
    with torch.no_grad():
        found = model.eval()(
            input_ids=torch.tensor([ids], device=model.device),
            position_ids=torch.tensor([positions], device=model.device),
            use_cache=False,
        ).logits[0, -4:]
    model.train(training)
    return found.float()


def _alike(one: Any, other: Any) -> bool:
    return bool((one - other).abs().max() <= _TOLERANCE * one.abs().max())
