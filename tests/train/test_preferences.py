"""Learning from preferences and ratings: the losses are the papers', the reference is the base, bad rows are named."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from tiny_training import Job, row_of

from evalsuite.errors import TrainingError
from evalsuite.records import ChosenRejected, Example, Prompt, Rated, Row
from evalsuite.train.loop.preference import tokenise_pairs
from evalsuite.train.loop.supervised import only
from evalsuite.train.loop.trainer import Loaded, fit
from evalsuite.train.methods.kto import rated_datasets, tokenise_rated, with_others

Make = Callable[..., Job]

# One batch, one step, and a rate at which nothing moves: the first loss is that of the base.
STILL: dict[str, Any] = {"adapter": {"type": "lora"}, "epochs": 1, "batch_size": 6, "learning_rate": 1e-12}


class Letters:
    """A tokenizer that takes every letter for a token."""

    chat_template = None
    eos_token = "|"

    def __call__(self, text: str) -> dict[str, list[int]]:
        return {"input_ids": [ord(letter) for letter in text]}


def pair(chosen: str, rejected: str) -> ChosenRejected:
    return ChosenRejected(Prompt.raw("ab"), chosen, rejected)


def rated(completion: str, good: bool) -> Rated:
    return Rated(Prompt.raw("ab"), completion, good)


def test_a_pair_shares_its_prompt() -> None:
    (row,) = tokenise_pairs([pair("cd", "e")], Letters(), max_length=5, what="rows")
    assert row == {"prompt_ids": [97, 98], "chosen_ids": [99, 100, 124], "rejected_ids": [101, 124]}


@pytest.mark.parametrize(
    ("pairs", "sentence"),
    [
        (
            [pair("c", "d"), pair("c", "defgh"), pair("cdefghi", "d")],
            "2 of 3 rows are longer than max_length 5 tokens (the first is row 2, the longest has 10)",
        ),
        (
            [pair("c", "d"), pair("c", "e"), pair("c", "c")],
            "1 of 3 rows have the same answer as chosen and as rejected (the first is row 3)",
        ),
    ],
)
def test_pairs_that_cannot_teach_are_refused(pairs: Sequence[ChosenRejected], sentence: str) -> None:
    with pytest.raises(TrainingError) as refusal:
        tokenise_pairs(pairs, Letters(), max_length=5, what="rows")
    assert sentence in str(refusal.value)


def test_rated_rows_that_are_too_long_are_refused() -> None:
    with pytest.raises(
        TrainingError,
        match=r"1 of 2 rows are longer than max_length 5 tokens \(the first is row 2, the longest has 8\)",
    ):
        tokenise_rated([rated("c", True), rated("defgh", False)], Letters(), max_length=5, what="rows")


@pytest.mark.slow
@pytest.mark.parametrize(("good", "word"), [(True, "good"), (False, "bad")])
def test_ratings_of_one_kind_only_are_refused(job: Make, good: bool, word: str) -> None:
    from dataclasses import replace

    same = tuple(Rated(Prompt.user("Why?"), f"Because of {n}.", good) for n in range(3))
    asked = replace(job(options={"method": "kto"}).training_job([]), train=same)
    with pytest.raises(TrainingError, match=rf"3 of 3 training rows are labelled {word} \(the first is row 1\); kto "):
        rated_datasets(asked, Letters(), max_length=64, batch_size=2)


def test_rows_of_another_kind_are_refused() -> None:
    rows: list[Row] = [pair("c", "d"), Example(Prompt.raw("ab"), "c"), rated("c", True)]
    with pytest.raises(
        TrainingError, match=r"2 of 3 training rows are of another kind than ChosenRejected \(the first"
    ):
        only(ChosenRejected, rows, what="training rows")


def test_every_row_gets_the_answer_of_another_for_the_kl_term() -> None:
    rows = [([0], [number], True) for number in range(1, 8)]
    assert [row["KL_completion_ids"] for row in with_others(rows, 3)] == [[3], [1], [2], [6], [4], [5], [6]]


def log_probabilities(base: Path, rows: Sequence[Row]) -> list[dict[str, tuple[list[float], list[float]]]]:
    """By the base alone: for each answer of each row, the log-probabilities of all tokens and of the answer's."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from evalsuite.train.loop.supervised import split

    tokenizer = AutoTokenizer.from_pretrained(base)
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32).eval()
    found = []
    for row in rows:
        assert isinstance(row, ChosenRejected)
        sides = {}
        for name in ("chosen", "rejected"):
            start, ids = split(Example(row.prompt, getattr(row, name)), tokenizer)
            with torch.inference_mode():
                logits = model(torch.tensor([ids])).logits[0, :-1].log_softmax(-1)
            each = logits[range(len(ids) - 1), ids[1:]].tolist()
            sides[name] = (each, each[start - 1 :])
        found.append(sides)
    return found


def mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def log_sigmoid(value: float) -> float:
    return -math.log1p(math.exp(-value))


def orpo(sides: list[dict[str, tuple[list[float], list[float]]]]) -> float:
    imitation = -mean([each for row in sides for each in row["chosen"][0]])

    def log_odds(answer: list[float]) -> float:
        return mean(answer) - math.log1p(-math.exp(mean(answer)))

    ratios = [log_sigmoid(log_odds(row["chosen"][1]) - log_odds(row["rejected"][1])) for row in sides]
    return imitation - 0.1 * mean(ratios)


