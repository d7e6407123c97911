"""Win rate: the candidate must surely be preferred.

Worked example: 41 pairs won, 9 tied and 10 lost: the win rate is 0.758 [0.667, 0.850] over 60, above one half.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from evalsuite.gate.limit import Limit, judge_against
from evalsuite.gate.rule_options import Sequential
from evalsuite.gate.sequential import Stake, in_order, judge_bets, means
from evalsuite.gate.words import at_least_problems, share_problems, supposed_limit, words_of
from evalsuite.records import Evidence, Metric, Outlook, RuleOutcome, Suppose, Supposed, Terms


class WinRate(Sequential):
    """Pass when the win rate (a tie counts half) surely is at least `at_least`, fail when surely below it."""

    version: ClassVar[int] = 1
    rule: Literal["win_rate"]
    metric: Annotated[str, Field(min_length=1, description="PAIRING.win_rate")]
    at_least: Annotated[float, Field(gt=0, lt=1)] = 0.5

    def problems(self, metric: Metric) -> list[str]:
        """More must be better, and the scale that of a share."""
        return share_problems(metric) or at_least_problems(metric, self.at_least, instead="`ceiling` with `at_most`")

    def supposed(self, suppose: Suppose, metric: Metric | None) -> Supposed | Outlook:
        """The true win rate lies above the limit."""
        return supposed_limit(suppose, metric, self.at_least, more=True)

    def check(self, evidence: Evidence, terms: Terms) -> RuleOutcome:
        """The pairing's win rate held against the limit."""
        confidence, minimum_n = self.asked(terms)
        limit = Limit("win_rate", self.metric, self.at_least, "least", confidence, minimum_n, self.severity)
        scores = dict(evidence.candidate.scores.get(self.metric, {}))
        if not self.sequential or not scores:
            return judge_against(limit, evidence)
        questions = in_order(evidence.candidate, self.metric, evidence.seed, among=tuple(scores))
        stake = Stake(
            rule="win_rate",
            metric=self.metric,
            numbers=means(scores, questions),
            null=self.at_least,
            alpha=(1 - confidence) / 2,
            confidence=confidence,
            minimum_n=minimum_n,
            severity=self.severity,
            words=words_of(self.metric, evidence).bare(sum(scores.values()) / len(scores)),
            limit=limit.words,
        )
        return judge_bets(
            stake, evidence, terms, at_the_end=lambda sure: judge_against(replace(limit, confidence=sure), evidence)
        )
