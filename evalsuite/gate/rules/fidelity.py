"""Fidelity: the candidate must surely have come a given way from the base model (0) to the author (1).

Sequential: fidelity is at least f exactly when the mean of candidate - (1 - f) base - f author is at least 0, for the
author scores above the base. That mean can be bet on sample by sample; the ratio itself cannot.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from evalsuite.gate.limit import Limit, judge_against
from evalsuite.gate.rule_options import Sequential
from evalsuite.gate.sequential import Stake, in_order, judge_bets, means
from evalsuite.gate.words import at_least_problems, declaration_of, span_of, supposed_limit, words_of
from evalsuite.records import Evidence, Metric, Outlook, RuleOutcome, Suppose, Supposed, Terms


class Fidelity(Sequential):
    """Pass when the fidelity surely is at least `at_least`, fail when surely below it."""

    version: ClassVar[int] = 1
    rule: Literal["fidelity"]
    metric: Annotated[str, Field(pattern=r"\.fidelity$", description="JUDGED.fidelity")]
    at_least: Annotated[float, Field(ge=0, le=1)] = 0.8

    def problems(self, metric: Metric) -> list[str]:
        """More must be better."""
        return at_least_problems(metric, self.at_least, instead="`ceiling` with `at_most`")

    def supposed(self, suppose: Suppose, metric: Metric | None) -> Supposed | Outlook:
        """The true fidelity lies above the limit."""
        return supposed_limit(suppose, metric, self.at_least, more=True)

    def check(self, evidence: Evidence, terms: Terms) -> RuleOutcome:
        """The judged set's fidelity held against the limit."""
        confidence, minimum_n = self.asked(terms)
        limit = Limit("fidelity", self.metric, self.at_least, "least", confidence, minimum_n, self.severity)
        score = self._score(evidence) if self.sequential else None
        span = span_of(score)
        if score is None or span is None:
            return judge_against(limit, evidence)
        subjects = [found.scores.get(score.name, {}) for found in (evidence.candidate, evidence.base, evidence.author)]
        shared = sorted(set.intersection(*map(set, subjects)))
        ours, base, author = subjects
        reach = sum(author[key] - base[key] for key in shared)
        if reach <= 0:
            return judge_against(limit, evidence)
        way = {key: ours[key] - (1 - self.at_least) * base[key] - self.at_least * author[key] for key in shared}
        questions = in_order(evidence.candidate, score.name, evidence.seed, among=shared)
        value = sum(ours[key] - base[key] for key in shared) / reach
        stake = Stake(
            rule="fidelity",
            metric=self.metric,
            numbers=tuple((step / span + 1) / 2 for step in means(way, questions)),
            null=0.5,
            alpha=(1 - confidence) / 2,
            confidence=confidence,
            minimum_n=minimum_n,
            severity=self.severity,
            words=words_of(self.metric, evidence).bare(value),
            limit=limit.words,
        )
        return judge_bets(
            stake, evidence, terms, at_the_end=lambda sure: judge_against(replace(limit, confidence=sure), evidence)
        )

    def _score(self, evidence: Evidence) -> Metric | None:
        """The judged set's score, whose base is fidelity's 0 and whose author is its 1."""
        fidelity = declaration_of(self.metric, evidence)
        return None if fidelity is None else declaration_of(f"{fidelity.entry}.score", evidence)
