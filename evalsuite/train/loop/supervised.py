"""Supervised fine-tuning: rows as tokens, which of them carry loss, and how rows are packed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import takewhile
from typing import Any, Self, TypedDict, TypeVar

from pydantic import Field, model_validator

from evalsuite.errors import TrainingError
from evalsuite.plugins import TrainingJob
from evalsuite.records import Example, Training
from evalsuite.train.loop.trainer import Loaded, fit
from evalsuite.train.loop.training_options import TrainerOptions
from evalsuite.train.parametrisation import refuse_head

# What torch's cross-entropy leaves out.
IGNORED = -100

R = TypeVar("R")


class TokenRow(TypedDict):
    """Token ids of prompt and completion, and as many labels: the ids of the completion, -100 before it; not padded."""

    input_ids: list[int]
    labels: list[int]


def chat(example: Example) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """Prompt and completion as TRL's conversational columns."""
    prompt = [{"role": message.role, "content": message.content} for message in example.prompt.messages]
    return prompt, [{"role": "assistant", "content": example.completion}]


def tokenise(examples: Sequence[Example], tokenizer: Any, *, max_length: int, what: str) -> list[TokenRow]:
    """The examples as rows, in order; `what` names them in messages ("training rows").

    Raises TrainingError when rows are longer than `max_length` tokens or have nothing to learn: rows are never cut.
    """
    rows = [_row(example, tokenizer) for example in examples]
    refuse_long([len(row["input_ids"]) for row in rows], max_length=max_length, what=what)
    refuse(
        [all(label == IGNORED for label in row["labels"]) for row in rows],
        f"of {len(rows)} {what} have no token to learn",
        "the chat template drops their completion: mend the rows or use another base",
    )
    return rows


def only(kind: type[R], rows: Sequence[object], *, what: str) -> list[R]:
    """The rows, all of one kind; raises TrainingError when some are of another."""
    found = [row for row in rows if isinstance(row, kind)]
    refuse(
        [not isinstance(row, kind) for row in rows],
        f"of {len(rows)} {what} are of another kind than {kind.__name__}",
        "give the method the rows that it learns from",
    )
    return found


def refuse_long(lengths: Sequence[int], *, max_length: int, what: str) -> None:
    """Raises TrainingError when rows are longer than `max_length` tokens."""
    refuse(
        [length > max_length for length in lengths],
        f"of {len(lengths)} {what} are longer than max_length {max_length} tokens",
        "raise train.max_length or shorten these rows",
        more=f", the longest has {max(lengths, default=0)}",
    )


def refuse(wrong: Sequence[bool], what: str, advice: str, *, more: str = "") -> None:
    """Raises TrainingError with the number of wrong rows and the first of them, counted from 1, and what to do."""
    if any(wrong):
        first = list(wrong).index(True) + 1
        raise TrainingError(f"{sum(wrong)} {what} (the first is row {first}{more}); {advice}")


def split(example: Example, tokenizer: Any) -> tuple[int, list[int]]:
    """Where the completion starts, in tokens from 0, and the token ids of prompt and completion."""
    start, whole = _split(example, tokenizer)
    return start, list(whole)


# The trainings of a matrix have the same rows and, in one process, the same tokenizer.
@lru_cache(maxsize=100_000)
def _split(example: Example, tokenizer: Any) -> tuple[int, tuple[int, ...]]:
    before, whole = _conversation(example, tokenizer) if example.prompt.text is None else _text(example, tokenizer)
    # As in TRL, the completion starts where the two part, which may be before the prompt's last token.
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(before, whole, strict=False))), tuple(whole)


def _row(example: Example, tokenizer: Any) -> TokenRow:
    start, whole = split(example, tokenizer)
    return {"input_ids": whole, "labels": [IGNORED] * start + whole[start:]}


def _conversation(example: Example, tokenizer: Any) -> tuple[list[int], list[int]]:
    if not tokenizer.chat_template:
        raise TrainingError("the base model has no chat template, and the data are conversations; use a chat model")
    prompt, completion = chat(example)
    before = tokenizer.apply_chat_template(prompt, add_generation_prompt=True, tokenize=True, return_dict=True)
    whole = tokenizer.apply_chat_template(prompt + completion, tokenize=True, return_dict=True)
    return list(before["input_ids"]), list(whole["input_ids"])


def _text(example: Example, tokenizer: Any) -> tuple[list[int], list[int]]:
    text = f"{example.prompt.text}{example.completion}"
    end = tokenizer.eos_token or ""
    whole = text if end and text.endswith(end) else text + end
    return list(tokenizer(example.prompt.text)["input_ids"]), list(tokenizer(whole)["input_ids"])


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
