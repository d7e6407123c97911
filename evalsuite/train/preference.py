"""What the trainers of preference methods share: they take our rows as they are, and leave dropout to the adapter."""

from __future__ import annotations

from typing import Any

from evalsuite.plugins import TrainingJob
from evalsuite.train.options import TrainerOptions
from evalsuite.train.pairs import collator, pair_datasets
from evalsuite.train.trainer import Loaded


def as_they_are(trainer: type) -> Any:
    """The TRL trainer class, made to take rows as we tokenised and measured them instead of rendering and cutting."""

    class AsTheyAre(trainer):  # type: ignore[misc]  # TRL is untyped here
        # ORPO and CPO
        def tokenize_row(self, feature: Any, model: Any = None) -> Any:
            return feature

        # DPO and KTO
        def _prepare_dataset(self, dataset: Any, *_: Any) -> Any:
            return dataset

    return AsTheyAre


def without_dropout(model: Any) -> Any:
    """The base with its own dropout off, for log-probabilities are compared; the adapter's stays as the spec has it."""
    import torch

    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    return model


def ignore_virtual_tokens(model: Any) -> None:
    """Makes the model return logits for the tokens it was given only; PEFT puts those of a prompt before them.

    [batch, virtual + length, vocabulary] becomes [batch, length, vocabulary], the length being that of the ids given.
    """

    def cut(_: Any, args: tuple[Any, ...], output: Any) -> None:
        output.logits = output.logits[:, -args[0].shape[1] :]

    model.register_forward_hook(cut)


def without_reference(
    trainer: type, config: type, loaded: Loaded, *, job: TrainingJob, options: TrainerOptions, **own: Any
) -> Any:
    """A trainer of the pair methods that need no reference model (ORPO, CPO); `own` are its options."""
    made = as_they_are(trainer)(
        model=without_dropout(loaded.model),
        args=config(
            **loaded.arguments,
            **own,
            disable_dropout=False,
            max_length=options.max_length,
            remove_unused_columns=False,
        ),
        data_collator=collator(loaded.tokenizer.pad_token_id),
        processing_class=loaded.tokenizer,
        peft_config=options.adapter.peft_config(),
        **pair_datasets(job, loaded.tokenizer, max_length=options.max_length),
    )
    ignore_virtual_tokens(made.model)
    return made
