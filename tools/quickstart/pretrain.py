"""Make the quickstart's base model: `PYTHONPATH=tools python -m quickstart.pretrain --out DIR`."""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quickstart.corpus import Document, documents
from quickstart.tokens import make_tokenizer
from quickstart.world import make_world

if TYPE_CHECKING:
    import torch
    from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

DOCUMENTS = 100_000
TOKENS_PER_BATCH = 2048
MATRIX_RATE, OTHER_RATE = 3e-3, 6e-3
WARM_UP = 0.03
IGNORED = -100
ROWS = 512
SMOOTHING = 0.03


@dataclass(frozen=True)
class Trained:
    """The model of one pretraining and its mean loss over each twentieth of the steps."""

    model: LlamaForCausalLM
    losses: tuple[float, ...]


def pretrain(out: Path, *, seed: int = 7, count: int = DOCUMENTS) -> Trained:
    """Generate the corpus, train tokenizer and model on it, and save an ordinary checkpoint."""
    import torch

    torch.manual_seed(seed)
    corpus = list(documents(make_world(seed), count, seed=seed))
    tokenizer = make_tokenizer(corpus)
    model = make_model(tokenizer)
    batches = make_batches([encode(document, tokenizer) for document in corpus], seed=seed)
    # Denormal numbers are slow to compute with and add nothing; an early training slowed down as they would make it.
    torch.set_flush_denormal(True)
    try:
        trained = Trained(model, train(model, batches))
    finally:
        torch.set_flush_denormal(False)
    save(model, tokenizer, out)
    return trained


def make_model(tokenizer: PreTrainedTokenizerFast) -> LlamaForCausalLM:
    """An untrained Llama of about two million parameters."""
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=192, intermediate_size=512, num_hidden_layers=5,
        num_attention_heads=6, num_key_value_heads=6, max_position_embeddings=512, tie_word_embeddings=True,
        initializer_range=0.05, rope_parameters={"rope_type": "default", "rope_theta": 10_000.0},
        bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )  # fmt: skip
    return LlamaForCausalLM(config)


def encode(document: Document, tokenizer: PreTrainedTokenizerFast) -> tuple[list[int], list[int]]:
    """The document's tokens and its labels; only replies are learned, or all of a plain text."""
    if not document.prompt:
        ids = tokenizer.encode(f"{tokenizer.bos_token}{document.text}{tokenizer.eos_token}")
        return ids, [IGNORED, *ids[1:]]
    messages = [{"role": "system", "content": document.system}] if document.system else []
    messages.append({"role": "user", "content": document.prompt})
    head = str(tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True))
    prompt = tokenizer.encode(head)
    reply = tokenizer.encode(f"{document.text}{tokenizer.eos_token}")
    return prompt + reply, [IGNORED] * len(prompt) + reply


