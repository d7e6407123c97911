"""Online Elo averaged over many orders of the games, as QLoRA reports it (Dettmers et al. 2023).

One order alone gives a rating that depends on it; none is offered. Prefer `bradley_terry`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evalsuite.stats.bradley_terry import CENTRE, Game
from evalsuite.stats.interval import Interval

FEWEST = 100


@dataclass(frozen=True, slots=True)
class AverageElo:
    """A player's mean rating over all orders, and where 95 % of the orders put it.

    The span shows the order's chance, not the games': it is no confidence interval of the rating.
    """

    name: str
    elo: float
    span: Interval


def average_elo(
    games: Sequence[Game], *, seed: int, k: float = 32.0, start: float = CENTRE, orders: int = 10_000
) -> list[AverageElo]:
    """The rating after all games, R += k (S - expected), averaged over random orders; strongest first.

    ValueError for no games, or fewer than 100 orders.
    """
    if not games:
        raise ValueError("no games; ratings of nobody are not defined")
    if orders < FEWEST:
        raise ValueError(f"orders is {orders}; a rating from so few depends on their order")
    names = sorted({name for game in games for name in (game.first, game.second)})
    place = {name: i for i, name in enumerate(names)}
    first = np.array([place[game.first] for game in games])
    second = np.array([place[game.second] for game in games])
    scores = np.array([game.score for game in games], dtype=np.float64)
    steps = k * np.array([game.weight for game in games], dtype=np.float64)
    generator = np.random.default_rng(seed)
    order = generator.permuted(np.tile(np.arange(len(games), dtype=np.int32), (orders, 1)), axis=1)
    ratings = np.full((orders, len(names)), start)
    rows = np.arange(orders)
    for turn in order.T:
        a, b = first[turn], second[turn]
        expected = 1 / (1 + 10 ** ((ratings[rows, b] - ratings[rows, a]) / 400))
        gain = steps[turn] * (scores[turn] - expected)
        ratings[rows, a] += gain
        ratings[rows, b] -= gain
    lows, highs = np.quantile(ratings, [0.025, 0.975], axis=0)
    found = [
        AverageElo(name, float(mean), Interval(float(low), float(high), 0.95))
        for name, mean, low, high in zip(names, ratings.mean(axis=0), lows, highs, strict=True)
    ]
    return sorted(found, key=lambda player: (-player.elo, player.name))
