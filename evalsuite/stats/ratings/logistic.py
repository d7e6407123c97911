"""Logistic regression on soft labels, small and exact: for length control and for the classifier of style."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalsuite.stats.intervals.spread import Floats

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

    def joined(self, other: "SoftRows") -> "SoftRows":
        """Both sets of rows."""
        return SoftRows(
            np.concatenate([self.features, other.features]),
            np.concatenate([self.chances, other.chances]),
            np.concatenate([self.weights, other.weights]),
        )

    def only(self, chosen: NDArray[np.bool_]) -> "SoftRows":
        """The chosen rows."""
        return SoftRows(self.features[chosen], self.chances[chosen], self.weights[chosen])

    def weighted(self, times: Floats) -> "SoftRows":
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
