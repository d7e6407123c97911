"""Pairs judged in both orders: who wins, and how much position decided (Zheng et al. 2023, Wang et al. 2024)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from evalsuite.stats.intervals.mean import Estimate, mean

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


def winner(pair: BothOrders) -> Winner | None:
    """The candidate's outcome: what both orders agree on, otherwise a tie; None when one was not read."""
    seen = _outcome(pair.candidate_first, candidate="first"), _outcome(pair.candidate_second, candidate="second")
    if None in seen:
        return None
    return seen[0] if seen[0] == seen[1] else "tie"


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


def _outcome(verdict: Verdict, *, candidate: Literal["first", "second"]) -> Winner | None:
    if verdict == "error":
        return None
    return "tie" if verdict == "tie" else "win" if verdict == candidate else "lose"
