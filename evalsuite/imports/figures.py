"""Figures of imported systems: comparisons joined, grades, win rates, ratings, the rate at equal length."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from evalsuite.imports.alpaca_eval import LengthAid
from evalsuite.imports.imported import DEFAULT_SEED, UNREAD, Imported, ImportedGrade, ImportedPair, sample_id, slug
from evalsuite.records import Metric, Outcome, Reply, Result, Score
from evalsuite.stats.intervals.bootstrap import Resampling, Undefined
from evalsuite.stats.ratings.length_control import LengthControlled, from_weights, length_controlled


@dataclass(frozen=True, slots=True)
class Match:
    """Two systems on one question's turn; `score` is the first one's, None when nothing could be read."""

    question: str
    turn: int
    first: str
    second: str
    score: float | None
    changed_with_order: bool = False

    @property
    def sample(self) -> str:
        """The sample's id."""
        return sample_id(self.question, self.turn)

    def seen_by(self, system: str) -> float | None:
        """The score from one system's side."""
        if self.score is None:
            return None
        return self.score if system == self.first else 1 - self.score

    def against(self, system: str) -> str:
        """The other system."""
        return self.second if system == self.first else self.first


def matches(imported: Imported) -> list[Match]:
    """One match per pair of systems and turn of a question, in order of appearance.

    Chances are averaged. Verdicts that differ, in the other order or on repeat, are a tie: judges favour a
    position, and one order alone would measure it.
    """
    groups: dict[tuple[str, int, str, str], list[ImportedPair]] = {}
    for pair in imported.compared:
        first, second = sorted((pair.first, pair.second))
        groups.setdefault((pair.question, pair.turn, first, second), []).append(pair)
    return [_match(key, group, weighted=imported.weighted) for key, group in groups.items()]


def _match(key: tuple[str, int, str, str], group: Sequence[ImportedPair], *, weighted: bool) -> Match:
    question, turn, first, second = key
    scores = [pair.score if pair.first == first else 1 - pair.score for pair in group if pair.score is not None]
    if not scores:
        return Match(question, turn, first, second, None)
    differ = len(set(scores)) > 1
    score = sum(scores) / len(scores) if weighted else 0.5 if differ else scores[0]
    return Match(question, turn, first, second, score, changed_with_order=differ)


_POINTS: dict[str, Any] = {"high": None, "unit": "points"}
GRADE = Metric("grade", **_POINTS, about="The mean of the judge's grades, on the scale that it graded by.")
TOTAL = Metric("total", **_POINTS, about="The sum of the judge's grades over all answers.")
RELATIVE = Metric(
    "relative_score",
    high=None,
    unit="%",
    about="100 times the sum of the system's grades over the sum of the opponent's, both orders together.",
)


def grade_metric(imported: Imported) -> Metric:
    """The grade, on a scale to 10 unless the judge gave more to somebody."""
    given = [one.grade for one in imported.graded if one.grade is not None]
    given += [grade for pair in imported.compared for grade in pair.grades or ()]
    return replace(GRADE.of(imported.name), high=max([10.0, *given]))


def grades_of(imported: Imported, system: str) -> list[ImportedGrade]:
    """Every grade of a system's answers, alone or in a pair, unread ones too."""
    found = [graded for graded in imported.graded if graded.system == system]
    if not _has_grades(imported):
        return found
    for pair in imported.compared:
        for place, name in enumerate((pair.first, pair.second)):
            # A pair without any grades is judged by verdict, and has nothing unread about it.
            if name == system and (pair.grades is not None or pair.score is None):
                grade = None if pair.grades is None else pair.grades[place]
                found.append(ImportedGrade(system, pair.question, pair.turn, grade))
    return found


def _has_grades(imported: Imported) -> bool:
    return any(pair.grades is not None for pair in imported.compared)


