"""Pairs of a chosen and a rejected answer as tokens and batches, and what their trainers share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypedDict

from pydantic import Field

from evalsuite.plugins import TrainingJob
from evalsuite.records import ChosenRejected, Example
from evalsuite.train.loop.supervised import IGNORED, only, refuse, refuse_long, split
from evalsuite.train.loop.trainer import Loaded
from evalsuite.train.loop.training_options import TrainerOptions

# arXiv 2404.19733 and 2401.08417: without it a base that never answered in the wanted manner may only learn what to
# avoid, for the loss falls as well when both answers become less likely.
ImitationWeight = Annotated[
    float, Field(ge=0, description="weight of imitating the chosen answer as well; 0: only prefer it")
]
_SIDES = ("chosen", "rejected")


class PairTokens(TypedDict):
    """Token ids of the prompt that both answers share, and of each answer; not padded."""

    prompt_ids: list[int]
    chosen_ids: list[int]
    rejected_ids: list[int]


def pair_datasets(job: TrainingJob, tokenizer: Any, *, max_length: int) -> dict[str, Any]:
    """The job's pairs as a trainer's arguments `train_dataset` and `eval_dataset`; refuses as `tokenise_pairs`."""
    from datasets import Dataset

    def dataset(rows: Sequence[object], what: str) -> Any:
        pairs = only(ChosenRejected, rows, what=what)
        return Dataset.from_list(tokenise_pairs(pairs, tokenizer, max_length=max_length, what=what))

    return {
        "train_dataset": dataset(job.train, "training rows"),
        "eval_dataset": dataset(job.held_out, "held-out rows") if job.held_out else None,
    }


def tokenise_pairs(pairs: Sequence[ChosenRejected], tokenizer: Any, *, max_length: int, what: str) -> list[PairTokens]:
    """The pairs as tokens, in order; `what` names them in messages ("training rows").

    Raises TrainingError when an answer with its prompt is longer than `max_length` tokens, when an answer has no
    token to learn, and when the chosen answer is the rejected one: rows are never cut.
    """
    rows = [_pair(pair, tokenizer) for pair in pairs]
    refuse_long(
        [len(row["prompt_ids"]) + max(len(row["chosen_ids"]), len(row["rejected_ids"])) for row in rows],
        max_length=max_length,
        what=what,
    )
    refuse(
        [row["chosen_ids"] == row["rejected_ids"] for row in rows],
        f"of {len(rows)} {what} have the same answer as chosen and as rejected",
        "they say nothing about what is better: mend or drop them",
    )
    refuse(
        [not (row["chosen_ids"] and row["rejected_ids"]) for row in rows],
        f"of {len(rows)} {what} have an answer without a token to learn",
        "the chat template drops it: mend the rows or use another base",
    )
    return rows


def collator(pad: int) -> Callable[[Sequence[PairTokens]], dict[str, Any]]:
    """Makes batches for TRL's ORPO and CPO trainers, right-padded to the batch's longest prompt with answer.

    The trainers read `chosen_*` and `rejected_*`, int64 [rows, width] each; labels are -100 on prompts and padding.
    `input_ids` and `attention_mask`, [2 · rows, width] with the chosen ones first, are there to be counted.
    """
    import torch

    def batch(rows: Sequence[PairTokens]) -> dict[str, Any]:
        asked = [row["prompt_ids"] for row in rows]
        chosen, rejected = [row["chosen_ids"] for row in rows], [row["rejected_ids"] for row in rows]
        width = max(len(prompt) + len(side[i]) for side in (chosen, rejected) for i, prompt in enumerate(asked))
        made: dict[str, Any] = {}
        for name, answers in zip(_SIDES, (chosen, rejected), strict=True):
            whole = [prompt + answer for prompt, answer in zip(asked, answers, strict=True)]
            learned = [[IGNORED] * len(prompt) + answer for prompt, answer in zip(asked, answers, strict=True)]
            made[f"{name}_input_ids"] = torch.tensor([_padded(ids, pad, width) for ids in whole])
            made[f"{name}_attention_mask"] = torch.tensor([_padded([1] * len(ids), 0, width) for ids in whole])
            made[f"{name}_labels"] = torch.tensor([_padded(ids, IGNORED, width) for ids in learned])
        for key in ("input_ids", "attention_mask"):
            made[key] = torch.cat([made[f"{name}_{key}"] for name in _SIDES])
        return made

    return batch


def _pair(pair: ChosenRejected, tokenizer: Any) -> PairTokens:
    chosen_start, chosen = split(Example(pair.prompt, pair.chosen), tokenizer)
    rejected_start, rejected = split(Example(pair.prompt, pair.rejected), tokenizer)
    # As in TRL: where the two answers part from the prompt at different tokens, the earlier place counts for both.
    start = min(chosen_start, rejected_start)
    return {"prompt_ids": chosen[:start], "chosen_ids": chosen[start:], "rejected_ids": rejected[start:]}


def _padded(ids: list[int], value: int, width: int) -> list[int]:
    return ids + [value] * (width - len(ids))


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
