"""What the trainings of one process share: the base is read once, and no training sees what another did to it."""

from __future__ import annotations

from pathlib import Path
from shutil import copytree
from typing import Any

from tiny_training import row

from evalsuite.train.adapters.lora import LoraAdapter
from evalsuite.train.loop.loaded_base import load_base
from evalsuite.train.loop.supervised import split

LORA = LoraAdapter(type="lora")


def first_weights(model: Any) -> Any:
    return model.model.embed_tokens.weight


def test_each_training_gets_the_base_as_it_lies_on_disk(base: Path) -> None:
    import torch

    model, _ = load_base(base, LORA)
    kept = first_weights(model).detach().clone()
    with torch.no_grad():
        first_weights(model).zero_()
    again, _ = load_base(base, LORA)
    assert torch.equal(first_weights(again), kept)


def test_changed_weights_are_read_again(base: Path, tmp_path: Path) -> None:
    import torch

    folder = Path(copytree(base, tmp_path / "base"))
    model, _ = load_base(folder, LORA)
    with torch.no_grad():
        first_weights(model).fill_(0.5)
    model.save_pretrained(folder)
    assert bool((first_weights(load_base(folder, LORA)[0]) == 0.5).all())


def test_equal_rows_are_tokenised_once(base: Path) -> None:
    class Counting:
        """The tokenizer, and how often it was asked."""

        def __init__(self, inner: Any) -> None:
            self.inner, self.asked = inner, 0

        def __getattr__(self, name: str) -> Any:
            return getattr(self.inner, name)

        def apply_chat_template(self, *args: Any, **named: Any) -> Any:
            self.asked += 1
            return self.inner.apply_chat_template(*args, **named)

    tokenizer = Counting(load_base(base, LORA)[1])
    start, tokens = split(row(1), tokenizer)
    tokens.clear()  # what a caller does with its tokens is its own affair
    assert split(row(1), tokenizer)[1] != []
    assert (start > 0, tokenizer.asked) == (True, 2)