def graded_figures(grade: Metric, total: Metric, grades: Sequence[ImportedGrade]) -> tuple[list[Score], list[Result]]:
    """The grade of each sample; mean, clustered by question, and total of all."""
    from evalsuite.stats.intervals.mean import mean

    if not grades:
        return [], []
    by_sample: dict[str, list[ImportedGrade]] = {}
    for graded in grades:
        by_sample.setdefault(sample_id(graded.question, graded.turn), []).append(graded)
    scores = []
    for sample, votes in by_sample.items():
        read = [graded.grade for graded in votes if graded.grade is not None]
        # Several votes on an answer are averaged first; pooled they would pass for independent.
        value = sum(read) / len(read) if read else None
        scores.append(Score(sample, grade.name, value, None if read else UNREAD))
    kept = [graded for graded in grades if graded.grade is not None]
    unread = len(grades) - len(kept)
    reason = f"{unread} dropped: {UNREAD}" if unread else None
    if not kept:
        return scores, [Result(grade.name, None, None, None, 0, unread, reason)]
    values = [graded.grade for graded in kept if graded.grade is not None]
    estimate = mean(values, clusters=[graded.question for graded in kept], bounds=grade.bounds)
    low, high = estimate.interval.low, estimate.interval.high
    turns = sorted({graded.turn for graded in kept})
    per_turn = [
        mean([graded.grade for graded in kept if graded.turn == turn and graded.grade is not None]).value
        for turn in turns
    ]
    detail = ", ".join(f"turn {turn}: {value:.2f}" for turn, value in zip(turns, per_turn, strict=True))
    return scores, [
        Result(grade.name, estimate.value, low, high, estimate.n, unread, reason, detail if len(turns) > 1 else None),
        Result(total.name, sum(values), None, None, estimate.n, unread, reason),
    ]


def relative_figures(imported: Imported, system: str, *, seed: int) -> list[Result]:
    """The relative score against each opponent, pooled over orders; none where judges gave no grades."""
    if not _has_grades(imported):
        return []
    from evalsuite.stats.ratings.relative_score import GradedPair, relative_score

    reviews: dict[str, list[GradedPair]] = {}
    for pair in imported.compared:
        if system in (pair.first, pair.second):
            own, other = (0, 1) if pair.first == system else (1, 0)
            grades = pair.grades or (None, None)
            opponent = pair.second if own == 0 else pair.first
            found = GradedPair(grades[own], grades[other], own == 0, pair.question)
            reviews.setdefault(opponent, []).append(found)
    results = []
    for opponent, pairs in reviews.items():
        metric = RELATIVE.of(imported.name).against(slug(opponent), alone=False).name
        score = relative_score(pairs, resampling=Resampling(seed=seed, resamples=2000))
        if isinstance(score, Undefined):
            results.append(Result(metric, None, None, None, 0, len(pairs), score.reason))
            continue
        orders = {"first": score.model_first, "second": score.reference_first}
        said = [f"placed {place}: {value:.2f}" for place, value in orders.items() if value is not None]
        totals = f"{score.model_total:.1f} of {score.reference_total:.1f} against {opponent}"
        low, high = (score.interval.low, score.interval.high) if score.interval else (None, None)
        reason = f"{score.dropped} dropped: {UNREAD}" if score.dropped else None
        detail = "; ".join([totals, *said])
        results.append(Result(metric, score.pooled, low, high, score.n, score.dropped, reason, detail))
    return results


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
    from evalsuite.stats.intervals.bootstrap import win_rate
    from evalsuite.stats.intervals.mean import mean

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
    from evalsuite.stats.ratings.bradley_terry import Game, bradley_terry

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


LENGTH_CONTROLLED = Metric(
    "length_controlled_win_rate",
    about="The share of pairs won that is expected at equal length (AlpacaEval 2, Dubois et al. 2024).",
)