def simpo(sides: list[dict[str, tuple[list[float], list[float]]]]) -> float:
    return -mean([log_sigmoid(2 * mean(row["chosen"][1]) - 2 * mean(row["rejected"][1]) - 1) for row in sides])


def imitation(sides: list[dict[str, tuple[list[float], list[float]]]]) -> float:
    return -mean([each for row in sides for each in row["chosen"][1]])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"method": "dpo"}, lambda sides: math.log(2)),
        ({"method": "dpo", "loss_type": "hinge"}, lambda sides: 1.0),
        ({"method": "dpo", "sft_weight": 0.5}, lambda sides: math.log(2) + 0.5 * imitation(sides)),
        ({"method": "dpo", "adapter": {"type": "ia3"}}, lambda sides: math.log(2)),
        ({"method": "orpo"}, orpo),
        ({"method": "simpo"}, simpo),
        ({"method": "simpo", "sft_weight": 0.5}, lambda sides: simpo(sides) + 0.5 * imitation(sides)),
        ({"method": "kto", "desirable_weight": 3.0}, lambda sides: (3 + 1) / 2 * 0.5),
    ],
)
def test_the_loss_is_the_papers(job: Make, base: Path, options: dict[str, Any], expected: Callable[..., float]) -> None:
    made = job(options={**STILL, **options}, rows=6, held_out=0).run()
    rows = [row_of(ChosenRejected, number) for number in range(6)]
    assert made.curve[0].loss == pytest.approx(expected(log_probabilities(base, rows)), rel=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["lora", "prefix", "prompt"])
def test_the_reference_is_the_base_with_the_adapter_off(job: Make, base: Path, kind: str) -> None:
    made, kept = job(options={**STILL, "method": "dpo", "adapter": {"type": kind}}, rows=3, held_out=0), {}
    asked = made.training_job([])

    def build(loaded: Loaded) -> Any:
        kept["trainer"] = made.method._trainer(asked, loaded)
        return kept["trainer"]

    training = fit(asked, made.method, build=build)
    rows = kept["trainer"].train_dataset
    by_hand = log_probabilities(base, asked.train)
    for name in ("chosen", "rejected"):
        assert rows[f"ref_{name}_logps"][:] == pytest.approx([sum(row[name][1]) for row in by_hand], rel=1e-4)
    # What was seen is every pair's prompt twice, and both its answers.
    lengths = [2 * len(row["prompt_ids"]) + len(row["chosen_ids"]) + len(row["rejected_ids"]) for row in rows]
    assert training.tokens_seen == sum(lengths)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["orpo", "simpo"])
def test_tokens_are_counted_where_the_trainer_knows_no_input(job: Make, method: str) -> None:
    seen = {each: job(options={**STILL, "method": each}, held_out=0).run().tokens_seen for each in ("dpo", method)}
    assert seen[method] == seen["dpo"]


@pytest.mark.slow
def test_the_bases_own_dropout_is_off_and_the_adapters_stays(job: Make) -> None:
    import torch

    made, kept = job(options={**STILL, "method": "dpo", "adapter": {"type": "lora", "dropout": 0.25}}), {}
    asked = made.training_job([])

    def build(loaded: Loaded) -> Any:
        loaded.model.model.layers[0].mlp.act_fn = torch.nn.Sequential(torch.nn.SiLU(), torch.nn.Dropout(0.5))
        kept["trainer"] = made.method._trainer(asked, loaded)
        return kept["trainer"]

    fit(asked, made.method, build=build)
    shares = {m.p for m in kept["trainer"].model.modules() if isinstance(m, torch.nn.Dropout)}
    assert shares == {0.0, 0.25}


@pytest.mark.slow
def test_pairs_are_the_tokens_that_trl_makes(base: Path, tmp_path: Path) -> None:
    from datasets import Dataset
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from trl import DPOConfig, DPOTrainer

    from evalsuite.train.loop.loaded_base import quiet

    rows = [row_of(ChosenRejected, number) for number in range(4)]
    tokenizer = AutoTokenizer.from_pretrained(base)
    ours = tokenise_pairs(only(ChosenRejected, rows, what="rows"), tokenizer, max_length=64, what="rows")
    columns = [
        {
            "prompt": [{"role": "user", "content": row.prompt.shown}],
            "chosen": [{"role": "assistant", "content": row.chosen}],
            "rejected": [{"role": "assistant", "content": row.rejected}],
        }
        for row in only(ChosenRejected, rows, what="rows")
    ]
    config = DPOConfig(str(tmp_path), use_cpu=True, bf16=False, report_to="none")
    with quiet():
        model = AutoModelForCausalLM.from_pretrained(base)
        theirs = DPOTrainer(model, args=config, train_dataset=Dataset.from_list(columns), processing_class=tokenizer)
    for our, their in zip(ours, theirs.train_dataset, strict=True):
        assert our == {key: their[key] for key in ("prompt_ids", "chosen_ids", "rejected_ids")}
