"""The arithmetic that the questions need, and how fast this machine multiplies matrices of their shapes."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

WIDTH, INNER, LAYERS, VOCABULARY = 384, 1024, 8, 8192


def needed(model: Path, texts: list[list[str]]) -> float:
    """FLOPs for one adapter: each subject's examples once, each question once, logits at one place a question."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(model)
    total = 0.0
    for subject in texts:
        rows = tokenizer(subject)["input_ids"]
        head = next(place for place in range(10_000) if len({row[place] for row in rows}) > 1)
        total += _flops(head, 0)
        total += sum(_flops(len(row) - head, head) + 2 * WIDTH * VOCABULARY for row in rows)
    return total


def _flops(tokens: int, before: int) -> float:
    """Of so many tokens after `before` others: the linear layers, and attention to all that came before."""
    linear = 2 * tokens * (4 * WIDTH * WIDTH + 3 * WIDTH * INNER)
    attention = 4 * WIDTH * (tokens * before + tokens * (tokens + 1) / 2)
    return LAYERS * (linear + attention)


def rates(tokens: int = 1024) -> dict[str, float]:
    """FLOPs per CPU second of products of the model's shapes on one thread, by torch.mm and by what evalsuite calls."""
    import torch

    from evalsuite.models.hf.network import fast_products

    torch.set_num_threads(1)
    shapes = [(WIDTH, WIDTH)] * 4 + [(WIDTH, INNER)] * 2 + [(INNER, WIDTH)]
    pairs = [(torch.randn(tokens, one), torch.randn(other, one)) for one, other in shapes]
    found = {}
    with torch.inference_mode():
        found["torch.mm"] = _rate(pairs, lambda given, weight: torch.mm(given, weight.T))
        with fast_products():
            found["oneDNN"] = _rate(pairs, torch.nn.functional.linear)
    return found


def _rate(pairs: list, product) -> float:
    flops = sum(2 * given.shape[0] * given.shape[1] * weight.shape[0] for given, weight in pairs)
    took = []
    for _ in range(31):
        began = time.process_time()
        for given, weight in pairs:
            product(given, weight)
        took.append(time.process_time() - began)
    # Not the best: what is compared with it was slowed down by the machine's other work as well.
    return flops / statistics.median(took)
