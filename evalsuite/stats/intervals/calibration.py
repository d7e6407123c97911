"""Does a model know how sure it may be? Brier score and expected calibration error (Brier 1950, Naeini 2015)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evalsuite.stats.intervals.bootstrap import Resampling, percentile_interval
from evalsuite.stats.intervals.mean import Estimate, Interval, mean
from evalsuite.stats.intervals.spread import Floats, as_scores, within


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers of similar confidence: from and below which, how many, how sure, how often right."""

    low: float
    high: float
    n: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """Brier score with its interval, expected calibration error with a bootstrap interval, and the bins behind it.

    The calibration error of a perfectly calibrated model is above 0 in any finite sample, and the interval
    does not correct for it: compare models on the same items rather than with 0.
    """

    brier: Estimate
    error: float
    error_interval: Interval
    bins: tuple[Bin, ...]
    n: int


def calibration(confidence: ArrayLike, right: ArrayLike, *, resampling: Resampling, bins: int = 10) -> Calibration:
    """How well confidence (n,), 0 to 1, foretells whether the answer is right (n,), 0 or 1.

    Bins are equally wide. ValueError when shapes differ or numbers are out of range.
    """
    sure, correct = within(as_scores(confidence, "confidence"), (0, 1)), as_scores(right, "answers")
    if len(sure) != len(correct) or not np.isin(correct, (0.0, 1.0)).all():
        raise ValueError(
            f"{len(sure)} confidences, {len(correct)} answers; pair them, right answers 1 and wrong ones 0"
        )
    if bins < 1:
        raise ValueError(f"bins is {bins}; wanted 1 or more")
    codes = np.minimum((sure * bins).astype(np.intp), bins - 1)

    def error(chosen: Floats) -> float:
        gaps = np.bincount(codes, chosen * (correct - sure), minlength=bins)
        return float(np.abs(gaps).sum() / chosen.sum())

    value = error(np.ones(len(sure)))
    return Calibration(
        brier=mean((sure - correct) ** 2, bounds=(0, 1)),
        error=value,
        error_interval=percentile_interval(error, n=len(sure), value=value, resampling=resampling),
        bins=tuple(_bins(sure, correct, codes, bins)),
        n=len(sure),
    )


def _bins(sure: Floats, correct: Floats, codes: np.ndarray, bins: int) -> list[Bin]:
    filled = [(number, codes == number) for number in np.unique(codes).tolist()]
    return [
        Bin(number / bins, (number + 1) / bins, int(mine.sum()), float(sure[mine].mean()), float(correct[mine].mean()))
        for number, mine in filled
    ]
