"""A rule that may be looked at after every sample: a bet against each answer, and the first to win decides.

Every sample becomes a number between 0 and 1 whose mean is above or below a known value exactly when the rule is kept
or broken. Both wrong answers have a chance of at most alpha, however often one looks (Waudby-Smith and Ramdas 2024).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from evalsuite.data.digest import shuffled
from evalsuite.records import Answer, Evidence, Results, RuleOutcome, Severity, Terms

# The share of a rule's error that goes into looking early; the rest is kept for when all is judged.
EARLY = 0.2


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


def bet(numbers: Sequence[float], null: float, *, alpha: tuple[float, float]) -> Settled:
    """Bet against both answers, number by number; `alpha` is the chance of a wrong pass and of a wrong fail."""
    from evalsuite.stats.sequential.grid_kelly import GridTest

    above, below = GridTest(null, alpha=alpha[0], side="above"), GridTest(null, alpha=alpha[1], side="below")
    for place, number in enumerate(numbers, 1):
        above.add(number)
        below.add(number)
        if above.rejected or below.rejected:
            answer: Answer = "pass" if above.rejected else "fail"
            return Settled(answer, place, above.p_value, below.p_value)
    return Settled("undecided", len(numbers), above.p_value, below.p_value)


def judge_bets(
    stake: Stake, evidence: Evidence, terms: Terms, *, at_the_end: Callable[[float], RuleOutcome]
) -> RuleOutcome:
    """The outcome of a sequential rule: by its bets as soon as they settle it, else by the fixed-n test at the end.

    The bets have the share EARLY of the error, the test `at_the_end` (given its confidence) has the rest, so that what
    is never settled early is decided nearly as well as without looking. By the union bound both add up to alpha.
    """
    n, early = len(stake.numbers), EARLY * stake.alpha
    if not all(0 <= number <= 1 for number in stake.numbers):
        # Scores beyond what their metric declares: nothing can be bet on them, and nothing is spent on looking.
        if not evidence.partial:
            return at_the_end(stake.confidence)
        sentence = f"{stake.words} over {n} samples so far, some of them beyond the declared ends; {stake.limit}"
        return RuleOutcome(stake.rule, stake.metric, "undecided", sentence, n=n, severity=stake.severity)
    found = bet(stake.numbers, stake.null, alpha=(early, early / terms.rivals if terms.corrected else early))
    if found.answer != "undecided" and n >= stake.minimum_n:
        # Told so that it is below 1 - confidence exactly when the rule fails, as other rules tell theirs.
        p_value = min(1.0, found.p_fail * (1 - stake.confidence) / early)
        sentence = f"{stake.words} over {n} samples, judged one after another; {stake.limit} (settled after {found.n})"
        return RuleOutcome(
            stake.rule, stake.metric, found.answer, sentence, n=n, severity=stake.severity, p_value=p_value
        )
    if evidence.partial:
        sentence = f"{stake.words} over {n} samples so far; {stake.limit}"
        return RuleOutcome(stake.rule, stake.metric, "undecided", sentence, n=n, severity=stake.severity)
    last = at_the_end(1 - (1 - EARLY) * (1 - stake.confidence))
    return replace(last, p_value=min(1.0, last.p_value / (1 - EARLY)) if last.p_value is not None else None)


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
