"""How surprising a text is to a model: perplexity and bits per byte over a whole corpus."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evalsuite.stats.spread import Floats, as_scores


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
