"""What a judge's own document requires of it: below that, nothing it said is evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from evalsuite.records import Answer, Result, Results, RuleOutcome, Verdict
from evalsuite.spec.judging import ResolvedJudge

_GRAVEST: tuple[Answer, ...] = ("invalid", "fail", "undecided", "pass")


def required_figures(judges: Mapping[str, ResolvedJudge]) -> list[tuple[str, float]]:
    """The metric and the limit of each figure that the documents of these judges require."""
    required = {name: its.judge.required for name, its in judges.items()}
    return [
        (f"judge.{judge}.{figure}", limit)
        for judge, its in required.items()
        if its is not None
        for figure, limit in its.figures.items()
    ]


def with_required(verdict: Verdict, judges: Mapping[str, ResolvedJudge], candidate: Results) -> Verdict:
    """The verdict with one outcome more for each figure that a judge's document requires; the gravest answer counts.

    Surely below is invalid, not surely above is undecided, and so is a figure that nobody measured.
    """
    figures = required_figures(judges)
    outcomes = tuple(_held(metric, limit, candidate.by_metric.get(metric)) for metric, limit in figures)
    answers = {verdict.answer, *(outcome.answer for outcome in outcomes)}
    answer = next(word for word in _GRAVEST if word in answers)
    return replace(verdict, answer=answer, outcomes=(*verdict.outcomes, *outcomes))


def _held(metric: str, limit: float, found: Result | None) -> RuleOutcome:
    if found is None or found.value is None:
        why = found.reason if found is not None else "it judged nothing here"
        return RuleOutcome("required", metric, "undecided", f"{metric} of at least {limit:g} is required: {why}")
    low = found.low if found.low is not None else found.value
    high = found.high if found.high is not None else found.value
    answer: Answer = "pass" if low >= limit else "invalid" if high < limit else "undecided"
    sentence = f"{metric} is {found.value:.3f} [{low:.3f}, {high:.3f}] over {found.n} labels; "
    sentence += f"the judge's document requires at least {limit:g}"
    return RuleOutcome("required", metric, answer, sentence, found.value, low, high, found.n)
