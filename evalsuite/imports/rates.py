"""Figures of systems that were compared: win rates, and ratings of all by Bradley and Terry's model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evalsuite.imports import UNREAD, slug
from evalsuite.imports.joined import Match
from evalsuite.records import Metric, Result, Score
from evalsuite.stats.bootstrap import Resampling, Undefined

WIN_RATE = Metric("win_rate", about="The share of pairs that the system wins, a tie counting half.")
ELO = Metric(
    "elo",
    low=None,
    high=None,
    unit="Elo",
    about="The rating by Bradley and Terry's model on the Elo scale, the mean of all systems being 1000.",
)


def compared_figures(
    name: str, system: str, own: Sequence[Match], *, weighted: bool, seed: int
) -> tuple[list[Score], list[Result]]:
    """Win, tie or loss of each sample; the win rate against all, and against each of several opponents."""
    if not own:
        return [], []
    rate = WIN_RATE.of(name)
    metric = rate.name
    opponents = sorted({match.against(system) for match in own})
    scores = [
        Score(
            match.sample if len(opponents) == 1 else f"{match.sample} against {match.against(system)}",
            metric,
            match.seen_by(system),
            None if match.score is not None else UNREAD,
        )
        for match in own
    ]
    results = [_rate(metric, system, own, weighted=weighted, seed=seed)]
    if len(opponents) > 1:
        for opponent in opponents:
            against = [match for match in own if match.against(system) == opponent]
            results.append(_rate(rate.part(slug(opponent)).name, system, against, weighted=weighted, seed=seed))
    return scores, results


def _rate(metric: str, system: str, own: Sequence[Match], *, weighted: bool, seed: int) -> Result:
    from evalsuite.stats.bootstrap import win_rate
    from evalsuite.stats.interval import mean

    read = [(match.question, score) for match in own if (score := match.seen_by(system)) is not None]
    unread = len(own) - len(read)
    reason = f"{unread} dropped: {UNREAD}" if unread else None
    if not read:
        return Result(metric, None, None, None, 0, unread, reason)
    questions, values = zip(*read, strict=True)
    if weighted:
        estimate = mean(values, clusters=questions, bounds=(0.0, 1.0))
    else:
        estimate = win_rate(values, questions=questions, resampling=Resampling(seed=seed))
    won, lost = (sum(test) for test in ([v > 0.5 for v in values], [v < 0.5 for v in values]))
    error = "" if estimate.standard_error is None else f"; standard error {estimate.standard_error:.6g}"
    swapped = sum(match.changed_with_order for match in own)
    order = f"; {swapped} pairs changed with the order" if swapped and not weighted else ""
    detail = f"{won} won, {len(values) - won - lost} tied, {lost} lost{order}{error}"
    low, high = estimate.interval.low, estimate.interval.high
    return Result(metric, estimate.value, low, high, len(values), unread, reason, detail)


def rating_figures(name: str, played: Sequence[Match], resampling: Resampling) -> Mapping[str, list[Result]]:
    """The rating of every system, with an interval from resampled questions; a reason where there is none."""
    from evalsuite.stats.bradley_terry import Game, bradley_terry

    games = [
        Game(match.first, match.second, match.score, question=match.question)
        for match in played
        if match.score is not None
    ]
    if not games:
        return {}
    metric = ELO.of(name).name
    ratings = bradley_terry(games, resampling=resampling)
    if isinstance(ratings, Undefined):
        systems = {system for game in games for system in (game.first, game.second)}
        return {system: [Result(metric, None, None, None, 0, 0, ratings.reason)] for system in systems}
    found = {}
    for player in ratings.players:
        interval = player.interval
        bounded = interval is not None and abs(interval.low) != float("inf") and abs(interval.high) != float("inf")
        low, high = (interval.low, interval.high) if interval is not None and bounded else (None, None)
        reason = None if bounded else "some resamples have no finite rating, so neither has the interval ends"
        found[player.name] = [Result(metric, player.elo, low, high, player.games, 0, reason)]
    return found
