"""Ratings with the style of answers held equal (LMArena's style control; arena-hard-auto's features)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evalsuite.stats.bradley_terry import CENTRE, Game
from evalsuite.stats.logistic import SoftRows, fit_ridge
from evalsuite.stats.spread import Floats

PENALTY = 0.5


@dataclass(frozen=True, slots=True)
class StyleRatings:
    """Elo by player, strongest first, and what each feature of style is worth in log-odds per deviation."""

    elos: tuple[tuple[str, float], ...]
    effects: tuple[float, ...]
    games: int

    def of(self, name: str) -> float:
        """The rating of one player; KeyError for a stranger."""
        return dict(self.elos)[name]


def style_controlled(games: Sequence[Game], features: ArrayLike | None = None) -> StyleRatings:
    """Ratings of a Bradley-Terry model with style features as covariates and a small ridge penalty.

    `features` has one row per game and one column per feature, first answer against second (see `balance`);
    columns are standardised here (ddof 0), constant ones to 0. logit = ln 10 (R_a - R_b) + β·f, ridge
    1/2 · 0.5 · ‖(R, β)‖², Elo 400 R + 1000. Without features the same model without them. ValueError for no
    games or rows that do not match.
    """
    if not games:
        raise ValueError("no games; ratings of nobody are not defined")
    names = sorted({name for game in games for name in (game.first, game.second)})
    place = {name: i for i, name in enumerate(names)}
    design = np.zeros((len(games), len(names)))
    for row, game in enumerate(games):
        design[row, place[game.first]] += math.log(10)
        design[row, place[game.second]] -= math.log(10)
    styles = _standardised(features, len(games))
    rows = SoftRows(
        np.column_stack([design, styles]),
        np.array([game.score for game in games], dtype=np.float64),
        np.array([game.weight for game in games], dtype=np.float64),
    )
    found = fit_ridge(rows, penalty=PENALTY)
    elos = [(name, float(400 * strength + CENTRE)) for name, strength in zip(names, found, strict=False)]
    ordered = tuple(sorted(elos, key=lambda pair: (-pair[1], pair[0])))
    return StyleRatings(ordered, tuple(float(effect) for effect in found[len(names) :]), len(games))


def balance(first: ArrayLike, second: ArrayLike) -> Floats:
    """(a - b) / (a + b + 1), LMArena's feature of two counts (tokens, headers, lists, bold passages)."""
    a, b = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    shares: Floats = (a - b) / (a + b + 1)
    return shares


def length_balance(first: ArrayLike, second: ArrayLike) -> Floats:
    """(a - b) / (a + b), arena-hard-auto's feature of two lengths; 0 where both are empty."""
    a, b = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    total = a + b
    shares: Floats = np.divide(a - b, total, out=np.zeros_like(total), where=total > 0)
    return shares


def density(counts: ArrayLike, tokens: ArrayLike) -> Floats:
    """count / (tokens + 1), arena-hard-auto's density of a Markdown element; compare two with `balance`."""
    shares: Floats = np.asarray(counts, dtype=np.float64) / (np.asarray(tokens, dtype=np.float64) + 1)
    return shares


def _standardised(features: ArrayLike | None, games: int) -> Floats:
    if features is None:
        return np.zeros((games, 0))
    columns = np.asarray(features, dtype=np.float64)
    columns = columns[:, None] if columns.ndim == 1 else columns
    if columns.ndim != 2 or len(columns) != games or not np.isfinite(columns).all():
        raise ValueError(f"features of shape {columns.shape} for {games} games; give one row of finite numbers each")
    centred = columns - columns.mean(axis=0)
    spread = centred.std(axis=0)
    standard: Floats = np.divide(centred, spread, out=np.zeros_like(centred), where=spread > 0)
    return standard
