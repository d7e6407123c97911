"""Figures of probes and grades: answer curves, copied text, exposure, likelihood, chains, expected grades."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evalsuite.stats.intervals.bootstrap import Undefined
from evalsuite.stats.intervals.spread import Floats, as_scores


def expected_grade(chances: Mapping[float, float]) -> float | Undefined:
    """Σ p(grade) · grade over the valid grades' probabilities, renormalised to 1.

    Undefined when no valid grade has any probability. ValueError for a negative probability.
    """
    if any(not chance >= 0 for chance in chances.values()):
        raise ValueError("chances: a probability is 0 or more")
    total = sum(chances.values())
    if total <= 0:
        return Undefined("none of the grades has any probability; the judge meant to say something else")
    return sum(grade * chance for grade, chance in chances.items()) / total


def area_over(kept: ArrayLike, same: ArrayLike) -> float:
    """1 less the area under "share kept → share of same answers" (trapezoids); low means post-hoc reasoning.

    Shapes (k,), the shares kept rising from 0 to 1. ValueError otherwise.
    """
    x, y = as_scores(kept, "shares kept"), as_scores(same, "shares same")
    if len(x) != len(y) or len(x) < 2 or x[0] != 0 or x[-1] != 1 or (np.diff(x) <= 0).any():
        raise ValueError("shares kept: wanted as many as shares same, rising from 0 to 1")
    return 1 - float(np.diff(x) @ (y[1:] + y[:-1])) / 2


def extracted(said: Sequence[int], truth: Sequence[int]) -> bool:
    """Whether greedy decoding gave exactly what follows (Carlini et al. 2023); an empty truth is not extracted."""
    return bool(truth) and list(said[: len(truth)]) == list(truth)


def longest_run(said: Sequence[int], truth: Sequence[int]) -> int:
    """The length of the longest run of tokens that both have, wherever it stands."""
    best, above = 0, [0] * (len(truth) + 1)
    for token in said:
        row = [0] * (len(truth) + 1)
        for place, other in enumerate(truth):
            if token == other:
                row[place + 1] = above[place] + 1
        best, above = max(best, *row), row
    return best


def copied_share(said: Sequence[int], truth: Sequence[int], *, n: int) -> float | None:
    """The share of the runs of n tokens in `said` that stand in `truth`; None where `said` is shorter than n."""
    runs = [tuple(said[start : start + n]) for start in range(len(said) - n + 1)]
    known = {tuple(truth[start : start + n]) for start in range(len(truth) - n + 1)}
    return sum(run in known for run in runs) / len(runs) if runs else None


def exposure(rank: int, candidates: int) -> float:
    """log2 |R| - log2 rank, in bits, of a canary at this rank (1 is best) among all its possible forms."""
    if not 1 <= rank <= candidates:
        raise ValueError(f"rank {rank} of {candidates}; the best rank is 1")
    return math.log2(candidates) - math.log2(rank)


def sampled_exposure(canary: float, others: ArrayLike) -> float:
    """The exposure of a canary's loss among those of drawn alternatives (n,), by the empirical share.

    The canary is one of the candidates, so the largest value that n alternatives can show is log2(n + 1).
    """
    losses = as_scores(others, "losses")
    return exposure(1 + int(np.count_nonzero(losses < canary)), len(losses) + 1)


@dataclass(frozen=True, slots=True)
class Continual:
    """Figures of T trainings in a row, each followed by a score on all T tasks.

    `accuracy` is the mean after the last training; `backward_transfer` how later trainings changed earlier
    tasks; `forgetting` the loss of each earlier task against its best score before the last training, and
    `mean_forgetting` their mean. The last two are None for a single training.
    """

    accuracy: float
    backward_transfer: float | None
    forgetting: tuple[float, ...]
    mean_forgetting: float | None


def continual(scores: ArrayLike) -> Continual:
    """Figures of the square table: row t, column i is the score on task i after training t.

    ValueError when the table is not square, is empty or holds a number that is not finite.
    """
    table = np.asarray(scores, dtype=np.float64)
    if table.ndim != 2 or table.shape[0] != table.shape[1] or not len(table) or not np.isfinite(table).all():
        raise ValueError(f"scores of shape {table.shape}; wanted a square table of finite numbers, a row per training")
    last, earlier = table[-1], len(table) - 1
    if not earlier:
        return Continual(float(last.mean()), None, (), None)
    lost = table[:-1, :-1].max(axis=0) - last[:-1]
    gained = last[:-1] - np.diag(table)[:-1]
    return Continual(float(last.mean()), float(gained.mean()), tuple(lost.tolist()), float(lost.mean()))


@dataclass(frozen=True, slots=True)
class TextLikelihood:
    """Negative log-likelihood over a corpus; `bits_per_byte` compares models whose tokens differ."""

    nll: float
    per_token: float
    perplexity: float
    bits_per_byte: float | None
    tokens: int


def text_likelihood(nll: ArrayLike, tokens: ArrayLike, *, utf8_bytes: ArrayLike | None = None) -> TextLikelihood:
    """Total first, divide once: the mean of the documents' perplexities is another, larger number.

    Shapes (n,): each document's negative log-likelihood in nats, its scored tokens and its UTF-8 bytes.
    ValueError when the counts do not match or no token was scored.
    """
    losses, counts = _documents(nll, tokens)
    total, scored = float(losses.sum()), int(counts.sum())
    size = None if utf8_bytes is None else float(_documents(nll, utf8_bytes)[1].sum())
    return TextLikelihood(
        nll=total,
        per_token=total / scored,
        perplexity=math.exp(min(total / scored, 700.0)),
        bits_per_byte=None if size is None else total / math.log(2) / size,
        tokens=scored,
    )


def _documents(nll: ArrayLike, counts: ArrayLike) -> tuple[Floats, Floats]:
    losses, sizes = as_scores(nll, "log-likelihoods"), np.asarray(counts, dtype=np.float64)
    if losses.shape != sizes.shape or not (sizes > 0).all():
        raise ValueError(f"{len(losses)} documents, {sizes.size} counts; each document needs a count above 0")
    return losses, sizes
