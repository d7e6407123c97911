"""Who won against whom, and all adapters on one scale."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

from evalsuite.records import UNKNOWN, Measurement, Result, called, marks
from evalsuite.report.interval_chart import Axis, Mark, interval_chart, mark_of
from evalsuite.report.tables import Cell, Table, figure
from evalsuite.stats.intervals.bootstrap import Resampling, Undefined
from evalsuite.stats.intervals.mean import Interval
from evalsuite.stats.ratings.bradley_terry import CENTRE, Anchor, Game, Ratings, bradley_terry, guard_intervals
from evalsuite.store import Store, read
from evalsuite.store.board import measured_metrics
from evalsuite.store.pair_rows import PairFigure, PairOutcome, pair_figures, pair_outcomes

if TYPE_CHECKING:
    import altair


_RATE = "win_rate"
_OTHERS = ("length_controlled", "position_consistency")


@dataclass(frozen=True)
class Met:
    """One spec against one opponent in one pairing; `others` are the figures beside the win rate, by their name."""

    entry: str
    spec: str
    opponent: str
    won: int
    tied: int
    lost: int
    rate: Result
    others: Mapping[str, Result]


def met(store: Store) -> list[Met]:
    """Every pairing on record, by entry and spec; raises StoreError when there is no store yet."""
    figures = pair_figures(store)
    metrics = read.metrics_of(store, list({one.step for one in figures}))
    of_step: dict[tuple[str, str], dict[str, PairFigure]] = {}
    for one in figures:
        of_step.setdefault((one.step, one.spec), {})[one.result.metric] = one
    measured = {(one.step, one.metric): one.measurement for one in measured_metrics(store)}
    called_so = {name: called(metrics, name) for name in (_RATE, *_OTHERS)}
    found = []
    for step in of_step.values():
        rate = next((step[name] for name in called_so[_RATE] if name in step), None)
        if rate is not None:
            others = {name: step[m].result for name in _OTHERS for m in called_so[name] if m in step}
            opponent = rate.player or f"({rate.base_model})"
            counts = (rate.won, rate.tied, rate.lost)
            met_one = Met(rate.entry, rate.spec, opponent, *counts, rate.result, others)
            found.append((met_one, measured.get((rate.step, rate.result.metric), UNKNOWN)))
    return _marked(found)


def _marked(found: Sequence[tuple[Met, Measurement]]) -> list[Met]:
    """The same, opponents marked who were met in several ways: on other prompts, or before another judge."""
    ways: dict[tuple[str, str], dict[str, Measurement]] = {}
    for one, its in found:
        ways.setdefault((one.entry, one.opponent), {})[its.digest] = its
    told = {key: marks(of.values()) for key, of in ways.items() if len(of) > 1}
    return [
        replace(one, opponent=f"{one.opponent} ({told[one.entry, one.opponent][its.digest]})")
        if (one.entry, one.opponent) in told
        else one
        for one, its in found
    ]


def met_table(found: Sequence[Met]) -> Table:
    """One row per pairing; a dash where a figure is not on record."""
    rows: list[tuple[Cell, ...]] = [
        (
            *(one.spec, one.opponent, one.won, one.tied, one.lost, figure(one.rate)),
            *(figure(one.others.get(name)) for name in _OTHERS),
            one.rate.unscored,
            one.rate.detail or one.rate.reason or "",
        )
        for one in found
    ]
    heads = ("spec", "against", "won", "tied", "lost", "win rate", "at equal length", "same in both orders")
    return Table((*heads, "unscored", "note"), tuple(rows))


def rate_chart(found: Sequence[Met], palette: Mapping[str, str]) -> altair.LayerChart | altair.FacetChart | None:
    """Every win rate with its interval beside the line of no difference; None without any rate."""
    several = len({one.opponent for one in found}) > 1
    marks: list[Mark] = []
    for one in found:
        marks += mark_of(one.rate, row=f"{one.spec} against {one.opponent}" if several else one.spec, series=one.spec)
    axis = Axis("win rate, a tie counts half", lines=(0.5,), ends=(0.0, 1.0))
    return interval_chart(marks, axis, palette) if marks else None


def win_matrix(found: Sequence[Met]) -> altair.LayerChart | altair.FacetChart | None:
    """How often each spec (a row) beat each opponent (a column), as a number on its colour; None without any rate."""
    import altair as alt

    points = [
        {
            "spec": one.spec,
            "opponent": one.opponent,
            "rate": one.rate.value,
            "counts": f"{one.won} won, {one.tied} tied, {one.lost} lost",
            "shown": figure(one.rate),
        }
        for one in found
        if one.rate.value is not None
    ]
    if not points:
        return None
    rows = list(dict.fromkeys(str(point["spec"]) for point in points))
    cells = alt.Chart(alt.InlineData(values=points)).encode(
        x=alt.X("opponent:N", title="against", axis=alt.Axis(orient="top", labelAngle=0, labelLimit=200, ticks=False)),
        y=alt.Y("spec:N", title=None, scale=alt.Scale(domain=rows), axis=alt.Axis(labelLimit=200, ticks=False)),
        tooltip=[alt.Tooltip(f"{name}:N") for name in ("spec", "opponent", "shown", "counts")],
    )
    # Dark enough at both ends and light in the middle: the number is written in what stands out.
    shade = alt.Color(
        "rate:Q", legend=None, scale=alt.Scale(domain=[0, 0.5, 1], range=["#b5483f", "#d9d9d9", "#2e7fb8"])
    )
    ink = alt.condition("datum.rate > 0.25 && datum.rate < 0.75", alt.value("#222222"), alt.value("#ffffff"))
    number = cells.mark_text(fontSize=13).encode(text=alt.Text("rate:Q", format=".2f"), color=ink)
    height = 34 * len(rows) + 60
    return alt.layer(cells.mark_rect(cornerRadius=3).encode(color=shade), number).properties(height=height)


_RESAMPLES = 1000


@dataclass(frozen=True)
class RatedPlayer:
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


def flat(found: Sequence[RatedPlayer]) -> Table:
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


def ratings(store: Store, *, seed: int = 0) -> list[RatedPlayer]:
    """The ratings of every pairing over all specs of the store; those who never met, even through others, stand apart.

    Pairs of different judges or rubrics are never mixed. Samples of one group count as one question.
    """
    found = []
    for _, outcomes in groupby(pair_outcomes(store), key=_same_judging):
        for together in _connected(list(outcomes)):
            one = together[0]
            found.append(RatedPlayer(one.pairing, one.judged, one.judge, one.rubric, *_rated(together, seed=seed)))
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
    return guard_intervals(rated, games, anchor=anchor), anchor, prior


def _connected(outcomes: Sequence[PairOutcome]) -> list[list[PairOutcome]]:
    """The outcomes by sets of players that are joined by pairs."""
    joined: list[set[str]] = []
    for one in outcomes:
        touched = [players for players in joined if players & {one.spec, one.opponent}]
        joined = [players for players in joined if players not in touched]
        joined.append({one.spec, one.opponent}.union(*touched))
    return [[one for one in outcomes if one.spec in players] for players in joined]
