"""Non-inferiority: a metric must surely not have fallen by more than a margin."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from evalsuite.records import Results, RuleOutcome, clusters_of
from evalsuite.spec.document import Document


class NonInferior(Document):
    """Pass when the one-sided bound of the paired difference lies above -margin, fail when surely below it."""

    version: ClassVar[int] = 1
    rule: Literal["non_inferior"]
    metric: Annotated[str, Field(min_length=1)]
    margin: Annotated[float, Field(gt=0)]
    confidence: Annotated[float, Field(gt=0.5, lt=1)] = 0.95
    minimum_n: Annotated[int, Field(ge=1)] = 20

    def check(self, candidate: Results, baseline: Results) -> RuleOutcome:
        """Candidate minus baseline over the samples that both have."""
        from evalsuite.stats.noninferior import non_inferiority

        ours, theirs = candidate.scores.get(self.metric, {}), baseline.scores.get(self.metric, {})
        shared = sorted(ours.keys() & theirs.keys())
        if not shared:
            subjects = f"{candidate.subject} and {baseline.subject}"
            sentence = f"{self.metric} has no sample that both {subjects} were scored on"
            return RuleOutcome(self.rule, self.metric, "undecided", sentence)
        found = non_inferiority(
            [ours[key] for key in shared],
            [theirs[key] for key in shared],
            margin=self.margin,
            clusters=clusters_of(candidate.groups.get(self.metric, {}), shared),
            confidence=self.confidence,
        )
        answer = found.answer
        change = _change(found.difference)
        bounds = f"[{found.low:+.3f}, {found.high:+.3f}]"
        sentence = (
            f"{self.metric} {change} against {baseline.subject} {bounds} over {len(shared)} samples; "
            f"a loss of at most {self.margin:g} is allowed"
        )
        if len(shared) < self.minimum_n:
            answer, sentence = "undecided", f"{sentence}, and at least {self.minimum_n} samples are wanted"
        elif answer == "undecided" and found.samples_needed:
            sentence = f"{sentence}; about {found.samples_needed} samples would settle it"
        return RuleOutcome(
            self.rule, self.metric, answer, sentence, found.difference, found.low, found.high, len(shared)
        )


def _change(difference: float) -> str:
    if abs(difference) < 0.0005:
        return "stayed the same"
    return f"{'fell' if difference < 0 else 'rose'} {abs(difference):.3f}"
