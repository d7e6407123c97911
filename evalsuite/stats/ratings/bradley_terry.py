"""Ratings out of pairs (Bradley and Terry 1952), with intervals for those too who won or lost everything."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from evalsuite.stats.intervals.bootstrap import Resampling, Undefined
from evalsuite.stats.intervals.mean import Interval, wilson
from evalsuite.stats.intervals.spread import Floats

ELO = 400 / math.log(10)  # Elo points per unit of log-odds
CENTRE = 1000.0
STEPS = 200
SMALLEST = 1e-10


@dataclass(frozen=True, slots=True)
class Game:
    """One judged pair: `score` is 1 when the first won, 0.5 for a tie, 0 when the second won.

    Games of one `question` are resampled together; None makes the game a question of its own. `weight`
    counts a clear verdict several times (3 for a much better answer in arena-hard).
    """

    first: str
    second: str
    score: float
    question: str | None = None
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Anchor:
    """The player whose rating is fixed, and at what; without one the mean of all is 1000."""

    name: str
    elo: float = CENTRE


@dataclass(frozen=True, slots=True)
class Rating:
    """A player's strength on the Elo scale; an end is infinite where resampled games do not bound it."""

    name: str
    elo: float
    interval: Interval | None
    games: int


@dataclass(frozen=True, slots=True)
class Ratings:
    """All players, strongest first, and how much evidence there was."""

    players: tuple[Rating, ...]
    games: int
    questions: int

    def of(self, name: str) -> Rating:
        """The rating of one player; KeyError for a stranger."""
        return {player.name: player for player in self.players}[name]


def bradley_terry(
    games: Sequence[Game],
    *,
    anchor: Anchor | None = None,
    resampling: Resampling | None = None,
    prior: float = 0.0,
) -> Ratings | Undefined:
    """Maximum-likelihood ratings, a tie being half a win for each.

    The fit exists only when no group of players won (or lost) all its games against the rest (Ford 1957);
    otherwise Undefined says so. `prior` adds that many tied games between every two players, which always
    gives a fit and pulls ratings together; say so where it is used. With `resampling`, percentile intervals
    over questions. ValueError for no games, a player against itself, or a score that is no share.
    """
    table = _Table(games)
    wins = table.wins(np.ones((1, table.questions))) + prior / 2 * (1 - np.eye(len(table.names)))
    if not _rated(wins)[0]:
        return Undefined(
            "some players won or lost every game against the rest, so their distance has no finite estimate; "
            "judge more pairs, or add a prior of tied games"
        )
    elos = _anchored(_fit(wins), table.names, anchor)[0]
    intervals: list[Interval | None] = [None] * len(table.names)
    if resampling is not None:
        intervals = list(_intervals(table, elos, anchor=anchor, resampling=resampling, prior=prior))
    players = [
        Rating(name, float(elo), interval, count)
        for name, elo, interval, count in zip(table.names, elos, intervals, table.counts, strict=True)
    ]
    players.sort(key=lambda player: (-player.elo, player.name))
    return Ratings(tuple(players), len(games), table.questions)


class _Table:
    """The games as one matrix of wins per question."""

    def __init__(self, games: Sequence[Game]) -> None:
        if not games:
            raise ValueError("no games; ratings of nobody are not defined")
        for game in games:
            if game.first == game.second:
                raise ValueError(f"{game.first!r} was paired with itself")
            if not 0 <= game.score <= 1 or not game.weight > 0:
                raise ValueError(f"score {game.score!r}, weight {game.weight!r}: wanted 0 to 1, and above 0")
        self.names = sorted({name for game in games for name in (game.first, game.second)})
        place = {name: i for i, name in enumerate(self.names)}
        labels = [("question", g.question) if g.question is not None else ("game", i) for i, g in enumerate(games)]
        codes = {label: i for i, label in enumerate(dict.fromkeys(labels))}
        self.questions = len(codes)
        self.counts = [sum(name in (game.first, game.second) for game in games) for name in self.names]
        self._by_question = np.zeros((self.questions, len(self.names), len(self.names)))
        for label, game in zip(labels, games, strict=True):
            a, b = place[game.first], place[game.second]
            self._by_question[codes[label], a, b] += game.weight * game.score
            self._by_question[codes[label], b, a] += game.weight * (1 - game.score)

    def wins(self, times: Floats) -> Floats:
        """Weighted wins of row over column (r, k, k), each question counted as often as `times` (r, q) says."""
        matrices: Floats = np.tensordot(times, self._by_question, axes=1)
        return matrices


