"""A result held against a fixed limit, by its interval: what floor and ceiling share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from evalsuite.records import Answer, Result, Results, RuleOutcome

# Results carry intervals of this confidence.
_CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Limit:
    """A fixed limit on one metric."""

    rule: Literal["floor", "ceiling"]
    metric: str
    value: float
    minimum_n: int

    @property
    def words(self) -> str:
        """The limit as it reads in a sentence."""
        return f"at {'least' if self.rule == 'floor' else 'most'} {self.value:g} is wanted"


def judge_against(limit: Limit, candidate: Results) -> RuleOutcome:
    """Pass or fail when the whole interval lies on one side of the limit, otherwise undecided."""
    result = candidate.by_metric.get(limit.metric)
    if result is None or result.value is None:
        why = result.reason if result is not None and result.reason else "it was not measured"
        return RuleOutcome(limit.rule, limit.metric, "undecided", f"{limit.metric} has no value: {why}")
    if result.low is None or result.high is None:
        sentence = f"{limit.metric} is {result.value:.3f} without an interval, which decides nothing"
        return RuleOutcome(limit.rule, limit.metric, "undecided", sentence, value=result.value, n=result.n)
    answer = _answer(limit, result.low, result.high)
    figures = f"{limit.metric} is {result.value:.3f} [{result.low:.3f}, {result.high:.3f}] over {result.n} samples"
    sentence = f"{figures}; {limit.words}"
    if result.n < limit.minimum_n:
        answer, sentence = "undecided", f"{sentence}, over at least {limit.minimum_n} samples"
    elif answer == "undecided":
        sentence = f"{sentence}; {_more(limit, result)}"
    return RuleOutcome(
        limit.rule, limit.metric, answer, sentence, value=result.value, low=result.low, high=result.high, n=result.n
    )


def _answer(limit: Limit, low: float, high: float) -> Answer:
    if limit.rule == "floor":
        return "pass" if low >= limit.value else "fail" if high < limit.value else "undecided"
    return "pass" if high <= limit.value else "fail" if low > limit.value else "undecided"


def _more(limit: Limit, result: Result) -> str:
    from evalsuite.stats.distribution import normal_critical
    from evalsuite.stats.power import samples_to_settle

    assert result.value is not None
    assert result.low is not None
    assert result.high is not None
    error = (result.high - result.low) / 2 / normal_critical(_CONFIDENCE)
    needed = samples_to_settle(result.value - limit.value, standard_error=error, n=result.n)
    return f"about {needed} samples would settle it" if needed else "more samples would hardly settle it"
