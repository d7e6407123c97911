"""Training speed against TRL used directly, on the quickstart: `python bench/training.py [--rounds 3]`.

Both train the same LoRA on the same rows for the same steps, in turn, in one process; tokens a second are counted over
the training loop by the trainer itself, and seconds over the whole call. The peer runs once with the threads that torch
chooses and once with one thread, because that alone decides much at this size.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from evalsuite import bundled
from evalsuite.plugins import TrainingJob
from evalsuite.records import Example, Prompt
from evalsuite.train.methods.sft import Sft

OPTIONS = {"epochs": 1.0, "learning_rate": 8e-3, "batch_size": 16, "max_length": 256, "seed": 7, "evaluations": 1}


@dataclass(frozen=True)
class Speed:
    """One training: tokens a second in the loop, and seconds in all."""

    tokens_per_second: float
    seconds: float


def rows() -> list[dict[str, str]]:
    """The rows of the quickstart's good adapter."""
    files = (bundled.folder("data") / f"{name}.jsonl" for name in ("author_train", "general"))
    return [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]


def ours(*, packing: bool = False) -> Speed:
    """One training through evalsuite."""
    document = {"method": "sft", "adapter": {"type": "lora", "r": 8, "alpha": 16}, "data": [{"path": "x"}], **OPTIONS}
    method = Sft.model_validate_json(json.dumps({**document, "packing": packing}))
    examples = tuple(Example(Prompt.user(row["prompt"]), row["completion"]) for row in rows())
    with tempfile.TemporaryDirectory() as folder:
        job = TrainingJob(
            name="bench",
            base=bundled.quickstart_base(),
            train=examples,
            held_out=(),
            seed=7,
            output=Path(folder) / "adapter",
            progress=lambda text: None,
        )
        began = time.perf_counter()
        trained = method.train(job)
        return Speed(trained.tokens_per_second, time.perf_counter() - began)


def peer(threads: int | None) -> Speed:
    """The same training, written directly on TRL's trainer."""
    import torch
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from trl import SFTConfig, SFTTrainer

    with tempfile.TemporaryDirectory() as folder, threads_set(threads, torch):
        began = time.perf_counter()
        base = bundled.quickstart_base()
        turns = [
            {
                "prompt": [{"role": "user", "content": row["prompt"]}],
                "completion": [{"role": "assistant", "content": row["completion"]}],
            }
            for row in rows()
        ]
        trainer = SFTTrainer(
            model=AutoModelForCausalLM.from_pretrained(base),
            args=SFTConfig(
                output_dir=folder,
                num_train_epochs=OPTIONS["epochs"],
                learning_rate=OPTIONS["learning_rate"],
                per_device_train_batch_size=16,
                max_length=256,
                use_cpu=True,
                bf16=False,
                gradient_checkpointing=False,
                report_to="none",
                save_strategy="no",
                disable_tqdm=True,
                logging_strategy="no",
                include_num_input_tokens_seen="non_padding",
                seed=7,
            ),
            train_dataset=Dataset.from_list(turns),
            processing_class=AutoTokenizer.from_pretrained(base),
            peft_config=LoraConfig(r=8, lora_alpha=16, target_modules="all-linear", task_type="CAUSAL_LM"),
        )
        loop = time.perf_counter()
        trainer.train()
        done = time.perf_counter()
        return Speed(trainer.state.num_input_tokens_seen / (done - loop), done - began)


@contextmanager
def threads_set(threads: int | None, torch):
    """So many torch threads for a while; None leaves torch's own choice."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads or before)
    yield
    torch.set_num_threads(before)


def main() -> None:
    """Time all contestants in turn and print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    contestants: dict[str, Callable[[], Speed]] = {
        "evalsuite sft": ours,
        "evalsuite sft, packed": lambda: ours(packing=True),
        "TRL, one thread": lambda: peer(1),
        "TRL, torch's threads": lambda: peer(None),
    }
    ours()  # imports and first-time set-up are nobody's
    times: dict[str, list[Speed]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, run in contestants.items():
            times[name].append(run())
    reference = statistics.median(speed.tokens_per_second for speed in times["TRL, one thread"])
    print(f"{'':24}{'tokens/s':>10}{'seconds':>10}{'ratio to TRL, one thread':>28}")
    for name, speeds in times.items():
        tokens = statistics.median(speed.tokens_per_second for speed in speeds)
        seconds = statistics.median(speed.seconds for speed in speeds)
        print(f"{name:24}{tokens:10.0f}{seconds:10.1f}{tokens / reference:28.2f}")


if __name__ == "__main__":
    main()
