"""AlpacaEval's length-controlled win rate (Dubois et al. 2024; tatsu-lab/alpaca_eval, metrics/glm_winrate.py)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalsuite.stats.intervals.bootstrap import Resampling, percentile_interval
from evalsuite.stats.intervals.mean import Interval
from evalsuite.stats.intervals.spread import Floats, as_scores

NEWTON_STEPS = 200
SWEEPS = 1000
HALVINGS = 40
SMALLEST = 1e-10  # of a step, in log-odds
FLATTEST = 1e-12
ROUNDING = 1e-14


@dataclass(frozen=True, slots=True)
class SoftRows:
    """Feature rows (n, k), the chance of "yes" of each (n,) and its weight (n,)."""

    features: Floats
    chances: Floats
    weights: Floats

    def joined(self, other: SoftRows) -> SoftRows:
        """Both sets of rows."""
        return SoftRows(
            np.concatenate([self.features, other.features]),
            np.concatenate([self.chances, other.chances]),
            np.concatenate([self.weights, other.weights]),
        )

    def only(self, chosen: NDArray[np.bool_]) -> SoftRows:
        """The chosen rows."""
        return SoftRows(self.features[chosen], self.chances[chosen], self.weights[chosen])

    def weighted(self, times: Floats) -> SoftRows:
        """The same rows, each weight multiplied."""
        return SoftRows(self.features, self.chances, self.weights * times)

    def loss(self, coefficients: Floats) -> float:
        """The weighted sum of cross-entropies; a soft label is its two copies, weighted by their chances."""
        scores = self.features @ coefficients
        return float(self.weights @ (np.logaddexp(0, scores) - self.chances * scores))

    def slope(self, coefficients: Floats) -> Floats:
        """The gradient of the loss."""
        residuals = self.weights * (sigmoid(self.features @ coefficients) - self.chances)
        gradient: Floats = self.features.T @ residuals
        return gradient

    def bend(self, coefficients: Floats) -> Floats:
        """The second derivatives of the loss (k, k)."""
        chances = sigmoid(self.features @ coefficients)
        hessian: Floats = self.features.T @ (self.features * (self.weights * chances * (1 - chances))[:, None])
        return hessian


def sigmoid(scores: Floats) -> Floats:
    """1 / (1 + exp(-scores)) without overflow."""
    chances: Floats = np.exp(-np.logaddexp(0, -scores))
    return chances


def fit_sparse(rows: SoftRows, *, strength: float) -> Floats:
    """The coefficients (k,) that minimise strength · loss + Σ|w|, without an intercept (scikit-learn's C and L1).

    Newton's method whose quadratic steps are solved by coordinate descent (Yuan, Ho and Lin 2012).
    """
    penalty = 1 / strength

    def objective(coefficients: Floats) -> float:
        return rows.loss(coefficients) + penalty * float(np.abs(coefficients).sum())

    coefficients = np.zeros(rows.features.shape[1])
    for _ in range(NEWTON_STEPS):
        step = _sparse_step(rows.slope(coefficients), rows.bend(coefficients), at=coefficients, penalty=penalty)
        coefficients, moved = _moved(objective, coefficients, step)
        if moved < SMALLEST:
            break
    return coefficients


def fit_ridge(rows: SoftRows, *, penalty: float) -> Floats:
    """The coefficients (k,) that minimise loss + penalty / 2 · Σ w², without an intercept, by Newton's method."""

    def objective(coefficients: Floats) -> float:
        return rows.loss(coefficients) + penalty / 2 * float(coefficients @ coefficients)

    coefficients = np.zeros(rows.features.shape[1])
    for _ in range(NEWTON_STEPS):
        slope = rows.slope(coefficients) + penalty * coefficients
        bend = rows.bend(coefficients) + penalty * np.eye(len(coefficients))
        step: Floats = -np.linalg.solve(bend, slope).astype(np.float64)
        coefficients, moved = _moved(objective, coefficients, step)
        if moved < SMALLEST:
            break
    return coefficients


def _sparse_step(slope: Floats, bend: Floats, *, at: Floats, penalty: float) -> Floats:
    """The step d that minimises slope·d + d'(bend)d / 2 + penalty Σ|at + d|, one coordinate after another."""
    step = np.zeros(len(at))
    for _ in range(SWEEPS):
        largest = 0.0
        for i in range(len(at)):
            curve = max(float(bend[i, i]), FLATTEST)
            here = float(at[i] + step[i])
            pull = curve * here - float(slope[i] + bend[i] @ step)
            wanted = math.copysign(max(abs(pull) - penalty, 0.0), pull) / curve
            step[i] += wanted - here
            largest = max(largest, abs(wanted - here))
        if largest < SMALLEST / 10:
            break
    return step


def _moved(objective: Callable[[Floats], float], at: Floats, step: Floats) -> tuple[Floats, float]:
    """`at` after the step, halved until it does not climb, and how far it went."""
    here = objective(at)
    for _ in range(HALVINGS):
        if objective(at + step) <= here + ROUNDING * abs(here):
            return at + step, float(np.abs(step).max(initial=0.0))
        step = step / 2
    return at, 0.0


STRENGTHS = np.logspace(-4, 4, 10)
FOLDS = 5
GAMED_WEIGHT = 0.1  # upstream's lambda of 0.2, shared by the verbose and the concise answers of the baseline
SUSPICIOUS = 10.0  # percentage points between the raw and the controlled win rate


@dataclass(frozen=True, slots=True)
class LengthWeights:
    """What a model's preferences hang on: the length of its answers, the instruction's difficulty, the model."""

    length: float
    difficulty: float
    model: float


@dataclass(frozen=True, slots=True)
class LengthControlled:
    """The win rate, in percent, that the model would have at the baseline's length, and the weights behind it.

    `standard_error` is upstream's: of the predictions over instructions, without the error of the fit, and so far
    too small to compare models by. `interval` refits on resampled instructions; None without resampling.
    `warning` says that raw and controlled rate differ so much that the fit may have failed.
    """

    win_rate: float
    standard_error: float | None
    weights: LengthWeights
    n: int
    strength: float | None = None
    warning: str | None = None
    interval: Interval | None = None


def gamed_rows(longer: ArrayLike, difficulty: ArrayLike, chances: ArrayLike) -> SoftRows:
    """The regulariser: answers of the baseline itself, prompted to be verbose and concise; rows with a low weight.

    Shapes (n,): length of the baseline's answer less the prompted one's, already divided by its standard
    deviation; the instruction's difficulty; the chance that the prompted answer wins.
    """
    length = np.tanh(as_scores(longer, "length differences"))
    features = np.column_stack([length, as_scores(difficulty, "difficulties"), np.zeros(len(length))])
    return SoftRows(features, as_scores(chances, "chances"), np.full(len(length), GAMED_WEIGHT))


def length_controlled(
    longer: ArrayLike,
    difficulty: ArrayLike,
    chances: ArrayLike,
    *,
    gamed: SoftRows | None = None,
    strength: float | None = None,
    resampling: Resampling | None = None,
) -> LengthControlled:
    """Fit one model's preferences and set the difference of lengths to nothing.

    Shapes (n,): characters of the baseline's answer less the model's, the difficulty of the instruction, and
    the chance that the model wins (0 to 1; NaN where no preference is known: such a row is left out of the
    fit, and its instruction still counts, as upstream). `strength` is the inverse of the L1 penalty; without
    it, the one of ten between 1e-4 and 1e4 with the least loss over five folds (row i in fold i mod 5).
    ValueError for fewer than two rows, arrays of different length or chances outside 0 to 1.
    """
    hardness = as_scores(difficulty, "difficulties")
    rows = _rows(as_scores(longer, "length differences"), hardness, chances)
    training = rows if gamed is None else gamed.joined(rows)
    chosen = _chosen_strength(training) if strength is None else strength
    weights = LengthWeights(*(float(weight) for weight in fit_sparse(training, strength=chosen)))
    found = from_weights(weights, hardness)
    raw = 100 * float(rows.chances.mean())
    warning = None
    if abs(raw - found.win_rate) > SUSPICIOUS:
        warning = f"{found.win_rate:.1f} % at equal length, {raw:.1f} % as judged; so wide a gap may be a failed fit"
    interval = None
    if resampling is not None:
        interval = _refitted(rows, gamed, strength=chosen, value=found.win_rate, resampling=resampling)
    return LengthControlled(found.win_rate, found.standard_error, weights, found.n, chosen, warning, interval)


def standardise(longer: ArrayLike) -> Floats:
    """Differences of lengths over their standard deviation (n - 1), not centred; all 0 where all are equal."""
    gaps = as_scores(longer, "length differences")
    spread = float(gaps.std(ddof=1)) if len(gaps) > 1 else 0.0
    return gaps / spread if spread > 0 else np.zeros(len(gaps))


def from_weights(weights: LengthWeights, difficulty: ArrayLike) -> LengthControlled:
    """The controlled win rate from stored weights, over instructions of these difficulties (n,)."""
    hardness = as_scores(difficulty, "difficulties")
    expected = 100 * sigmoid(weights.difficulty * hardness + weights.model)
    error = float(expected.std(ddof=1)) / math.sqrt(len(expected)) if len(expected) > 1 else None
    return LengthControlled(float(expected.mean()), error, weights, len(expected))


def _refitted(
    rows: SoftRows, gamed: SoftRows | None, *, strength: float, value: float, resampling: Resampling
) -> Interval:
    """The percentile interval over instructions; the regulariser and the penalty stay as they are."""

    def rate(chosen: Floats) -> float:
        drawn = rows.only(chosen > 0).weighted(chosen[chosen > 0])
        weights = fit_sparse(drawn if gamed is None else gamed.joined(drawn), strength=strength)
        expected = sigmoid(weights[1] * rows.features[:, 1] + weights[2])
        return 100 * float(chosen @ expected / chosen.sum())

    return percentile_interval(rate, n=len(rows.chances), value=value, resampling=resampling)


def _rows(longer: Floats, difficulty: Floats, chances: ArrayLike) -> SoftRows:
    wins = np.asarray(chances, dtype=np.float64)
    known = ~np.isnan(wins)
    if not len(longer) == len(difficulty) == len(wins) or known.sum() < 2:
        counts = f"{len(longer)}, {len(difficulty)} and {len(wins)}"
        raise ValueError(f"{counts} length differences, difficulties and chances; give as many of each, two at least")
    if wins[known].min() < 0 or wins[known].max() > 1:
        raise ValueError("chances: the chance that the model wins lies between 0 and 1")
    features = np.column_stack([np.tanh(standardise(longer)), difficulty, np.ones(len(wins))])
    return SoftRows(features, wins, np.ones(len(wins))).only(known)


def _chosen_strength(rows: SoftRows) -> float:
    folds = np.arange(len(rows.chances)) % FOLDS

    def held_out(strength: float) -> float:
        losses = []
        for fold in range(min(FOLDS, len(rows.chances))):
            inside = folds == fold
            coefficients = fit_sparse(rows.only(~inside), strength=strength)
            losses.append(rows.only(inside).loss(coefficients) / inside.sum())
        return float(np.mean(losses))

    return float(min(STRENGTHS, key=held_out))
