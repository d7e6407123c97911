"""Ratings: all adapters of a project on one scale, from the pairs that they won, tied and lost."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from evalsuite.report.table import Table
from evalsuite.stats.bootstrap import Resampling, Undefined
from evalsuite.stats.bradley_terry import CENTRE, Anchor, Game, Ratings, bradley_terry
from evalsuite.stats.interval import Interval
from evalsuite.stats.rating_guard import guarded
from evalsuite.store import Store
from evalsuite.store.pairs import PairOutcome, pair_outcomes

_RESAMPLES = 1000


@dataclass(frozen=True)
class Rated:
    """The ratings of one pairing by one judge and rubric; `prior` tied games stand between every two players.

    `anchor` is the base model at 1000, None where no base took part and the mean of all is 1000.
    """

    pairing: str
    judged: str
    judge: str
    rubric: str
    ratings: Ratings
    anchor: str | None
    prior: float

    def head(self) -> str:
        """What was rated, by whom."""
        return f"ratings of {self.pairing} on {self.judged}, judged by {self.judge} by {self.rubric}"

    def notes(self) -> list[str]:
        """How to read the ratings."""
        fixed = f"{self.anchor} is fixed at {CENTRE:.0f}" if self.anchor else f"the mean of all is {CENTRE:.0f}"
        lines = [
            f"Bradley-Terry on the Elo scale, ties half, {fixed}; {self.ratings.games:,} pairs, "
            f"95 % intervals by resampling {self.ratings.questions:,} questions"
        ]
        if self.prior:
            lines.append(
                "some won or lost every pair, so their distance has no finite estimate: "
                f"{self.prior:g} tied game between every two was added, which pulls ratings together"
            )
        return lines

    def table(self) -> Table:
        """One row per player, the strongest first."""
        rows = [
            (player.name, f"{player.elo:.0f}", _ends(player.interval, fixed=player.name == self.anchor), player.games)
            for player in self.ratings.players
        ]
        return Table(("player", "rating", "95 %", "pairs"), tuple(rows))


def flat(found: Sequence[Rated]) -> Table:
    """Every rating on a row of its own, for other programs."""
    rows = [
        (
            *(rated.pairing, rated.judged, rated.judge, rated.rubric, player.name, player.elo),
            *_finite(player.interval),
            *(player.games, rated.ratings.questions, rated.anchor, rated.prior),
        )
        for rated in found
        for player in rated.ratings.players
    ]
    heads = ("pairing", "judged", "judge", "rubric", "player", "rating", "low", "high", "pairs", "questions")
    return Table((*heads, "anchor", "prior"), tuple(rows))


def _ends(found: Interval | None, *, fixed: bool) -> str:
    if fixed or found is None:
        return "fixed" if fixed else "–"
    low, high = ("∞" if math.isinf(end) else f"{end:.0f}" for end in (found.low, found.high))
    return f"{'-' if found.low == -math.inf else ''}{low} to {high}"


def _finite(found: Interval | None) -> tuple[float | None, float | None]:
    """Both ends, None for one that nothing bounds: other programs' JSON has no infinity."""
    if found is None:
        return None, None
    return found.low if math.isfinite(found.low) else None, found.high if math.isfinite(found.high) else None


def ratings(store: Store, *, seed: int = 0) -> list[Rated]:
    """The ratings of every pairing over all specs of the store; those who never met, even through others, stand apart.

    Pairs of different judges or rubrics are never mixed. Samples of one group count as one question.
    """
    found = []
    for _, outcomes in groupby(pair_outcomes(store), key=_same_judging):
        for together in _connected(list(outcomes)):
            one = together[0]
            found.append(Rated(one.pairing, one.judged, one.judge, one.rubric, *_rated(together, seed=seed)))
    return found


def _same_judging(one: PairOutcome) -> tuple[str, ...]:
    return one.pairing, one.judged, one.judge_digest, one.rubric_digest


def _rated(outcomes: Sequence[PairOutcome], *, seed: int) -> tuple[Ratings, str | None, float]:
    games = [Game(one.spec, one.opponent, one.value, one.group or one.sample_id) for one in outcomes]
    players = {name for game in games for name in (game.first, game.second)}
    anchor = next((base for one in outcomes if (base := f"({one.base_model})") in players), None)
    resampling = Resampling(seed=seed, resamples=_RESAMPLES)
    fixed = Anchor(anchor) if anchor else None
    free = bradley_terry(games, anchor=fixed)
    prior = 1.0 if isinstance(free, Undefined) else 0.0
    rated = bradley_terry(games, anchor=fixed, resampling=resampling, prior=prior)
    assert isinstance(rated, Ratings)
    return guarded(rated, games, anchor=anchor), anchor, prior


def _connected(outcomes: Sequence[PairOutcome]) -> list[list[PairOutcome]]:
    """The outcomes by sets of players that are joined by pairs."""
    joined: list[set[str]] = []
    for one in outcomes:
        touched = [players for players in joined if players & {one.spec, one.opponent}]
        joined = [players for players in joined if players not in touched]
        joined.append({one.spec, one.opponent}.union(*touched))
    return [[one for one in outcomes if one.spec in players] for players in joined]