def length_controlled_rate(
    imported: Imported, system: str, own: Sequence[Match], *, aid: LengthAid, resampling: Resampling
) -> Result:
    """The share won at equal length, from stored weights where the system has some, otherwise fitted.

    The interval refits on resampled instructions; stored weights tell nothing of their own error and have none.
    Without a value, and with the reason, for several opponents, unknown difficulties or missing answers.
    """
    metric = LENGTH_CONTROLLED.of(imported.name).name
    opponents = {match.against(system) for match in own}
    known = [found for match in own if (found := aid.of(match.question)) is not None]
    unknown = len(own) - len(known)
    if len(opponents) > 1:
        return _nothing(metric, len(own), f"{len(opponents)} opponents; control one model against one baseline")
    if unknown:
        return _nothing(metric, len(own), f"{unknown} instructions have no difficulty")
    stored = (aid.weights or {}).get(system)
    if stored is not None:
        return _result(metric, from_weights(stored, known), "stored weights")
    baseline = opponents.pop()
    lengths = {(answer.system, answer.sample): len(answer.text) for answer in imported.answers}
    missing = sum((name, match.sample) not in lengths for match in own for name in (system, baseline))
    if missing:
        return _nothing(metric, len(own), f"{missing} answers are missing, so their lengths are not known")
    longer = [lengths[baseline, match.sample] - lengths[system, match.sample] for match in own]
    chances = [math.nan if (score := match.seen_by(system)) is None else score for match in own]
    if sum(not math.isnan(chance) for chance in chances) < 2:
        return _nothing(metric, len(own), "fewer than two preferences could be read")
    fitted = length_controlled(longer, known, chances, gamed=aid.gamed, resampling=resampling)
    return _result(metric, fitted, "fitted")


def _result(metric: str, found: LengthControlled, how: str) -> Result:
    value, error = found.win_rate / 100, found.standard_error
    low, high = (None, None) if found.interval is None else (found.interval.low / 100, found.interval.high / 100)
    weights = found.weights
    parts = [f"{how}: length {weights.length:.6g}, difficulty {weights.difficulty:.6g}, model {weights.model:.6g}"]
    parts += [f"standard error of the predictions {error / 100:.6g}"] if error is not None else []
    parts += [f"C {found.strength:.6g}"] if found.strength is not None else []
    return Result(metric, value, low, high, found.n, 0, found.warning, "; ".join(parts))


def _nothing(metric: str, unscored: int, reason: str) -> Result:
    return Result(metric, None, None, None, 0, unscored, reason)


def outcomes(imported: Imported, *, aid: LengthAid | None = None, seed: int = DEFAULT_SEED) -> dict[str, Outcome]:
    """An outcome for every system.

    Metrics: `NAME.grade` (mean, and `NAME.total`, the sum), `NAME.win_rate` (a tie counts half, also against each
    opponent), `NAME.relative_score.OPPONENT` (100 Σ own / Σ opponent's), `NAME.elo` (Bradley-Terry, mean 1000),
    `NAME.length_controlled_win_rate` where `aid` is given, and what the format itself brings.
    """
    played = matches(imported)
    grade, declared = grade_metric(imported), _declared(imported)
    ratings = rating_figures(imported.name, played, Resampling(seed=seed, resamples=1000))
    found = {}
    for system in imported.systems:
        own = [match for match in played if system in (match.first, match.second)]
        grades = grades_of(imported, system)
        scores, results = graded_figures(grade, TOTAL.of(imported.name), grades)
        more_scores, more_results = compared_figures(imported.name, system, own, weighted=imported.weighted, seed=seed)
        results += more_results + relative_figures(imported, system, seed=seed) + ratings.get(system, [])
        if aid is not None and own:
            few = Resampling(seed=seed, resamples=500)
            results.append(length_controlled_rate(imported, system, own, aid=aid, resampling=few))
        results += [figure for name, figure in imported.figures if name == system]
        outcome = Outcome(_replies(imported, system, own), tuple(scores + more_scores), tuple(results))
        found[system] = outcome.declaring([grade, *declared])
    return found


def _declared(imported: Imported) -> list[Metric]:
    """What an import's figures are, the grade aside."""
    rate, name = WIN_RATE.of(imported.name), imported.name
    met = [slug(system) for system in imported.systems]
    return [
        *(metric.of(name) for metric in (TOTAL, ELO, LENGTH_CONTROLLED)),
        *(rate, *(rate.part(system) for system in met)),
        *(RELATIVE.of(name).against(system, alone=False) for system in met),
        *imported.metrics,
    ]


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
