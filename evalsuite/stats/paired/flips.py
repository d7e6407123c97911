"""Answers that flipped between two systems: McNemar's exact test on the discordant items (McNemar 1947)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evalsuite.stats.intervals.mean import Estimate, fair_coin_tail, mean
from evalsuite.stats.intervals.spread import Floats, as_scores, is_binary


@dataclass(frozen=True, slots=True)
class Flips:
    """Right and wrong before and after; `lost` counts the negative flips, right before and wrong now.

    `p_value` is exact and two-sided, `mid_p` its less conservative form; both are 1 without a flip.
    `negative_flip_rate` is lost / n with a Wilson interval.
    """

    n: int
    both: int
    lost: int
    gained: int
    neither: int
    p_value: float
    mid_p: float
    negative_flip_rate: Estimate


def flips(baseline_right: ArrayLike, candidate_right: ArrayLike, *, confidence: float = 0.95) -> Flips:
    """How many answers the candidate lost and gained against the baseline, item by item.

    Shapes (n,) and (n,) of 0/1 or booleans, the same items in the same order, **baseline first**. Only
    discordant items carry information: under "no change" each is lost or gained like a fair coin. ValueError
    for other scores, no scores, or lists of different length.
    """
    old, new = _right(baseline_right, "baseline"), _right(candidate_right, "candidate")
    if len(old) != len(new):
        raise ValueError(f"{len(old)} baseline answers, {len(new)} candidate answers; pair them by item")
    lost, gained = old > new, new > old
    p_value, mid_p = exact(int(lost.sum()), int(gained.sum()))
    return Flips(
        n=len(old),
        both=int((old * new).sum()),
        lost=int(lost.sum()),
        gained=int(gained.sum()),
        neither=int(((1 - old) * (1 - new)).sum()),
        p_value=p_value,
        mid_p=mid_p,
        negative_flip_rate=mean(lost, confidence=confidence),
    )


def _right(values: ArrayLike, what: str) -> Floats:
    answers = as_scores(values, what)
    if not is_binary(answers, None):
        raise ValueError(f"{what}: found {np.unique(answers)[:5].tolist()}; right answers are 1, wrong ones 0")
    return answers


def exact(lost: int, gained: int) -> tuple[float, float]:
    """The exact two-sided p-value of so many flips each way, and its mid-p; also the sign test."""
    fewer, discordant = min(lost, gained), lost + gained
    up_to, below = fair_coin_tail(fewer, discordant), fair_coin_tail(fewer - 1, discordant)
    # Mid-p counts the observed table half: twice the tail, less its probability once.
    return min(1.0, 2 * up_to), min(1.0, up_to + below)
