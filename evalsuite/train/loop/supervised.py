"""Supervised fine-tuning: what the methods share that learn to answer as rows do; packed rows."""

from __future__ import annotations

from typing import Any, Self

from pydantic import Field, model_validator

from evalsuite.plugins import TrainingJob
from evalsuite.records import Example, Training
from evalsuite.train.loop.tokens import only, tokenise
from evalsuite.train.loop.trainer import Loaded, fit
from evalsuite.train.loop.training_options import TrainerOptions
from evalsuite.train.parametrisation import refuse_head

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


class SupervisedOptions(TrainerOptions):
    """How an adapter learns to answer as rows do; the loss counts the completion's tokens only."""

    packing: bool = Field(default=False, description="fill sequences of max_length with several rows each")

    @model_validator(mode="after")
    def _trainable(self) -> Self:
        refuse_head(self.adapter.layers)
        if self.packing and self.adapter.virtual_tokens:
            raise ValueError(
                f"packing puts several rows into one sequence, and {self.adapter.type} stands before the whole of it; "
                "switch packing off or use another adapter type"
            )
        return self

    def supervise(self, job: TrainingJob) -> Training:
        """Trains into `job.output`, resuming what a kill cut off; raises TrainingError."""
        return fit(job, self, build=lambda loaded: self._trainer(job, loaded))

    def _trainer(self, job: TrainingJob, loaded: Loaded) -> Any:
        from datasets import Dataset
        from trl import SFTConfig, SFTTrainer

        def dataset(rows: Any, what: str) -> Any:
            examples = only(Example, rows, what=what)
            return Dataset.from_list(tokenise(examples, loaded.tokenizer, max_length=self.max_length, what=what))

        options = dict(loaded.arguments)
        if self.packing:
            # Packed rows carry no attention mask, and no padding either.
            options["include_num_input_tokens_seen"] = "all"
            use_blocks(loaded.model)
        return SFTTrainer(
            model=loaded.model,
            # Rows come tokenised and measured; without packing there is nothing left to cut.
            args=SFTConfig(**options, packing=self.packing, max_length=self.max_length if self.packing else None),
            train_dataset=dataset(job.train, "training rows"),
            eval_dataset=dataset(job.held_out, "held-out rows") if job.held_out else None,
            processing_class=loaded.tokenizer,
            peft_config=self.adapter.peft_config(),
        )
