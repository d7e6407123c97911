"""Beside fidelity: how the candidate's answers stand to the author's by other means than the rubric."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from evalsuite.evaluate.scoring.aggregate import aggregate
from evalsuite.models.protocol import Model
from evalsuite.plugins import Grader
from evalsuite.records import (
    Adapter,
    Comparison,
    Item,
    Outcome,
    Reply,
    Result,
    Sample,
    Score,
    Usage,
    clusters_of,
    usage_of,
)
from evalsuite.spec.declared import STYLE
from evalsuite.spec.rubric import Rubric

# Below this many words of the author, the shares of single words are mostly noise.
_ENOUGH_WORDS = 2_000


@dataclass(frozen=True, slots=True)
class Voices:
    """What candidate, base and author said to the same prompts, in the same order.

    `missing` says why nothing of a base is known; then it has no replies.
    """

    candidate: Sequence[Reply]
    base: Sequence[Reply]
    author: Sequence[Reply]
    missing: str | None = None

    @property
    def clusters(self) -> list[str] | None:
        """The cluster of each prompt, or None where each stands alone."""
        groups = {reply.sample_id: reply.group for reply in self.author if reply.group is not None}
        return clusters_of(groups, [reply.sample_id for reply in self.author])


def join_outcomes(outcomes: Sequence[Outcome]) -> Outcome:
    """Several outcomes about the same replies as one."""
    return Outcome(
        next((one.replies for one in outcomes if one.replies), ()),
        tuple(score for one in outcomes for score in one.scores),
        tuple(result for one in outcomes for result in one.results),
        tuple(found for one in outcomes for found in one.comparisons),
        metrics=tuple(metric for one in outcomes for metric in one.metrics),
        judging=sum((one.judging for one in outcomes), Usage()),
    )


def words(entry: str, voices: Voices, *, seed: int) -> Outcome:
    """`delta`: Burrows' Delta to the author; `classifier_accuracy`: can a classifier tell the two apart."""
    delta, accuracy = (STYLE[figure].of(entry) for figure in ("delta", "classifier_accuracy"))
    found, compared = _delta(delta.name, voices)
    told = _classifier(accuracy.name, voices, seed=seed)
    replies = tuple(voices.candidate)
    return Outcome(replies, results=(found, told), comparisons=compared, metrics=(delta, accuracy))


def no_author_nll(entry: str, reason: str) -> Outcome:
    """`author_nll` without a value."""
    metric = STYLE["author_nll"].of(entry)
    return Outcome(results=(Result(metric.name, None, None, None, 0, reason=reason),), metrics=(metric,))


Asked = tuple[Model, Adapter | None]


def author_nll(entry: str, samples: Sequence[Sample], candidate: Asked, base: Asked | None = None) -> Outcome:
    """`author_nll`: how surprised the candidate is by the author's answers, in nats per token, and against the base."""
    from evalsuite.stats.intervals.mean import mean
    from evalsuite.stats.intervals.probes import text_likelihood
    from evalsuite.stats.paired.mean_difference import difference

    metric = STYLE["author_nll"].of(entry)
    prompts, texts = [sample.prompt for sample in samples], [(sample.target,) for sample in samples]
    asked = [candidate] if base is None else [candidate, base]
    found_of = [[one for (one,) in model.choices(prompts, texts, adapter=who)] for model, who in asked]
    kept = [i for i in range(len(samples)) if all(of[i].tokens for of in found_of)]
    if not kept:
        return no_author_nll(entry, "no answer of the author's has a token")
    ids = [samples[i].id for i in kept]
    clusters = clusters_of({sample.id: sample.group for sample in samples if sample.group is not None}, ids)
    new, *old = [[-of[i].value / of[i].tokens for i in kept] for of in found_of]
    found = mean(new, clusters=clusters)
    whole = [text_likelihood([-of[i].value for i in kept], [of[i].tokens for i in kept]) for of in found_of]
    detail = f"nats a token, mean over answers; perplexity {whole[0].perplexity:.3g} over {whole[0].tokens:,} tokens"
    detail += f", the base's {whole[1].perplexity:.3g}" if base is not None else ""
    # Values that are all equal bound nothing on a scale without an end.
    low, high = (end if math.isfinite(end) else None for end in (found.interval.low, found.interval.high))
    if low is not None and high is not None:
        low, high = metric.clipped(low, high)
    result = Result(metric.name, found.value, low, high, n=len(kept), detail=detail)
    # Nats a token of two tokenisers are two units.
    alike = all(of[i].tokens == found_of[0][i].tokens for of in found_of for i in kept)
    gaps = [difference(new, of, clusters=clusters) for of in old] if alike else []
    compared = tuple(
        Comparison(metric.name, "base", gap.value, gap.interval.low, gap.interval.high, gap.p_value, gap.n)
        for gap in gaps
    )
    scores = tuple(Score(key, metric.name, value) for key, value in zip(ids, new, strict=True))
    return Outcome(scores=scores, results=(result,), comparisons=compared, metrics=(metric,))


