"""Superiority: a metric must surely have got better, by more than a given gain in its own direction.

Worked example: 30 answers gained and 12 lost among 200, `by: 0.02`: the difference is +0.09, its one-sided 95 % bound
+0.037 lies above 0.02, and the rule passes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from evalsuite.gate.comparing import PairedQuestion, PairedScores, judge_pairs
from evalsuite.gate.rule_options import Sliced, each_slice
from evalsuite.gate.words import paired_problems, supposed_pairs
from evalsuite.records import Evidence, Metric, Outlook, RuleOutcome, Suppose, Supposed, Terms

if TYPE_CHECKING:
    from evalsuite.stats.paired.noninferior import NonInferiority


class Superior(Sliced):
    """Pass when the one-sided bound of the paired gain lies above `by`, fail when surely below it."""

    version: ClassVar[int] = 2
    rule: Literal["superior"]
    metric: Annotated[str, Field(min_length=1)]
    by: Annotated[float, Field(ge=0)] = 0.0

    def problems(self, metric: Metric) -> list[str]:
        """One way must be better, and the gain must fit on the scale."""
        return paired_problems(metric, by=self.by)

    def supposed(self, suppose: Suppose, metric: Metric | None) -> Supposed | Outlook:
        """The true gain is as much larger than the one that is wanted."""
        return supposed_pairs(suppose, metric, None)

    def check(self, evidence: Evidence, terms: Terms) -> RuleOutcome:
        """The gain of the candidate on the baseline over the samples that both have."""
        if self.by_slice:
            return each_slice(self, self.of, evidence, terms)
        confidence, minimum_n = self.asked(terms)
        words = f"a gain of more than {self.by:g} is wanted"

        def test(pairs: PairedScores) -> NonInferiority:
            from evalsuite.stats.paired.noninferior import superiority

            return superiority(pairs.ours, pairs.theirs, by=self.by, clusters=pairs.clusters, confidence=confidence)

        return judge_pairs(
            PairedQuestion("superior", self.metric, words, confidence, minimum_n, self.severity), test, evidence
        )