def _intervals(
    table: _Table, elos: Floats, *, anchor: Anchor | None, resampling: Resampling, prior: float
) -> list[Interval]:
    generator = np.random.default_rng(resampling.seed)
    even = np.full(table.questions, 1 / table.questions)
    times = generator.multinomial(table.questions, even, size=resampling.resamples).astype(np.float64)
    wins = table.wins(times) + prior / 2 * (1 - np.eye(len(table.names)))
    rated = _rated(wins)
    draws = np.full((resampling.resamples, len(table.names)), np.nan)
    if rated.any():
        draws[rated] = _anchored(_fit(wins[rated]), table.names, anchor)
    # A resample without a fit says nothing about either end, so it counts as far out at both.
    tail = (1 - resampling.confidence) / 2
    lows = np.quantile(np.where(np.isnan(draws), -np.inf, draws), tail, axis=0, method="lower")
    highs = np.quantile(np.where(np.isnan(draws), np.inf, draws), 1 - tail, axis=0, method="higher")
    ends = zip(lows, highs, elos, strict=True)
    return [Interval(float(low), float(high), resampling.confidence).around(float(elo)) for low, high, elo in ends]


def _fit(wins: Floats) -> Floats:
    """Log-strengths (r, k) of mean 0 by Newton's method with bounded steps."""
    players = wins.shape[1]
    games = wins + wins.transpose(0, 2, 1)
    strengths = np.zeros(wins.shape[:2])
    everyone = np.ones((players, players)) / players
    for _ in range(STEPS):
        gaps = strengths[:, :, None] - strengths[:, None, :]
        chance = np.exp(-np.logaddexp(0, -gaps))
        slope = (wins - games * chance).sum(axis=2)
        bend = -games * chance * (1 - chance)
        bend[:, range(players), range(players)] = -bend.sum(axis=2)
        # The sum of strengths is free; the added matrix keeps it at 0.
        step = np.clip(np.linalg.solve(bend + everyone, slope[:, :, None])[:, :, 0], -2, 2)
        strengths += step
        if np.abs(step).max() < SMALLEST:
            break
    strengths -= strengths.mean(axis=1, keepdims=True)
    return strengths


def _anchored(strengths: Floats, names: Sequence[str], anchor: Anchor | None) -> Floats:
    elos: Floats = ELO * strengths + CENTRE
    if anchor is None:
        return elos
    if anchor.name not in names:
        raise ValueError(f"anchor {anchor.name!r} played no game; players: {', '.join(names)}")
    at = list(names).index(anchor.name)
    elos += anchor.elo - elos[:, at : at + 1]
    return elos


def _rated(wins: Floats) -> NDArray[np.bool_]:
    """Whether in each table every player can be reached from every other along wins."""
    reach = np.where(wins > 0, 1.0, np.eye(wins.shape[1]))
    for _ in range(max(1, math.ceil(math.log2(wins.shape[1])))):
        reach = np.minimum(reach @ reach, 1.0)
    return np.asarray((reach > 0).all(axis=(1, 2)), dtype=np.bool_)


CONFIDENCE = 0.95


def guarded(ratings: Ratings, games: Sequence[Game], *, anchor: str | None = None) -> Ratings:
    """The ratings with honest intervals for those who won, tied or lost every game; the anchor stays where it is.

    Resampled questions would all end alike and the interval have no width. In its place stand the ratings at which
    the mean opponent would lose as often as Wilson's interval of the share at that many questions allows (Wilson
    1927); for all wins the upper end is infinite, for all losses the lower.
    """
    elos = {player.name: player.elo for player in ratings.players}
    players = [player if player.name == anchor else _guarded(player, games, elos) for player in ratings.players]
    return replace(ratings, players=tuple(players))


def _guarded(player: Rating, games: Sequence[Game], elos: dict[str, float]) -> Rating:
    own = [game for game in games if player.name in (game.first, game.second)]
    scores = {game.score if game.first == player.name else 1 - game.score for game in own}
    if len(scores) > 1 or player.interval is None:
        return player
    others = [elos[game.second if game.first == player.name else game.first] for game in own]
    named = {game.question for game in own if game.question is not None}
    questions = len(named) + sum(game.question is None for game in own)
    share = wilson(scores.pop(), questions, confidence=CONFIDENCE)
    mean = sum(others) / len(others)
    low, high = (mean + ELO * _log_odds(end) for end in (share.low, share.high))
    found = Interval(min(low, player.interval.low), max(high, player.interval.high), CONFIDENCE)
    return replace(player, interval=found.around(player.elo))


def _log_odds(share: float) -> float:
    # Rounding may leave an end a hair off 0 or 1, which stands for never and always.
    if share <= 1e-12:
        return -math.inf
    return math.inf if share >= 1 - 1e-12 else math.log(share / (1 - share))
