"""The options that every trained method shares, and the trainer arguments they become."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from evalsuite.records import Recipe
from evalsuite.spec.options import MethodOptions
from evalsuite.spec.source import Canaries, Source
from evalsuite.train.adapters.dora import DoraAdapter
from evalsuite.train.adapters.full import FullAdapter
from evalsuite.train.adapters.ia3 import Ia3Adapter
from evalsuite.train.adapters.lora import LoraAdapter
from evalsuite.train.adapters.prefix import PrefixAdapter
from evalsuite.train.adapters.prompt import PromptAdapter
from evalsuite.train.adapters.qlora import QloraAdapter
from evalsuite.train.adapters.rslora import RsLoraAdapter

AdapterType = Annotated[
    LoraAdapter | RsLoraAdapter | DoraAdapter | QloraAdapter | Ia3Adapter | PrefixAdapter | PromptAdapter | FullAdapter,
    Field(discriminator="type"),
]


# `constant` warms up too, or `warmup_ratio` would be ignored in silence.
_SCHEDULERS = {"linear": "linear", "cosine": "cosine", "constant": "constant_with_warmup"}
# The watch asks for every log, evaluation and checkpoint itself; the trainer's own rhythm must never fire.
_NEVER = 10**9

LearningRate = Annotated[
    float, Field(gt=0, le=1, description="peak of the schedule; ia3, prefix and prompt want 10 to 100 times as much")
]


class TrainerOptions(MethodOptions):
    """How long, how fast and on which rows a method trains an adapter."""

    adapter: Annotated[AdapterType, Field(description="how the base is parametrised")]
    data: Annotated[tuple[Source, ...], Field(min_length=1, description="the rows to learn from")]
    epochs: Annotated[float, Field(gt=0, description="passes over the training rows; a fraction is allowed")] = 3.0
    learning_rate: LearningRate = 2e-4
    batch_size: Annotated[int, Field(ge=1, description="rows per forward pass")] = 8
    gradient_accumulation: Annotated[int, Field(ge=1, description="forward passes per optimiser step")] = 1
    warmup_ratio: Annotated[float, Field(ge=0, lt=1, description="share of the steps that warm up")] = 0.03
    scheduler: Literal["linear", "cosine", "constant"] = "linear"
    weight_decay: Annotated[float, Field(ge=0)] = 0.0
    max_length: Annotated[int, Field(ge=2, description="tokens of prompt and completion; longer rows are refused")] = (
        1024
    )
    held_out: Annotated[float, Field(ge=0, lt=1, description="share of the rows kept aside to measure the loss")] = 0.1
    evaluations: Annotated[
        int, Field(ge=1, description="per run, evenly spaced: measure the held-out loss and leave a checkpoint")
    ] = 4
    early_stopping: Annotated[
        int | None,
        Field(ge=1, description="stop after so many evaluations without a better held-out loss; keep the best weights"),
    ] = None
    seed: int = 0
    canaries: Annotated[
        Canaries | None, Field(description="plant made-up secrets, for the memorisation probe to look for")
    ] = None

    @property
    def recipe(self) -> Recipe:
        """The rows of its sources, with the declared secrets among them."""
        return Recipe(
            sources=self.data,
            seed=self.seed,
            held_out=self.held_out,
            epochs=self.epochs,
            canaries=self.canaries,
            adapter_type=self.adapter.type,
            by_content=frozenset({"data"}),
        )


def has_cuda() -> bool:
    """Whether the training runs on a GPU."""
    import torch

    return bool(torch.cuda.is_available())


def arguments(options: TrainerOptions, folder: Path, *, seed: int, evaluates: bool) -> dict[str, Any]:
    """Keyword arguments for any TRL config; checkpoints go into `folder`."""
    cuda = has_cuda()
    best = options.early_stopping is not None
    return {
        "output_dir": str(folder),
        "num_train_epochs": options.epochs,
        "learning_rate": options.learning_rate,
        "per_device_train_batch_size": options.batch_size,
        "per_device_eval_batch_size": options.batch_size,
        "gradient_accumulation_steps": options.gradient_accumulation,
        "warmup_steps": options.warmup_ratio,  # below 1 it is a share of all steps
        "lr_scheduler_type": _SCHEDULERS[options.scheduler],
        "weight_decay": options.weight_decay,
        "seed": seed,
        "data_seed": seed,
        "use_cpu": not cuda,
        "bf16": cuda,
        "gradient_checkpointing": cuda and options.adapter.recomputes,
        "dataloader_pin_memory": cuda,
        "logging_steps": _NEVER,
        "eval_strategy": "steps" if evaluates else "no",
        "eval_steps": _NEVER,
        "save_strategy": "steps",
        "save_steps": _NEVER,
        "load_best_model_at_end": best,
        "metric_for_best_model": "eval_loss" if best else None,
        "greater_is_better": False if best else None,
        # The watch refuses a loss that is not finite; the trainer would replace it by an average.
        "logging_nan_inf_filter": False,
        "include_num_input_tokens_seen": "non_padding",
        "report_to": "none",
        "disable_tqdm": True,
        "log_level": "error",
    }
