"""What a chain of trainings kept and lost (Lopez-Paz and Ranzato 2017, Chaudhry et al. 2018)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike


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
