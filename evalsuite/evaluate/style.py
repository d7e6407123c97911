"""Beside fidelity: how the candidate's answers stand to the author's by other means than the rubric."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from evalsuite.evaluate.aggregate import aggregate
from evalsuite.evaluate.judge import Grader, Item, overall, usage_of
from evalsuite.models import Model
from evalsuite.records import Adapter, Comparison, Outcome, Reply, Result, Sample, Score, Usage, clusters_of
from evalsuite.spec.rubric import Rubric

# Below this many words of the author, the shares of single words are mostly noise.
_ENOUGH_WORDS = 2_000


@dataclass(frozen=True, slots=True)
class Voices:
    """What candidate, base and author said to the same prompts, in the same order."""

    candidate: Sequence[Reply]
    base: Sequence[Reply]
    author: Sequence[Reply]

    @property
    def clusters(self) -> list[str] | None:
        """The cluster of each prompt, or None where each stands alone."""
        groups = {reply.sample_id: reply.group for reply in self.author if reply.group is not None}
        return clusters_of(groups, [reply.sample_id for reply in self.author])


def joined(outcomes: Sequence[Outcome]) -> Outcome:
    """Several outcomes about the same replies as one."""
    return Outcome(
        next((one.replies for one in outcomes if one.replies), ()),
        tuple(score for one in outcomes for score in one.scores),
        tuple(result for one in outcomes for result in one.results),
        tuple(found for one in outcomes for found in one.comparisons),
        judging=sum((one.judging for one in outcomes), Usage()),
    )


def words(entry: str, voices: Voices, *, seed: int) -> Outcome:
    """`delta`: Burrows' Delta to the author; `classifier_accuracy`: can a classifier tell the two apart."""
    found, compared = _delta(f"{entry}.delta", voices)
    told = _classifier(f"{entry}.classifier_accuracy", voices, seed=seed)
    return Outcome(tuple(voices.candidate), results=(found, told), comparisons=compared)


def author_nll(entry: str, samples: Sequence[Sample], *, model: Model, adapter: Adapter | None) -> Outcome:
    """`author_nll`: how surprised the candidate is by the author's answers, in nats per token, and against the base."""
    from evalsuite.stats.interval import mean
    from evalsuite.stats.paired import difference
    from evalsuite.stats.text_likelihood import text_likelihood

    metric = f"{entry}.author_nll"
    prompts, texts = [sample.prompt for sample in samples], [(sample.target,) for sample in samples]
    ours, theirs = ([one for (one,) in model.choices(prompts, texts, adapter=who)] for who in (adapter, None))
    kept = [i for i in range(len(samples)) if ours[i].tokens and theirs[i].tokens]
    if not kept:
        return Outcome(results=(Result(metric, None, None, None, 0, reason="no answer of the author's has a token"),))
    ids = [samples[i].id for i in kept]
    clusters = clusters_of({sample.id: sample.group for sample in samples if sample.group is not None}, ids)
    new, old = ([-of[i].value / of[i].tokens for i in kept] for of in (ours, theirs))
    found, gap = mean(new, clusters=clusters), difference(new, old, clusters=clusters)
    whole = [text_likelihood([-of[i].value for i in kept], [of[i].tokens for i in kept]) for of in (ours, theirs)]
    detail = (
        f"nats a token, mean over answers; perplexity {whole[0].perplexity:.3g} over {whole[0].tokens:,} tokens, "
        f"the base's {whole[1].perplexity:.3g}"
    )
    # Values that are all equal bound nothing on a scale without an end.
    low, high = (end if math.isfinite(end) else None for end in (found.interval.low, found.interval.high))
    result = Result(metric, found.value, low, high, n=len(kept), detail=detail)
    ends = gap.interval
    compared = Comparison(metric, "base", gap.value, ends.low, ends.high, gap.p_value, gap.n)
    scores = tuple(Score(key, metric, value) for key, value in zip(ids, new, strict=True))
    return Outcome(scores=scores, results=(result,), comparisons=(compared,))


def control(entry: str, samples: Sequence[Sample], *, rubric: Rubric, judge: Grader) -> Outcome:
    """`control`: what another author's answers get by the same rubric; a rubric that sees style gives them less."""
    metric = f"{entry}.control"
    judgments = judge.grade([Item(sample.prompt.shown, sample.target, sample.target) for sample in samples])
    # Names of their own, so that they are not taken for the judged set's.
    named = [Sample(f"control:{sample.id}", sample.prompt, "", group=sample.group) for sample in samples]
    scores = [
        Score(sample.id, metric, None if one.scores is None else overall(rubric, one.scores), one.reason)
        for sample, one in zip(named, judgments, strict=True)
    ]
    return Outcome(scores=tuple(scores), results=(aggregate(metric, scores, named),), judging=usage_of(judgments))


def _delta(metric: str, voices: Voices) -> tuple[Result, tuple[Comparison, ...]]:
    from evalsuite.stats.bootstrap import Undefined
    from evalsuite.stats.style_delta import author_deltas

    ours, theirs, own = ([reply.text for reply in of] for of in (voices.candidate, voices.base, voices.author))
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
    from evalsuite.stats.two_sample import Passage, classifier_test

    ours, theirs, own = (
        [Passage(reply.text, reply.group or reply.sample_id) for reply in of]
        for of in (voices.candidate, voices.base, voices.author)
    )
    try:
        found, base = (classifier_test(own, of, seed=seed) for of in (ours, theirs))
    except ValueError as error:
        return Result(metric, None, None, None, 0, reason=str(error))
    detail = f"half the prompts train, the others test; base {base.accuracy:.2f}, guessing 0.50; p {found.p_exact:.3g}"
    return Result(metric, found.accuracy, found.interval.low, found.interval.high, n=found.n, detail=detail)
