"""AlpacaEval's win rate over weighted preferences (tatsu-lab/alpaca_eval, metrics/helpers.py)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evalsuite.stats.spread import Floats


@dataclass(frozen=True, slots=True)
class PreferenceRate:
    """How often a model is preferred to the baseline, in percent; `dropped` counts missing preferences.

    `standard_error` is the sample standard deviation over the root of n, None for a single preference.
    """

    win_rate: float
    standard_error: float | None
    discrete_win_rate: float
    n: int
    wins: int
    losses: int
    draws: int
    dropped: int


def preference_rate(preferences: Sequence[float | None]) -> PreferenceRate:
    """The win rate of preferences between 1 (baseline) and 2 (model); 1.5 or 0 is a draw, None or NaN is dropped.

    `discrete_win_rate` counts each preference as the win of the nearer side, a draw as half. ValueError when
    nothing is left or a preference is off the scale.
    """
    kept = chances(preferences)
    shares = kept[~np.isnan(kept)]
    if len(shares) == 0:
        raise ValueError("no preferences; a win rate of nothing is not defined")
    wins, losses = int((shares > 0.5).sum()), int((shares < 0.5).sum())
    draws = len(shares) - wins - losses
    return PreferenceRate(
        win_rate=100 * float(shares.mean()),
        standard_error=100 * float(shares.std(ddof=1)) / math.sqrt(len(shares)) if len(shares) > 1 else None,
        discrete_win_rate=100 * (wins + draws / 2) / len(shares),
        n=len(shares),
        wins=wins,
        losses=losses,
        draws=draws,
        dropped=len(kept) - len(shares),
    )


def chances(preferences: Sequence[float | None]) -> Floats:
    """Preferences as the chance that the model wins, 0 to 1; NaN where missing, a place kept for each."""
    values = np.array([math.nan if value is None else value for value in preferences], dtype=np.float64)
    values[values == 0] = 1.5
    if not (np.isnan(values) | ((values >= 1) & (values <= 2))).all():
        raise ValueError("preferences: 1 is the baseline, 2 the model, 1.5 or 0 a draw; found something else")
    return values - 1


def average_length(outputs: Sequence[str]) -> int:
    """The mean number of characters of the model's outputs, cut to a whole number as AlpacaEval prints it."""
    if not outputs:
        raise ValueError("no outputs; a mean length of nothing is not defined")
    return int(sum(map(len, outputs)) / len(outputs))
