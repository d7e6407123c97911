"""Non-inferiority: a metric must surely not have fallen by more than a margin."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from evalsuite.gate.options import Sequential
from evalsuite.gate.pairs import Asked, Pairs, change, judge_pairs, pairs_of, unpaired
from evalsuite.gate.sequential import Stake, in_order, judge_bets, means
from evalsuite.records import Evidence, RuleOutcome, Terms

if TYPE_CHECKING:
    from evalsuite.stats.noninferior import NonInferiority


class NonInferior(Sequential):
    """Pass when the one-sided bound of the paired difference lies above -margin, fail when surely below it."""

    version: ClassVar[int] = 2
    rule: Literal["non_inferior"]
    metric: Annotated[str, Field(min_length=1)]
    margin: Annotated[float, Field(gt=0)]

    def check(self, evidence: Evidence, terms: Terms) -> RuleOutcome:
        """Candidate minus baseline over the samples that both have."""
        confidence, minimum_n = self.asked(terms)
        words = f"a loss of at most {self.margin:g} is allowed"
        asked = Asked("non_inferior", self.metric, words, confidence, minimum_n, self.severity)
        return self._bet(asked, evidence, terms) if self.sequential else self._test(asked, evidence)

    def _test(self, asked: Asked, evidence: Evidence) -> RuleOutcome:
        def test(pairs: Pairs) -> NonInferiority:
            from evalsuite.stats.noninferior import non_inferiority

            return non_inferiority(
                pairs.ours, pairs.theirs, margin=self.margin, clusters=pairs.clusters, confidence=asked.confidence
            )

        return judge_pairs(asked, test, evidence)

    def _bet(self, asked: Asked, evidence: Evidence, terms: Terms) -> RuleOutcome:
        pairs = pairs_of(self.metric, evidence)
        if pairs is None:
            return unpaired(asked, evidence)
        gaps = {key: ours - theirs for key, ours, theirs in zip(pairs.ids, pairs.ours, pairs.theirs, strict=True)}
        questions = in_order(evidence.candidate, self.metric, evidence.seed, among=pairs.ids)
        difference = sum(gaps.values()) / len(gaps)
        stake = Stake(
            rule=asked.rule,
            metric=self.metric,
            numbers=tuple((gap + 1) / 2 for gap in means(gaps, questions)),
            null=(1 - self.margin) / 2,
            alpha=1 - asked.confidence,
            confidence=asked.confidence,
            minimum_n=asked.minimum_n,
            severity=self.severity,
            words=f"{self.metric} {change(difference)} against {evidence.baseline.label}",
            limit=asked.words,
        )
        return judge_bets(
            stake, evidence, terms, at_the_end=lambda sure: self._test(replace(asked, confidence=sure), evidence)
        )
