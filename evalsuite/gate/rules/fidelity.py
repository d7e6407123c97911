"""Fidelity: the candidate must surely have come a given way from the base model (0) to the author (1).

Sequential: fidelity is at least f exactly when the mean of candidate - (1 - f) base - f author is at least 0, for the
author scores above the base. That mean can be bet on sample by sample; the ratio itself cannot.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from evalsuite.gate.limit import Limit, judge_against
from evalsuite.gate.options import Sequential
from evalsuite.gate.sequential import Stake, in_order, judge_bets, means
from evalsuite.records import Evidence, RuleOutcome, Terms


class Fidelity(Sequential):
    """Pass when the fidelity surely is at least `at_least`, fail when surely below it."""

    version: ClassVar[int] = 1
    rule: Literal["fidelity"]
    metric: Annotated[str, Field(pattern=r"\.fidelity$", description="JUDGED.fidelity")]
    at_least: Annotated[float, Field(ge=0, le=1)] = 0.8

    def check(self, evidence: Evidence, terms: Terms) -> RuleOutcome:
        """The judged set's fidelity held against the limit."""
        confidence, minimum_n = self.asked(terms)
        limit = Limit("fidelity", self.metric, self.at_least, "least", confidence, minimum_n, self.severity)
        score = f"{self.metric.removesuffix('.fidelity')}.score"
        subjects = [found.scores.get(score, {}) for found in (evidence.candidate, evidence.base, evidence.author)]
        shared = sorted(set.intersection(*map(set, subjects)))
        if not self.sequential or not shared:
            return judge_against(limit, evidence)
        ours, base, author = subjects
        reach = sum(author[key] - base[key] for key in shared)
        if reach <= 0:
            return judge_against(limit, evidence)
        way = {key: ours[key] - (1 - self.at_least) * base[key] - self.at_least * author[key] for key in shared}
        questions = in_order(evidence.candidate, score, evidence.seed, among=shared)
        value = sum(ours[key] - base[key] for key in shared) / reach
        stake = Stake(
            rule="fidelity",
            metric=self.metric,
            numbers=tuple((step + 1) / 2 for step in means(way, questions)),
            null=0.5,
            alpha=(1 - confidence) / 2,
            confidence=confidence,
            minimum_n=minimum_n,
            severity=self.severity,
            words=f"{self.metric} is {value:.3f}",
            limit=limit.words,
        )
        return judge_bets(
            stake, evidence, terms, at_the_end=lambda sure: judge_against(replace(limit, confidence=sure), evidence)
        )
