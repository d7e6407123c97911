"""A result held against a fixed limit by its interval, and what an undecided rule would still need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from evalsuite.gate.words import Words, declaration_of, words_of
from evalsuite.records import Answer, Evidence, Result, RuleOutcome, Severity


@dataclass(frozen=True, slots=True)
class Need:
    """About how many samples in all would settle a rule (None: hardly any number), and what the missing ones cost."""

    samples: int | None
    n: int
    money: float | None = None

    @property
    def words(self) -> str:
        """The need as the end of a sentence."""
        if self.samples is None:
            return "more samples would hardly settle it"
        cost = f", for about ${self.money:,.2f}" if self.money else ""
        more = self.samples - self.n
        noun = "sample" if more == 1 else "samples"
        return f"about {more:,} more {noun} ({self.samples:,} in all) would settle it{cost}"


def samples_needed(metric: str, n: int, *, wanted: int | None, evidence: Evidence) -> Need:
    """The need for `wanted` samples in all where there are n, at the price of one sample of the metric's entry."""
    price = price_of(metric, evidence)
    money = None if wanted is None or price is None else max(0, wanted - n) * price
    return Need(wanted, n, money)


def price_of(metric: str, evidence: Evidence) -> float | None:
    """What one more sample of the metric's entry costs in dollars; None where nobody knows."""
    its = declaration_of(metric, evidence)
    return evidence.facts.prices.get(its.entry) if its is not None and its.entry is not None else None


# Results carry intervals of this confidence.
STORED = 0.95


@dataclass(frozen=True, slots=True)
class Limit:
    """A fixed limit on one metric, how sure one wants to be, and what it means to break it.

    `called` is what sentences call the figure that is held, where it is made out of the metric.
    """

    rule: str
    metric: str
    value: float
    side: Literal["least", "most"]
    confidence: float = STORED
    minimum_n: int = 20
    severity: Severity = "block"
    broken: Answer = "fail"
    called: str | None = None

    @property
    def words(self) -> str:
        """The limit as it reads in a sentence."""
        return f"at {self.side} {self.value:g} is wanted"


def judge_against(limit: Limit, evidence: Evidence) -> RuleOutcome:
    """The candidate's result of the metric held against the limit."""
    return judge_result(limit, evidence.candidate.by_metric.get(limit.metric), evidence)


def judge_result(limit: Limit, result: Result | None, evidence: Evidence) -> RuleOutcome:
    """Pass or break when the whole interval lies on one side of the limit, otherwise undecided."""
    words = _words(limit, evidence)
    if result is None or result.value is None:
        why = result.reason if result is not None and result.reason else "it was not measured"
        if why == evidence.base.missing:
            return invalid_without_reference(limit.rule, limit.metric, why, limit.severity)
        return _undecided(limit, f"{words.name} has no value: {why}")
    if result.low is None or result.high is None:
        sentence = f"{words.bare(result.value)} without an interval, which decides nothing"
        return _undecided(limit, sentence, value=result.value, n=result.n)
    return _weighed(limit, result.value, interval_at(result, limit.confidence), n=result.n, evidence=evidence)


def invalid_without_reference(rule: str, metric: str, why: str, severity: Severity) -> RuleOutcome:
    """The outcome of a rule that compares where there is nothing to compare with: no figure could be believed."""
    return RuleOutcome(rule, metric, "invalid", f"{metric} compares, and {why}", severity=severity)


def interval_at(result: Result, confidence: float) -> tuple[float, float]:
    """The ends of a result's interval at another confidence: each side in proportion to the normal quantiles."""
    from evalsuite.stats.intervals.mean import normal_critical

    assert result.value is not None
    assert result.low is not None
    assert result.high is not None
    if confidence == STORED:
        return result.low, result.high
    ratio = normal_critical(confidence) / normal_critical(STORED)
    return result.value - ratio * (result.value - result.low), result.value + ratio * (result.high - result.value)


def _weighed(limit: Limit, value: float, ends: tuple[float, float], *, n: int, evidence: Evidence) -> RuleOutcome:
    low, high = ends
    answer = _answer(limit, low, high)
    sentence = f"{_words(limit, evidence).measured(value, low, high)} over {n} samples; {limit.words}"
    wanted, money = None, None
    if n < limit.minimum_n or answer == "undecided":
        few = n < limit.minimum_n
        answer = "undecided"
        found = samples_needed(limit.metric, n, wanted=_samples(limit, value, ends, n=n), evidence=evidence)
        wanted, money = found.samples, found.money
        sentence += f", over at least {limit.minimum_n} samples" if few else ""
        sentence += f"; {found.words}"
    return RuleOutcome(
        limit.rule, limit.metric, answer, sentence, value, low, high, n,
        severity=limit.severity, p_value=_p_value(limit, value, ends), needed=wanted, money=money,
    )  # fmt: skip


def _words(limit: Limit, evidence: Evidence) -> Words:
    return words_of(limit.metric, evidence) if limit.called is None else Words(limit.called)


def _undecided(limit: Limit, sentence: str, *, value: float | None = None, n: int | None = None) -> RuleOutcome:
    return RuleOutcome(limit.rule, limit.metric, "undecided", sentence, value=value, n=n, severity=limit.severity)


def _answer(limit: Limit, low: float, high: float) -> Answer:
    if limit.side == "least":
        return "pass" if low >= limit.value else limit.broken if high < limit.value else "undecided"
    return "pass" if high <= limit.value else limit.broken if low > limit.value else "undecided"


def _samples(limit: Limit, value: float, ends: tuple[float, float], *, n: int) -> int | None:
    from evalsuite.stats.intervals.mean import normal_critical
    from evalsuite.stats.intervals.power import samples_to_settle

    error = (ends[1] - ends[0]) / 2 / normal_critical(limit.confidence)
    gap = value - limit.value
    wanted = samples_to_settle(gap, standard_error=error, n=n, confidence=limit.confidence)
    if n < limit.minimum_n:
        # A sample that would be clear enough but for its size needs no more than that.
        clear = _answer(limit, *ends) != "undecided"
        return limit.minimum_n if clear or wanted is None else max(limit.minimum_n, wanted)
    return wanted


def _p_value(limit: Limit, value: float, ends: tuple[float, float]) -> float:
    """The two-sided p-value of "the limit is kept" that belongs to the interval."""
    from evalsuite.stats.intervals.mean import normal_critical, normal_tail

    beyond = limit.value - value if limit.side == "least" else value - limit.value
    side = ends[1] - value if limit.side == "least" else value - ends[0]
    if side <= 0:
        return 0.0 if beyond > 0 else 1.0
    return min(1.0, 2 * normal_tail(beyond / (side / normal_critical(limit.confidence))))
