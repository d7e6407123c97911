"""Logistic regression on soft labels, small and exact: what length control and style control are fitted with."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalsuite.stats.spread import Floats


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

    def loss(self, coefficients: Floats) -> float:
        """The weighted sum of cross-entropies; a soft label is its two copies, weighted by their chances."""
        scores = self.features @ coefficients
        return float(self.weights @ (np.logaddexp(0, scores) - self.chances * scores))

    def slope(self, coefficients: Floats) -> Floats:
        """The gradient of the loss."""
        residuals = self.weights * (sigmoid(self.features @ coefficients) - self.chances)
        gradient: Floats = self.features.T @ residuals
        return gradient


def sigmoid(scores: Floats) -> Floats:
    """1 / (1 + exp(-scores)) without overflow."""
    chances: Floats = np.exp(-np.logaddexp(0, -scores))
    return chances


def fit_sparse(rows: SoftRows, *, strength: float) -> Floats:
    """The coefficients (k,) that minimise strength · loss + Σ|w|, without an intercept (scikit-learn's C and L1)."""
    count = rows.features.shape[1]

    def objective(split: Floats) -> tuple[float, Floats]:
        # The absolute value has no slope at 0; a positive and a negative part, each at least 0, have.
        coefficients = split[:count] - split[count:]
        slope = strength * rows.slope(coefficients)
        return strength * rows.loss(coefficients) + float(split.sum()), np.concatenate([slope + 1, 1 - slope])

    split = _minimum(objective, 2 * count, bounded=True)
    coefficients: Floats = split[:count] - split[count:]
    return coefficients


def fit_ridge(rows: SoftRows, *, penalty: float) -> Floats:
    """The coefficients (k,) that minimise loss + penalty / 2 · Σ w², without an intercept."""

    def objective(coefficients: Floats) -> tuple[float, Floats]:
        loss = rows.loss(coefficients) + penalty / 2 * float(coefficients @ coefficients)
        return loss, rows.slope(coefficients) + penalty * coefficients

    return _minimum(objective, rows.features.shape[1], bounded=False)


def _minimum(objective: Callable[[Floats], tuple[float, Floats]], count: int, *, bounded: bool) -> Floats:
    from scipy.optimize import minimize

    found = minimize(
        objective,
        np.zeros(count),
        jac=True,
        method="L-BFGS-B",
        bounds=[(0, None)] * count if bounded else None,
        options={"ftol": 1e-15, "gtol": 1e-9, "maxiter": 5000, "maxfun": 50_000},
    )
    solution: Floats = np.asarray(found.x, dtype=np.float64)
    return solution
