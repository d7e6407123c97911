"""The tiny base, jobs that can be handed to another process as JSON, and a command that carries one out.

`python tiny_training.py JOB` trains in a process of its own; with `kill_at` it kills itself at that line of progress.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from evalsuite.plugins import Asking, TrainingJob, find
from evalsuite.records import ChosenRejected, Completion, Example, Prompt, Rated, Row, Sampling, Training, Unanswered

TEMPLATE = (
    "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}{{ eos_token }}{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
WORDS = ("ash", "oak", "fir", "elm", "yew", "bay", "fig", "gum")
OPTIONS: dict[str, Any] = {
    "method": "sft",
    "adapter": {"type": "lora", "r": 4, "alpha": 8, "dropout": 0.1},
    "data": [{"path": "rows.jsonl"}],
    "epochs": 4,
    "learning_rate": 1e-2,
    "batch_size": 4,
    "max_length": 64,
    "evaluations": 4,
}


def row(number: int) -> Example:
    """One of endlessly many questions about trees."""
    word = WORDS[number % len(WORDS)]
    return Example(Prompt.user(f"What grows in field {number}?"), f"In field {number} there grows an {word}.")


def row_of(kind: type[Row], number: int) -> Row:
    """The same question and answer as a row to imitate, to prefer or to rate."""
    shown = row(number)
    if kind is ChosenRejected:
        return ChosenRejected(shown.prompt, shown.completion, f"Nobody knows field {number}.")
    if kind is Unanswered:
        return Unanswered(shown.prompt)
    if kind is Rated:
        good = number % 2 == 0
        return Rated(shown.prompt, shown.completion if good else f"Nobody knows field {number}.", good)
    return shown


def forester(prompts: Sequence[Prompt], sampling: Sampling) -> list[Completion]:
    """A teacher that knows every field."""
    numbers = [int("".join(filter(str.isdigit, prompt.shown))) for prompt in prompts]
    return [Completion(row(number).completion, 8, 8, "stop") for number in numbers]


@dataclass(frozen=True)
class Job:
    """A training as plain values."""

    base: str
    output: str
    options: dict[str, Any] = field(default_factory=dict)
    rows: int = 24
    held_out: int = 4
    seed: int = 7
    kill_at: str | None = None
    extra: str | None = None

    @property
    def method(self) -> Any:
        options = {**OPTIONS, **self.options}
        return find("methods")[options["method"]].model_validate_json(json.dumps(options))

    def training_job(self, said: list[str]) -> TrainingJob:
        kind = self.method.learns_from
        train = [row_of(kind, number) for number in range(self.rows)]
        if self.extra is not None:
            train[0] = Example(train[0].prompt, self.extra)
        held_out = tuple(row_of(kind, number) for number in range(100, 100 + self.held_out))

        def progress(line: str) -> None:
            said.append(line)
            if self.kill_at is not None and line.startswith(self.kill_at):
                os.kill(os.getpid(), signal.SIGKILL)

        return TrainingJob(
            name=f"oak-{self.method.method}",
            base=Path(self.base),
            train=tuple(train),
            held_out=held_out,
            seed=self.seed,
            output=Path(self.output),
            progress=progress,
            teacher=Asking("who knows", "digest", forester) if kind is Unanswered else None,
        )

    def run(self, said: list[str] | None = None) -> Training:
        """Trains in this process."""
        return self.method.train(self.training_job([] if said is None else said))

    def start(self, hash_seed: int = 0) -> subprocess.Popen[str]:
        """Trains in a process of its own, which prints the held-out loss."""
        return subprocess.Popen(
            [sys.executable, __file__, json.dumps(asdict(self))],
            env={**os.environ, "PYTHONHASHSEED": str(hash_seed), "PYTHONPATH": str(Path(__file__).parents[2])},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


def write_base(folder: Path) -> Path:
    """Saves a random Llama of two layers and a byte-level BPE tokenizer."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    specials = ["<|end|>", "<|pad|>", "<|user|>", "<|assistant|>", "<|system|>"]
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=400, special_tokens=specials, initial_alphabet=alphabet)
    bpe.train_from_iterator((f"{row(n).prompt.shown} {row(n).completion}" for n in range(50)), trainer)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=bpe, eos_token="<|end|>", pad_token="<|pad|>")
    tokenizer.chat_template = TEMPLATE
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=256,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=None,
        tie_word_embeddings=True,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def contents(folder: str | Path) -> dict[str, bytes]:
    """Every file of a folder by name."""
    return {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir())}


if __name__ == "__main__":
    print(json.dumps(Job(**json.loads(sys.argv[1])).run().held_out_loss))