def control(entry: str, samples: Sequence[Sample], *, rubric: Rubric, judge: Grader) -> Outcome:
    """`control`: what another author's answers get by the same rubric; a rubric that sees style gives them less."""
    metric = STYLE["control"].of(entry)
    judgments = judge.grade([Item(sample.prompt.shown, sample.target, sample.target) for sample in samples])
    # Names of their own, so that they are not taken for the judged set's.
    named = [Sample(f"control:{sample.id}", sample.prompt, "", group=sample.group) for sample in samples]
    scores = [
        Score(sample.id, metric.name, None if one.scores is None else rubric.overall(one.scores), one.reason)
        for sample, one in zip(named, judgments, strict=True)
    ]
    result, judging = aggregate(metric, scores, named), usage_of(judgments)
    return Outcome(scores=tuple(scores), results=(result,), judging=judging, metrics=(metric,))


def _delta(metric: str, voices: Voices) -> tuple[Result, tuple[Comparison, ...]]:
    from evalsuite.stats.intervals.bootstrap import Undefined
    from evalsuite.stats.style.burrows import author_deltas

    ours, theirs, own = ([reply.text for reply in of] for of in (voices.candidate, voices.base, voices.author))
    if voices.missing is not None:
        # Which words tell the author from others is learnt from the base as well.
        return Result(metric, None, None, None, 0, reason=voices.missing), ()
    found = author_deltas(ours, theirs, author=own, clusters=voices.clusters)
    n = len(own)
    if isinstance(found, Undefined):
        return Result(metric, None, None, None, n, reason=found.reason), ()
    few = f"; few for Delta, which wants {_ENOUGH_WORDS:,} and more" if found.words < _ENOUGH_WORDS else ""
    detail = f"base {found.base.value:.3f}; {found.telling} common words, {found.words:,} words of the author{few}"
    ends, gap = found.candidate.interval, found.difference
    result = Result(
        metric, found.candidate.value, ends.low if ends else None, ends.high if ends else None, n, detail=detail
    )
    if gap.interval is None:
        return result, ()
    return result, (Comparison(metric, "base", gap.value, gap.interval.low, gap.interval.high, gap.p_value, n),)


def _classifier(metric: str, voices: Voices, *, seed: int) -> Result:
    from evalsuite.stats.style.two_sample import Passage, classifier_test

    ours, theirs, own = (
        [Passage(reply.text, reply.group or reply.sample_id) for reply in of]
        for of in (voices.candidate, voices.base, voices.author)
    )
    try:
        found, *base = (classifier_test(own, of, seed=seed) for of in (ours, theirs) if of)
    except ValueError as error:
        return Result(metric, None, None, None, 0, reason=str(error))
    beside = "".join(f"base {of.accuracy:.2f}, " for of in base)
    detail = f"half the prompts train, the others test; {beside}guessing 0.50; p {found.p_exact:.3g}"
    return Result(metric, found.accuracy, found.interval.low, found.interval.high, n=found.n, detail=detail)
