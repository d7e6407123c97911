"""Pairs judged in both orders: who wins, and how much the position decided (Zheng et al. 2023, Wang et al. 2024)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from evalsuite.stats.interval import Estimate, mean

Verdict = Literal["first", "second", "tie", "error"]
Winner = Literal["win", "tie", "lose"]


@dataclass(frozen=True, slots=True)
class BothOrders:
    """What a judge said with the candidate first, and with it second; positions, not names."""

    candidate_first: Verdict
    candidate_second: Verdict


@dataclass(frozen=True, slots=True)
class PositionBias:
    """Shares of pairs: same winner in both orders, the first position in both, the second in both.

    `error` is the share with an unread verdict; `conflict` is 1 - consistency among the read pairs (FairEval's
    conflict rate). With MT-bench's near-equal answers the shares of all pairs add up to 1 with `mixed`.
    """

    consistency: Estimate
    biased_to_first: float
    biased_to_second: float
    mixed: float
    error: float
    conflict: float | None
    n: int


@dataclass(frozen=True, slots=True)
class WinTieLoss:
    """Pairs won, tied and lost by the candidate; `adjusted` is (wins + half the ties) / all."""

    wins: int
    ties: int
    losses: int
    unread: int

    @property
    def adjusted(self) -> float | None:
        """MT-bench's win_rate_adjusted; None when no pair was read."""
        total = self.wins + self.ties + self.losses
        return (self.wins + self.ties / 2) / total if total else None


@dataclass(frozen=True, slots=True)
class GoldAgreement:
    """Accuracy against gold winners: the mean over both orders (LLMBar's Acc.), and how often the orders agree.

    `net_correct` is JudgeBench's: +1 and -1 per order, right when the sum is above 0.
    """

    accuracy: float
    agreement: float
    net_correct: float
    n: int


def winner(pair: BothOrders) -> Winner | None:
    """The candidate's outcome: what both orders agree on, otherwise a tie; None when one was not read."""
    seen = _outcome(pair.candidate_first, candidate="first"), _outcome(pair.candidate_second, candidate="second")
    if None in seen:
        return None
    return seen[0] if seen[0] == seen[1] else "tie"


def win_tie_loss(pairs: Sequence[BothOrders]) -> WinTieLoss:
    """The counts; disagreement between the orders is a tie."""
    outcomes = [winner(pair) for pair in pairs]
    return WinTieLoss(outcomes.count("win"), outcomes.count("tie"), outcomes.count("lose"), outcomes.count(None))


def position_bias(pairs: Sequence[BothOrders]) -> PositionBias:
    """How much the order of two answers decided. ValueError without pairs."""
    if not pairs:
        raise ValueError("no pairs; a bias of nothing is not defined")
    said = [(pair.candidate_first, pair.candidate_second) for pair in pairs]
    same = [
        "error" not in one and _outcome(one[0], candidate="first") == _outcome(one[1], candidate="second")
        for one in said
    ]
    n, errors = len(said), sum("error" in one for one in said)
    first, second = said.count(("first", "first")), said.count(("second", "second"))
    return PositionBias(
        consistency=mean(same),
        biased_to_first=first / n,
        biased_to_second=second / n,
        mixed=(n - sum(same) - first - second - errors) / n,
        error=errors / n,
        conflict=1 - sum(same) / (n - errors) if errors < n else None,
        n=n,
    )


def gold_agreement(pairs: Sequence[BothOrders], gold: Sequence[Literal["win", "lose"]]) -> GoldAgreement:
    """How often the judge finds the better answer; a tie or an unread verdict is wrong in its order."""
    if len(pairs) != len(gold) or not pairs:
        raise ValueError(f"{len(pairs)} pairs, {len(gold)} gold winners; give one of each, one at least")
    right, agreed, net = 0, 0, 0
    for pair, best in zip(pairs, gold, strict=True):
        seen = [_outcome(pair.candidate_first, candidate="first"), _outcome(pair.candidate_second, candidate="second")]
        right += sum(one == best for one in seen)
        agreed += seen[0] == seen[1] and seen[0] is not None
        net += sum((one == best) - (one in ("win", "lose") and one != best) for one in seen) > 0
    n = len(pairs)
    return GoldAgreement(right / (2 * n), agreed / n, net / n, n)


def verdict_entropy(outcomes: Sequence[Winner]) -> float:
    """The entropy in nats of the win/tie/lose verdicts on one pair over samples and orders (FairEval's BPDE).

    The larger, the more a person should look at the pair.
    """
    if not outcomes:
        raise ValueError("no verdicts; their entropy is not defined")
    shares = [outcomes.count(kind) / len(outcomes) for kind in ("win", "tie", "lose")]
    return -sum(share * math.log(share) for share in shares if share)


def balanced_grade(grades: Sequence[tuple[float, float]]) -> float:
    """The mean grade over samples and both orders (FairEval's BPC): per sample (placed first, placed second)."""
    if not grades:
        raise ValueError("no grades; their mean is not defined")
    return sum(sum(both) / 2 for both in grades) / len(grades)


def _outcome(verdict: Verdict, *, candidate: Literal["first", "second"]) -> Winner | None:
    if verdict == "error":
        return None
    return "tie" if verdict == "tie" else "win" if verdict == candidate else "lose"
