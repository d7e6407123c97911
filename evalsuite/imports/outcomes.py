"""What is known of each imported system: its answers, its scores by sample, and figures with their intervals."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from evalsuite.imports import DEFAULT_SEED, Graded, Imported, sample_id
from evalsuite.imports.joined import Match, matches
from evalsuite.imports.length import length_controlled_rate
from evalsuite.imports.length_files import LengthAid
from evalsuite.records import Outcome, Reply, Result, Score
from evalsuite.stats.bootstrap import Resampling, Undefined

_UNREAD = "the judgment could not be read"


def outcomes(imported: Imported, *, aid: LengthAid | None = None, seed: int = DEFAULT_SEED) -> dict[str, Outcome]:
    """An outcome for every system.

    Metrics: `NAME.grade` (mean, and `NAME.total`, the sum), `NAME.win_rate` (a tie counts half, also against each
    opponent), `NAME.relative_score.OPPONENT` (100 Σ own / Σ opponent's), `NAME.elo` (Bradley-Terry, mean 1000),
    `NAME.length_controlled_win_rate` where `aid` is given, and what the format itself brings.
    """
    played = matches(imported)
    ratings = _ratings(imported.name, played, Resampling(seed=seed, resamples=1000))
    found = {}
    for system in imported.systems:
        own = [match for match in played if system in (match.first, match.second)]
        grades = _grades(imported, system)
        scores, results = _graded(imported.name, grades)
        more_scores, more_results = _compared(imported.name, system, own, weighted=imported.weighted, seed=seed)
        results += more_results + _relative(imported, system, seed=seed) + ratings.get(system, [])
        if aid is not None and own:
            results.append(length_controlled_rate(imported, system, own, aid))
        results += [figure for name, figure in imported.figures if name == system]
        found[system] = Outcome(_replies(imported, system, own), tuple(scores + more_scores), tuple(results))
    return found


def _replies(imported: Imported, system: str, own: Sequence[Match]) -> tuple[Reply, ...]:
    texts = {(answer.system, answer.sample): answer for answer in imported.answers}
    opponents = {match.against(system) for match in own}
    opponent = opponents.pop() if len(opponents) == 1 else None
    turns = {answer.question for answer in imported.answers if answer.turn > 1}
    replies = []
    for (name, sample), answer in texts.items():
        if name == system:
            theirs = texts[opponent, sample].text if opponent and (opponent, sample) in texts else ""
            group = answer.question if answer.question in turns else None
            replies.append(Reply(sample, answer.prompt, answer.text, theirs, group))
    return tuple(replies)


def _grades(imported: Imported, system: str) -> list[Graded]:
    found = [graded for graded in imported.graded if graded.system == system]
    for pair in imported.compared:
        for place, name in enumerate((pair.first, pair.second)):
            # A pair without any grades is judged by verdict, and has nothing unread about it.
            if name == system and (pair.grades is not None or pair.score is None) and _has_grades(imported):
                grade = None if pair.grades is None else pair.grades[place]
                found.append(Graded(system, pair.question, pair.turn, grade))
    return found


def _has_grades(imported: Imported) -> bool:
    return any(pair.grades is not None for pair in imported.compared)


def _graded(name: str, grades: Sequence[Graded]) -> tuple[list[Score], list[Result]]:
    from evalsuite.stats.interval import mean

    if not grades:
        return [], []
    by_sample: dict[str, list[Graded]] = {}
    for graded in grades:
        by_sample.setdefault(sample_id(graded.question, graded.turn), []).append(graded)
    scores = []
    for sample, votes in by_sample.items():
        read = [graded.grade for graded in votes if graded.grade is not None]
        # Several votes on an answer are averaged first; pooled they would pass for independent.
        value = sum(read) / len(read) if read else None
        scores.append(Score(sample, f"{name}.grade", value, None if read else _UNREAD))
    kept = [graded for graded in grades if graded.grade is not None]
    unread = len(grades) - len(kept)
    reason = f"{unread} dropped: {_UNREAD}" if unread else None
    if not kept:
        return scores, [Result(f"{name}.grade", None, None, None, 0, unread, reason)]
    values = [graded.grade for graded in kept if graded.grade is not None]
    estimate = mean(values, clusters=[graded.question for graded in kept], bounds=(0.0, max(10.0, *values)))
    low, high = estimate.interval.low, estimate.interval.high
    turns = sorted({graded.turn for graded in kept})
    per_turn = [
        mean([graded.grade for graded in kept if graded.turn == turn and graded.grade is not None]).value
        for turn in turns
    ]
    detail = ", ".join(f"turn {turn}: {value:.2f}" for turn, value in zip(turns, per_turn, strict=True))
    return scores, [
        Result(
            f"{name}.grade", estimate.value, low, high, estimate.n, unread, reason, detail if len(turns) > 1 else None
        ),
        Result(f"{name}.total", sum(values), None, None, estimate.n, unread, reason),
    ]


def _compared(
    name: str, system: str, own: Sequence[Match], *, weighted: bool, seed: int
) -> tuple[list[Score], list[Result]]:
    if not own:
        return [], []
    metric = f"{name}.win_rate"
    opponents = sorted({match.against(system) for match in own})
    scores = [
        Score(
            match.sample if len(opponents) == 1 else f"{match.sample} against {match.against(system)}",
            metric,
            match.seen_by(system),
            None if match.score is not None else _UNREAD,
        )
        for match in own
    ]
    results = [_rate(metric, system, own, weighted=weighted, seed=seed)]
    if len(opponents) > 1:
        for opponent in opponents:
            against = [match for match in own if match.against(system) == opponent]
            results.append(_rate(f"{metric}.{slug(opponent)}", system, against, weighted=weighted, seed=seed))
    return scores, results


def _rate(metric: str, system: str, own: Sequence[Match], *, weighted: bool, seed: int) -> Result:
    from evalsuite.stats.bootstrap import win_rate
    from evalsuite.stats.interval import mean

    read = [(match.question, score) for match in own if (score := match.seen_by(system)) is not None]
    unread = len(own) - len(read)
    reason = f"{unread} dropped: {_UNREAD}" if unread else None
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


def _relative(imported: Imported, system: str, *, seed: int) -> list[Result]:
    from evalsuite.stats.relative_score import GradedPair, relative_score

    reviews: dict[str, list[GradedPair]] = {}
    for pair in imported.compared:
        if system in (pair.first, pair.second) and _has_grades(imported):
            own, other = (0, 1) if pair.first == system else (1, 0)
            grades = pair.grades or (None, None)
            opponent = pair.second if own == 0 else pair.first
            found = GradedPair(grades[own], grades[other], own == 0, pair.question)
            reviews.setdefault(opponent, []).append(found)
    results = []
    for opponent, pairs in reviews.items():
        metric = f"{imported.name}.relative_score.{slug(opponent)}"
        score = relative_score(pairs, resampling=Resampling(seed=seed, resamples=2000))
        if isinstance(score, Undefined):
            results.append(Result(metric, None, None, None, 0, len(pairs), score.reason))
            continue
        orders = {"first": score.model_first, "second": score.reference_first}
        said = [f"placed {place}: {value:.2f}" for place, value in orders.items() if value is not None]
        totals = f"{score.model_total:.1f} of {score.reference_total:.1f} against {opponent}"
        low, high = (score.interval.low, score.interval.high) if score.interval else (None, None)
        reason = f"{score.dropped} dropped: {_UNREAD}" if score.dropped else None
        detail = "; ".join([totals, *said])
        results.append(Result(metric, score.pooled, low, high, score.n, score.dropped, reason, detail))
    return results


def _ratings(name: str, played: Sequence[Match], resampling: Resampling) -> Mapping[str, list[Result]]:
    from evalsuite.stats.bradley_terry import Game, bradley_terry

    games = [
        Game(match.first, match.second, match.score, question=match.question)
        for match in played
        if match.score is not None
    ]
    if not games:
        return {}
    metric = f"{name}.elo"
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


def slug(system: str) -> str:
    """A system's name as part of a metric: letters, digits and hyphens."""
    return re.sub(r"[^\w-]+", "-", system).strip("-").lower()
