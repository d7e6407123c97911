"""Kahneman-Tversky optimisation (arXiv 2402.01306): learns from single answers that are good or bad.

loss = w_good (1 - σ(β(log π/π_ref - KL))) for a good answer, w_bad (1 - σ(β(KL - log π/π_ref))) for a bad one; KL is
estimated from each prompt with another row's answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal, Self, TypedDict

from pydantic import Field, model_validator

from evalsuite.plugins import TrainingJob
from evalsuite.records import Example, Rated, Row, Training
from evalsuite.train.loop.preference import as_they_are, without_dropout
from evalsuite.train.loop.supervised import only, refuse, refuse_long, split
from evalsuite.train.loop.trainer import Loaded, fit
from evalsuite.train.loop.training_options import LearningRate, TrainerOptions
from evalsuite.train.parametrisation import refuse_head


class RatedTokens(TypedDict):
    """Token ids of prompt and answer, the answer of another row, and whether the answer is good; not padded."""

    prompt_ids: list[int]
    completion_ids: list[int]
    KL_completion_ids: list[int]
    label: bool


def rated_datasets(job: TrainingJob, tokenizer: Any, *, max_length: int, batch_size: int) -> dict[str, Any]:
    """The job's rows as the keyword arguments `train_dataset` and `eval_dataset` of TRL's KTO trainer.

    Raises TrainingError as `tokenise_rated`, and when the training rows are all good or all bad.
    """
    from datasets import Dataset

    def dataset(rows: Sequence[Rated], what: str) -> Any:
        tokens = tokenise_rated(rows, tokenizer, max_length=max_length, what=what)
        return Dataset.from_list(with_others(tokens, batch_size))

    train = only(Rated, job.train, what="training rows")
    if len({row.good for row in train}) == 1:
        refuse(
            [True] * len(train),
            f"of {len(train)} training rows are labelled {'good' if train[0].good else 'bad'}",
            "kto learns from the difference: add rows of the other kind",
        )
    held_out = only(Rated, job.held_out, what="held-out rows")
    return {
        "train_dataset": dataset(train, "training rows"),
        "eval_dataset": dataset(held_out, "held-out rows") if held_out else None,
    }


def tokenise_rated(
    rows: Sequence[Rated], tokenizer: Any, *, max_length: int, what: str
) -> list[tuple[list[int], list[int], bool]]:
    """Prompt ids, answer ids and label of each row, in order; `what` names them in messages ("training rows").

    Raises TrainingError when rows are longer than `max_length` tokens or have no token to learn: rows are never cut.
    """
    parted = [split(Example(row.prompt, row.completion), tokenizer) for row in rows]
    refuse_long([len(whole) for _, whole in parted], max_length=max_length, what=what)
    refuse(
        [start >= len(whole) for start, whole in parted],
        f"of {len(rows)} {what} have no token to learn",
        "the chat template drops their completion: mend the rows or use another base",
    )
    return [(whole[:start], whole[start:], row.good) for (start, whole), row in zip(parted, rows, strict=True)]


def with_others(rows: Sequence[tuple[list[int], list[int], bool]], batch_size: int) -> list[RatedTokens]:
    """Each row with the answer of the row before it in its batch, the first with that of the last, as TRL does it.

    A row that stands alone in the last batch takes the row before it, for its own answer would measure nothing.
    """
    made: list[RatedTokens] = []
    for position, (prompt, answer, good) in enumerate(rows):
        last = min(position - position % batch_size + batch_size, len(rows)) - 1
        other = last if position % batch_size == 0 and last != position else position - 1
        made.append(
            {"prompt_ids": prompt, "completion_ids": answer, "KL_completion_ids": rows[other][1], "label": good}
        )
    return made


class Kto(TrainerOptions):
    """Learns from answers rated good or bad, held near the base by β; the rows are read in order, not shuffled anew."""

    version: ClassVar[int] = 1
    learns_from: ClassVar[type[Row]] = Rated

    method: Literal["kto"]
    # Ten times the paper's rate for all weights (5e-7 to 5e-6), as is usual for adapters.
    learning_rate: LearningRate = 5e-5
    beta: Annotated[float, Field(gt=0, description="how strongly the base holds: higher stays nearer to it")] = 0.1
    desirable_weight: Annotated[float, Field(gt=0, description="weight of a good row; raise it where few are")] = 1.0
    undesirable_weight: Annotated[float, Field(gt=0, description="weight of a bad row; raise it where few are")] = 1.0

    @model_validator(mode="after")
    def _trainable(self) -> Self:
        refuse_head(self.adapter.layers)
        if self.batch_size < 2:
            raise ValueError("kto estimates its KL term within a batch; set batch_size to 2 or more")
        return self

    def train(self, job: TrainingJob) -> Training:
        """Trains into `job.output`, resuming what a kill cut off; raises TrainingError."""
        return fit(job, self, build=lambda loaded: self._trainer(job, loaded))

    def _trainer(self, job: TrainingJob, loaded: Loaded) -> Any:
        from trl import KTOConfig, KTOTrainer

        rows = rated_datasets(job, loaded.tokenizer, max_length=self.max_length, batch_size=self.batch_size)
        return as_they_are(KTOTrainer)(
            model=without_dropout(loaded.model),
            args=KTOConfig(
                **loaded.arguments,
                beta=self.beta,
                desirable_weight=self.desirable_weight,
                undesirable_weight=self.undesirable_weight,
                precompute_ref_log_probs=True,
                disable_dropout=False,
                # Our rows fit; only a prompt with another row's answer, read for the KL term, is cut here.
                max_length=self.max_length,
            ),
            processing_class=loaded.tokenizer,
            peft_config=self.adapter.peft_config(),
            **rows,
        )
