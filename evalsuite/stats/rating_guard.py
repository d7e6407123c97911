"""Intervals of ratings where resampling sees no spread: players whose games all ended alike."""

import math
from collections.abc import Sequence
from dataclasses import replace

from evalsuite.stats.bradley_terry import ELO, Game, Rating, Ratings
from evalsuite.stats.interval import Interval, wilson

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
