"""Training speed and memory of each method against TRL used directly: `python bench/training.py [--rounds 3]`.

Both train the same LoRA on the same quickstart rows for the same steps, on one thread. Each training runs in a process
of its own, ours and the peer's in turn, so that its peak memory is its own. Rows a second are counted over the training
loop, from its first step to its last; seconds over all that the method does, from rows and base to the trained adapter.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from evalsuite.plugins import TrainingJob, find
from evalsuite.records import ChosenRejected, Example, Prompt, Rated
from evalsuite.spec.loading.lookup import bundled_folder, quickstart_base

METHODS = ("sft", "sft packed", "dpo", "orpo", "simpo", "kto")
SHARED = {"epochs": 1.0, "learning_rate": 1e-3, "batch_size": 16, "max_length": 256, "seed": 7, "evaluations": 1}


@dataclass(frozen=True)
class Speed:
    """One training: rows a second in the loop, seconds in all, and the most memory that its process held."""

    rows_per_second: float
    seconds: float
    peak_mb: float


def pairs(count: int) -> list[dict[str, str]]:
    """The quickstart's preference rows; their chosen answers serve the supervised methods."""
    file = bundled_folder("data") / "preferences.jsonl"
    found = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    return (found * (count // len(found) + 1))[:count]


def ours(method: str, count: int) -> tuple[float, float]:
    """Seconds in the loop, and in all, of a training through evalsuite."""
    name = method.split(maxsplit=1)[0]
    options = {**SHARED, "method": name, "adapter": {"type": "lora"}, "data": [{"path": "x"}]}
    chosen = find("methods")[name].model_validate_json(
        json.dumps(options | ({"packing": True} if " " in method else {}))
    )
    with tempfile.TemporaryDirectory() as folder:
        job = TrainingJob(
            name="bench",
            base=quickstart_base(),
            train=tuple(row(chosen.learns_from, number, pair) for number, pair in enumerate(pairs(count))),
            held_out=(),
            seed=7,
            output=Path(folder) / "adapter",
            progress=lambda text: None,
        )
        began = time.perf_counter()
        trained = chosen.train(job)
        return trained.tokens_seen / trained.tokens_per_second, time.perf_counter() - began


def row(kind: type, number: int, pair: dict[str, str]) -> Any:
    """A pair as what a method learns from."""
    prompt = Prompt.user(pair["prompt"])
    if kind is ChosenRejected:
        return ChosenRejected(prompt, pair["chosen"], pair["rejected"])
    if kind is Rated:
        return Rated(prompt, pair["chosen" if number % 2 else "rejected"], bool(number % 2))
    return Example(prompt, pair["chosen"])


def peer(method: str, count: int) -> tuple[float, float]:
    """The same training, written directly on TRL's trainers."""
    import torch
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerCallback

    torch.set_num_threads(1)

    class Clock(TrainerCallback):
        def on_train_begin(self, *args, **kwargs):
            self.began = time.perf_counter()

        def on_train_end(self, *args, **kwargs):
            self.seconds = time.perf_counter() - self.began

    trainer, config, own = made(method)
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        clock, base = Clock(), quickstart_base()
        arguments = config(
            output_dir=folder, num_train_epochs=1.0, learning_rate=1e-3, per_device_train_batch_size=16,
            max_length=256, use_cpu=True, bf16=False, gradient_checkpointing=False, report_to="none",
            save_strategy="no", disable_tqdm=True, logging_strategy="no", seed=7, **own,
        )  # fmt: skip
        run = trainer(
            model=AutoModelForCausalLM.from_pretrained(base),
            args=arguments,
            train_dataset=Dataset.from_list([written(method, *item) for item in enumerate(pairs(count))]),
            processing_class=AutoTokenizer.from_pretrained(base),
            peft_config=LoraConfig(r=8, lora_alpha=16, target_modules="all-linear", task_type="CAUSAL_LM"),
            callbacks=[clock],
        )
        run.train()
        run.save_model(folder)
        return clock.seconds, time.perf_counter() - began


def made(method: str) -> tuple[Any, Any, dict[str, Any]]:
    """TRL's trainer and configuration of a method, and the options that make it the same work."""
    if method.startswith("sft"):
        from trl import SFTConfig, SFTTrainer

        return SFTTrainer, SFTConfig, {"packing": " " in method}
    if method == "dpo":
        from trl import DPOConfig, DPOTrainer

        return DPOTrainer, DPOConfig, {"precompute_ref_log_probs": True}
    if method == "kto":
        from trl import KTOConfig, KTOTrainer

        return KTOTrainer, KTOConfig, {"precompute_ref_log_probs": True}
    if method == "orpo":
        from trl.experimental.orpo import ORPOConfig, ORPOTrainer

        return ORPOTrainer, ORPOConfig, {}
    from trl.experimental.cpo import CPOConfig, CPOTrainer

    return CPOTrainer, CPOConfig, {"loss_type": "simpo", "cpo_alpha": 0.0}


def written(method: str, number: int, pair: dict[str, str]) -> dict[str, Any]:
    """A pair in the columns that TRL reads."""
    prompt = [{"role": "user", "content": pair["prompt"]}]
    answer = {side: [{"role": "assistant", "content": pair[side]}] for side in ("chosen", "rejected")}
    if method in ("dpo", "orpo", "simpo"):
        return {"prompt": prompt, **answer}
    if method == "kto":
        good = bool(number % 2)
        return {"prompt": prompt, "completion": answer["chosen" if good else "rejected"], "label": good}
    return {"prompt": prompt, "completion": answer["chosen"]}


def measured(who: str, method: str, count: int) -> Speed:
    """One training in a process of its own."""
    command = [sys.executable, __file__, "--one", who, method, "--rows", str(count)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{who} {method}: {done.stderr.strip().splitlines()[-1]}")
    return Speed(**json.loads(done.stdout.strip().splitlines()[-1]))


def main() -> None:
    """Time all methods in turn and print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=320)
    parser.add_argument("--methods", nargs="*", default=METHODS)
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        who, method = given.one
        made(method)  # importing the libraries is nobody's
        loop, seconds = {"evalsuite": ours, "TRL": peer}[who](method, given.rows)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps(asdict(Speed(given.rows / loop, seconds, peak))))
        return
    found: dict[tuple[str, str], list[Speed]] = {}
    for _ in range(given.rounds):
        for method in given.methods:
            for who in ("evalsuite", "TRL"):
                found.setdefault((method, who), []).append(measured(who, method, given.rows))
    print(f"{'':12}{'rows/s':>10}{'TRL':>8}{'ratio':>8}{'seconds':>10}{'TRL':>8}{'MB':>8}{'TRL':>8}")
    for method in given.methods:
        us, them = (medians(found[method, who]) for who in ("evalsuite", "TRL"))
        print(
            f"{method:12}{us.rows_per_second:10.0f}{them.rows_per_second:8.0f}"
            f"{us.rows_per_second / them.rows_per_second:8.2f}{us.seconds:10.1f}{them.seconds:8.1f}"
            f"{us.peak_mb:8.0f}{them.peak_mb:8.0f}"
        )


def medians(speeds: list[Speed]) -> Speed:
    """The median of each figure."""
    columns = zip(*(asdict(speed).values() for speed in speeds), strict=True)
    return Speed(*(statistics.median(values) for values in columns))


if __name__ == "__main__":
    main()
