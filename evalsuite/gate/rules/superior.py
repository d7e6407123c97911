"""Superiority: a metric must surely have risen, by more than a given gain.

Worked example: 30 answers gained and 12 lost among 200, `by: 0.02`: the difference is +0.09, its one-sided 95 % bound
+0.037 lies above 0.02, and the rule passes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from evalsuite.gate.options import RuleOptions
from evalsuite.gate.pairs import Asked, Pairs, judge_pairs
from evalsuite.records import Evidence, RuleOutcome, Terms

if TYPE_CHECKING:
    from evalsuite.stats.noninferior import NonInferiority


class Superior(RuleOptions):
    """Pass when the one-sided bound of the paired difference lies above `by`, fail when surely below it."""

    version: ClassVar[int] = 1
    rule: Literal["superior"]
    metric: Annotated[str, Field(min_length=1)]
    by: Annotated[float, Field(ge=0)] = 0.0

    def check(self, evidence: Evidence, terms: Terms) -> RuleOutcome:
        """Candidate minus baseline over the samples that both have."""
        confidence, minimum_n = self.asked(terms)
        words = f"a gain of more than {self.by:g} is wanted"

        def test(pairs: Pairs) -> NonInferiority:
            from evalsuite.stats.noninferior import superiority

            return superiority(pairs.ours, pairs.theirs, by=self.by, clusters=pairs.clusters, confidence=confidence)

        return judge_pairs(Asked("superior", self.metric, words, confidence, minimum_n, self.severity), test, evidence)
