"""Figures of systems that were graded: mean and total, and relative to an opponent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from evalsuite.imports import UNREAD, Graded, Imported, sample_id, slug
from evalsuite.records import Metric, Result, Score
from evalsuite.stats.bootstrap import Resampling, Undefined

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


def grades_of(imported: Imported, system: str) -> list[Graded]:
    """Every grade of a system's answers, alone or in a pair, unread ones too."""
    found = [graded for graded in imported.graded if graded.system == system]
    if not _has_grades(imported):
        return found
    for pair in imported.compared:
        for place, name in enumerate((pair.first, pair.second)):
            # A pair without any grades is judged by verdict, and has nothing unread about it.
            if name == system and (pair.grades is not None or pair.score is None):
                grade = None if pair.grades is None else pair.grades[place]
                found.append(Graded(system, pair.question, pair.turn, grade))
    return found


def _has_grades(imported: Imported) -> bool:
    return any(pair.grades is not None for pair in imported.compared)


def graded_figures(grade: Metric, total: Metric, grades: Sequence[Graded]) -> tuple[list[Score], list[Result]]:
    """The grade of each sample; mean, clustered by question, and total of all."""
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
    from evalsuite.stats.relative_score import GradedPair, relative_score

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