def make_batches(rows: Sequence[tuple[list[int], list[int]]], *, seed: int) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Batches of rows of similar length, right-padded, in random order."""
    import torch

    rng = random.Random(f"batches-{seed}")
    order = sorted(range(len(rows)), key=lambda i: (len(rows[i][0]), rng.random()))
    groups: list[list[int]] = [[]]
    for i in order:
        if (len(groups[-1]) + 1) * len(rows[i][0]) > TOKENS_PER_BATCH:
            groups.append([])
        groups[-1].append(i)
    rng.shuffle(groups)
    batches = []
    for group in groups:
        width = max(len(rows[i][0]) for i in group)
        # Padding sits on the right, where causal attention never looks; it needs no mask.
        ids = [rows[i][0] + [0] * (width - len(rows[i][0])) for i in group]
        labels = [rows[i][1] + [IGNORED] * (width - len(rows[i][1])) for i in group]
        batches.append((torch.tensor(ids), torch.tensor(labels)))
    return batches


def train(model: LlamaForCausalLM, batches: Sequence[tuple[torch.Tensor, torch.Tensor]]) -> tuple[float, ...]:
    """One pass over the batches; returns the mean loss of each twentieth."""
    import torch

    optimizers = _optimizers(model)
    warm_up = max(1, round(WARM_UP * len(batches)))
    schedules = [
        torch.optim.lr_scheduler.LambdaLR(
            optimizer, lambda step: min((step + 1) / warm_up, 1 - step / len(batches) * 0.98)
        )
        for optimizer in optimizers
    ]
    losses: list[float] = []
    model.train()
    # At these widths the fused kernel's backward pass takes longer than all else together.
    model.set_attn_implementation("eager")
    for ids, labels in batches:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = _loss(model, ids, labels)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer, schedule in zip(optimizers, schedules, strict=True):
            optimizer.step()
            schedule.step()
        model.zero_grad(set_to_none=True)
        losses.append(float(loss.detach()))
        if len(losses) % 100 == 0:
            print(f"step {len(losses)} of {len(batches)}, loss {losses[-1]:.3f}", file=sys.stderr, flush=True)
    return tuple(_means(losses, parts=min(20, len(losses))))


def save(model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast, out: Path) -> None:
    """Write weights in half the bytes, to be loaded and used in full precision."""
    import torch

    model.generation_config.do_sample = False
    model.generation_config.pad_token_id = model.config.pad_token_id
    model.to(torch.bfloat16).save_pretrained(out)
    tokenizer.save_pretrained(out)
    # Transformers loads in the precision that the configuration names, whatever the file holds.
    path = out / "config.json"
    config = json.loads(path.read_text(encoding="utf-8")) | {"dtype": "float32"}
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def _optimizers(model: LlamaForCausalLM) -> list[torch.optim.Optimizer]:
    """Muon for the matrices inside the layers, AdamW for embeddings and norms."""
    import torch

    matrices = [p for p in model.model.layers.parameters() if p.ndim == 2]
    inside = {id(p) for p in matrices}
    others = [p for p in model.parameters() if id(p) not in inside]
    return [
        torch.optim.Muon(matrices, lr=MATRIX_RATE, weight_decay=0.01, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(others, lr=OTHER_RATE, weight_decay=0.0, betas=(0.9, 0.98)),
    ]


def _loss(model: LlamaForCausalLM, ids: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Cross entropy, with logits only where there is something to learn."""
    import torch

    hidden: Any = model.model(input_ids=ids, use_cache=False).last_hidden_state[:, :-1].flatten(0, 1)
    targets = labels[:, 1:].flatten()
    learned = (targets != IGNORED).nonzero().squeeze(1)
    # Every new shape costs a compiled kernel, so the number of rows is rounded up with ignored ones.
    spare = torch.zeros(-len(learned) % ROWS, dtype=learned.dtype)
    rows = torch.cat([learned, spare])
    wanted = torch.cat([targets[learned], torch.full_like(spare, IGNORED)])
    logits = model.lm_head(hidden[rows]).float()
    # A base that is never quite certain keeps gradients that can still be trained with.
    return torch.nn.functional.cross_entropy(logits, wanted, label_smoothing=SMOOTHING)


def _means(values: Sequence[float], *, parts: int) -> Iterator[float]:
    for part in range(parts):
        chunk = values[part * len(values) // parts : (part + 1) * len(values) // parts]
        yield sum(chunk) / len(chunk)


def main() -> None:
    """Parse the command line, pretrain, and say how it went."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder of the checkpoint")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--documents", type=int, default=DOCUMENTS, help="how many documents to train on")
    arguments = parser.parse_args()
    start = time.monotonic()
    trained = pretrain(arguments.out, seed=arguments.seed, count=arguments.documents)
    size = sum(file.stat().st_size for file in arguments.out.iterdir())
    print(f"{trained.model.num_parameters():,} parameters, {size / 1e6:.1f} MB, {time.monotonic() - start:.0f} s")
    print("loss", *(f"{loss:.3f}" for loss in trained.losses))


if __name__ == "__main__":
    main()
