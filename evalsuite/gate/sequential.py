"""A rule that may be looked at after every sample: two bets, one against each answer, and the first to win decides.

Every sample becomes a number between 0 and 1 whose mean is above or below a known value exactly when the rule is kept
or broken. Both wrong answers have a chance of at most alpha, however often one looks (Waudby-Smith and Ramdas 2024).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from evalsuite.data.order import shuffled
from evalsuite.gate.need import need
from evalsuite.records import Answer, Evidence, Results, RuleOutcome, Severity, Terms


@dataclass(frozen=True, slots=True)
class Stake:
    """What is bet on: the rule, the numbers in the order of judging, the mean that parts keeping from breaking.

    `alpha` is the chance of either wrong answer. `words` begin the sentence, `limit` ends it.
    """

    rule: str
    metric: str
    numbers: tuple[float, ...]
    null: float
    alpha: float
    confidence: float
    minimum_n: int
    severity: Severity
    words: str
    limit: str


@dataclass(frozen=True, slots=True)
class Settled:
    """Where two bets stand: the answer, after how many numbers it was reached, and both p-values at any time."""

    answer: Answer
    n: int
    p_pass: float
    p_fail: float
    needed: int | None = None


def bet(numbers: Sequence[float], null: float, *, alpha: tuple[float, float]) -> Settled:
    """Bet against both answers, number by number; `alpha` is the chance of a wrong pass and of a wrong fail."""
    from evalsuite.stats.betting import BettingTest

    above, below = BettingTest(null, alpha=alpha[0], side="above"), BettingTest(null, alpha=alpha[1], side="below")
    for place, number in enumerate(numbers, 1):
        above.add(number)
        below.add(number)
        if above.rejected or below.rejected:
            answer: Answer = "pass" if above.rejected else "fail"
            return Settled(answer, place, above.p_value, below.p_value)
    growth = max(
        math.log(max(test.e_value, 1e-300)) / math.log(1 / level)
        for test, level in zip((above, below), alpha, strict=True)
    )
    needed = math.ceil(len(numbers) / growth) if growth > 0.05 else None
    return Settled("undecided", len(numbers), above.p_value, below.p_value, needed)


def judge_bets(stake: Stake, evidence: Evidence, terms: Terms) -> RuleOutcome:
    """The outcome of a sequential rule; with fewer numbers than `minimum_n` it is undecided."""
    n = len(stake.numbers)
    found = bet(stake.numbers, stake.null, alpha=(stake.alpha, _fail_level(stake.alpha, terms)))
    sentence = f"{stake.words} over {n} samples, looked at as they came; {stake.limit}"
    # Told so that it is below 1 - confidence exactly when the rule fails, as other rules tell theirs.
    p_value = min(1.0, found.p_fail * (1 - stake.confidence) / stake.alpha)
    if found.answer != "undecided" and n >= stake.minimum_n:
        return RuleOutcome(
            stake.rule, stake.metric, found.answer, f"{sentence} (settled after {found.n})",
            n=n, severity=stake.severity, p_value=p_value,
        )  # fmt: skip
    few = n < stake.minimum_n
    wanted = max(stake.minimum_n, found.needed or 0) if few else found.needed
    missing = need(stake.metric, n, wanted=wanted, evidence=evidence)
    sentence += f", over at least {stake.minimum_n} samples" if few else ""
    return RuleOutcome(
        stake.rule, stake.metric, "undecided", f"{sentence}; {missing.words}",
        n=n, severity=stake.severity, p_value=p_value,
        needed=missing.samples, money=missing.money,
    )  # fmt: skip


def in_order(results: Results, metric: str, seed: int, *, among: Sequence[str]) -> list[list[str]]:
    """The samples in the order in which they were judged, each question's samples together."""
    groups = results.groups.get(metric, {})
    found: dict[str, list[str]] = {}
    for key in shuffled(among, seed=seed, groups=groups):
        found.setdefault(f"group {groups[key]}" if key in groups else f"sample {key}", []).append(key)
    return list(found.values())


def means(values: dict[str, float], questions: Sequence[Sequence[str]]) -> tuple[float, ...]:
    """One number per question, for the samples of one question are not independent."""
    return tuple(sum(values[key] for key in question) / len(question) for question in questions)


def _fail_level(alpha: float, terms: Terms) -> float:
    # Bonferroni's share: a bet that stops there stays a failure however the policy adjusts for the other rules.
    return alpha / terms.rivals if terms.corrected else alpha
