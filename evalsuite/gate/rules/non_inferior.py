"""Non-inferiority: a metric must surely not have got worse by more than a margin, in its own direction.

Worked example: perplexity rose from 2.3 to 2,764, so the loss per token by 7.09 nats, where less is better. With
`margin: 0.05` the loss is surely larger than what is allowed, and the rule fails.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from evalsuite.gate.comparing import PairedQuestion, PairedScores, gains_of, in_its_units, judge_pairs
from evalsuite.gate.rule_options import Sequential, Sliced, each_slice
from evalsuite.gate.sequential import Stake, in_order, judge_bets, means
from evalsuite.gate.words import declaration_of, early_problems, paired_problems, span_of, supposed_pairs, words_of
from evalsuite.records import Evidence, Metric, Outlook, RuleOutcome, Suppose, Supposed, Terms

if TYPE_CHECKING:
    from evalsuite.stats.paired.noninferior import NonInferiority


class NonInferior(Sequential, Sliced):
    """Pass when the one-sided bound of the paired gain lies above -margin, fail when surely below it."""

    version: ClassVar[int] = 3
    rule: Literal["non_inferior"]
    metric: Annotated[str, Field(min_length=1)]
    margin: Annotated[float, Field(gt=0)]

    @model_validator(mode="after")
    def _early_or_by_slice(self) -> NonInferior:
        if self.sequential and self.every is not None:
            raise ValueError(f"`every: {self.every}` needs every sample of each; leave out `sequential`")
        return self

    def problems(self, metric: Metric) -> list[str]:
        """One way must be better, and a loss of the margin must be possible."""
        return [*paired_problems(metric, margin=self.margin), *(early_problems(metric) if self.sequential else [])]

    def supposed(self, suppose: Suppose, metric: Metric | None) -> Supposed | Outlook:
        """The hope is that nothing changed, so that the margin itself is the gap."""
        return supposed_pairs(suppose, metric, self.margin)

    def check(self, evidence: Evidence, terms: Terms) -> RuleOutcome:
        """The gain of the candidate on the baseline over the samples that both have."""
        if self.by_slice:
            return each_slice(self, self.of, evidence, terms)
        confidence, minimum_n = self.asked(terms)
        words = f"a loss of at most {self.margin:g} is allowed"
        asked = PairedQuestion("non_inferior", self.metric, words, confidence, minimum_n, self.severity)
        return self._bet(asked, evidence, terms) if self.sequential else self._test(asked, evidence)

    def _test(self, asked: PairedQuestion, evidence: Evidence) -> RuleOutcome:
        def test(gains: PairedScores) -> NonInferiority:
            from evalsuite.stats.paired.noninferior import non_inferiority

            return non_inferiority(
                gains.ours, gains.theirs, margin=self.margin, clusters=gains.clusters, confidence=asked.confidence
            )

        return judge_pairs(asked, test, evidence)

    def _bet(self, asked: PairedQuestion, evidence: Evidence, terms: Terms) -> RuleOutcome:
        pairs, metric = gains_of(asked, evidence), declaration_of(self.metric, evidence)
        if isinstance(pairs, RuleOutcome):
            return pairs
        assert metric is not None
        span = span_of(metric)
        if span is None:
            return asked.undecided("; ".join(early_problems(metric)))
        if pairs.unweighted() is not pairs:
            return asked.undecided(f"samples of {self.metric} count differently, so none is settled early")
        gains = {key: ours - theirs for key, ours, theirs in zip(pairs.ids, pairs.ours, pairs.theirs, strict=True)}
        questions = in_order(evidence.candidate, self.metric, evidence.seed, among=pairs.ids)
        words, gain = words_of(self.metric, evidence), sum(gains.values()) / len(gains)
        changed = words.changed(in_its_units(words, gain, gain, gain)[0])
        stake = Stake(
            rule=asked.rule,
            metric=self.metric,
            # A gain lies between minus and plus the scale's span; bets are on numbers from 0 to 1.
            numbers=tuple((gain / span + 1) / 2 for gain in means(gains, questions)),
            null=(1 - self.margin / span) / 2,
            alpha=1 - asked.confidence,
            confidence=asked.confidence,
            minimum_n=asked.minimum_n,
            severity=self.severity,
            words=f"{changed} against {evidence.baseline.label}{words.side}",
            limit=asked.words,
        )
        return judge_bets(
            stake, evidence, terms, at_the_end=lambda sure: self._test(replace(asked, confidence=sure), evidence)
        )
