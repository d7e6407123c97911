"""Log-likelihoods as scores: of options, and of training rows by how hard they are for a model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Literal

from evalsuite.data.training.quality import Difficulty
from evalsuite.models.protocol import Model
from evalsuite.records import Completion, LogLikelihood, Metric, Prompt, Row, Sample, Score

Reply = Completion | tuple[LogLikelihood, ...]
Per = Literal["none", "tokens", "characters"]

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def option_loglikelihoods(
    samples: Sequence[Sample],
    choices: Callable[[Sequence[Prompt], Sequence[Sequence[str]]], Sequence[tuple[LogLikelihood, ...]]],
) -> list[tuple[LogLikelihood, ...]]:
    """For each sample the log-likelihood of each of its options, where `choices` is a model's or a subject's.

    Options that follow the same prompt are weighed together; where each has a prompt of its own, one by one.
    """
    asked = [_by_prompt(sample) for sample in samples]
    flat = [pair for parts in asked for pair in parts]
    found = iter(choices([prompt for prompt, _ in flat], [texts for _, texts in flat]))
    return [tuple(value for _ in parts for value in next(found)) for parts in asked]


def likeliest_option(options: Sequence[str], found: Sequence[LogLikelihood], *, per: Per = "none") -> int:
    """The position of the likeliest option, its log-likelihood divided by its length; of equal ones the first."""
    weights = [value.value / _length(option, value, per) for option, value in zip(options, found, strict=True)]
    return weights.index(max(weights))


def accuracy(sample: Sample, reply: Reply, *, norm: bool = False) -> tuple[Score, ...]:
    """1 when the likeliest option is a right one; with `norm` also by log-likelihood per character."""
    assert isinstance(reply, tuple)
    ways: dict[str, Per] = {"accuracy": "none"}
    if norm:
        ways["accuracy_norm"] = "characters"
    return tuple(
        Score(sample.id, metric, float(likeliest_option(sample.choices, reply, per=per) in sample.right))
        for metric, per in ways.items()
    )


def likeliest(what: str, *, norm: bool = False) -> tuple[Metric, ...]:
    """The metrics of a task that chooses the likeliest of several: options, endings, letters."""
    as_it_is = Metric("accuracy", about=f"The share of items whose likeliest {what} is a right one.")
    per_character = f"The share of items whose {what} likeliest by log-likelihood per character is a right one."
    return (as_it_is, Metric("accuracy_norm", about=per_character)) if norm else (as_it_is,)


def list_by_letter(options: Sequence[str]) -> str:
    """The options on lines of their own, each after its letter."""
    return "".join(f"\n{letter}. {option}" for letter, option in zip(LETTERS, options, strict=False))


def _by_prompt(sample: Sample) -> list[tuple[Prompt, list[str]]]:
    pairs = sample.pairs or tuple((sample.prompt, choice) for choice in sample.choices)
    return [(prompt, [text for _, text in of]) for prompt, of in groupby(pairs, key=lambda pair: pair[0])]


def _length(option: str, found: LogLikelihood, per: Per) -> int:
    return max(1, {"none": 1, "tokens": found.tokens, "characters": len(option)}[per])


def difficulties(rows: Sequence[Row], model: Model) -> list[Difficulty]:
    """The difficulty of each row's first answer; of the answers of a pair that is the chosen one."""
    answers = [[row.answers[0]] for row in rows]
    alone = _firsts(model.choices([Prompt.raw("")] * len(rows), answers))
    # A row of plain text has no question: with and without it are the same.
    asked = [index for index, row in enumerate(rows) if row.prompt != Prompt.raw("")]
    given = dict(enumerate(alone))
    found = _firsts(model.choices([rows[index].prompt for index in asked], [answers[index] for index in asked]))
    given.update(zip(asked, found, strict=True))
    return [Difficulty.of(given[index], alone[index]) for index in range(len(rows))]


def _firsts(found: Sequence[tuple[LogLikelihood, ...]]) -> list[LogLikelihood]:
    return [options[0] for options in found]
