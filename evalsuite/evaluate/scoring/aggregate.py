"""Completions that all came, as replies that are kept; what probes share about them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import isfinite, sqrt

from evalsuite.errors import EvalsuiteError, ModelError
from evalsuite.plugins import AskingProbe
from evalsuite.records import (
    Completion,
    Effort,
    Metric,
    Outcome,
    Reply,
    Result,
    Sample,
    Score,
    by_name,
    clusters_of,
    required,
)

# A field whose values hardly repeat is a text, an email's subject say, and makes no slices.
_MANY_SUBJECTS = 100

Measured = tuple[Metric, Result]


def aggregate(metric: Metric, scores: Sequence[Score], samples: Sequence[Sample]) -> Result:
    """The mean of the scores of one metric, clustered where samples share a group.

    Where scores have weights it is the ratio of sums Σwv / Σw, its error by linearisation (Cochran 1977, §6.3).
    Unscored samples are counted apart, with the commonest reason; a scored sample's reason (an unparsed reply that
    counts as wrong, say) is shown as detail. Raises EvalsuiteError for a score that lies beyond the metric's scale.
    """
    from evalsuite.stats.intervals.mean import mean

    known = [score for score in scores if score.value is not None]
    missing = [score.reason or "no reason given" for score in scores if score.value is None]
    reason = f"{len(missing)} unscored: {_commonest(missing)}" if missing else None
    if not known:
        return Result(metric.name, None, None, None, 0, unscored=len(missing), reason=reason or "no samples")
    _check_scale(metric, known)
    groups = {sample.id: sample.group for sample in samples if sample.group is not None}
    clusters = clusters_of(groups, [score.sample_id for score in known])
    weighted = len({score.weight for score in known}) > 1
    # The values of a ratio's linearisation lie beyond the scale; its interval does not.
    estimate = mean(_linearised(metric, known), clusters=clusters, bounds=None if weighted else metric.bounds)
    ends = estimate.interval.low, estimate.interval.high
    low, high = metric.clipped(*ends) if all(map(isfinite, ends)) else ends
    noted = [score.reason for score in known if score.reason]
    return Result(
        metric.name,
        estimate.value,
        low if isfinite(low) else None,
        high if isfinite(high) else None,
        n=estimate.n,
        unscored=len(missing),
        reason=reason,
        detail=f"{len(noted)} counted as wrong: {_commonest(noted)}" if noted else None,
    )


def by_subject(
    metric: Metric, scores: Sequence[Score], samples: Sequence[Sample], *, family: Callable[[str], str] | None = None
) -> list[Measured]:
    """The metric's plain mean over subjects, and its slice of each subject; nothing where samples have none.

    Subjects of one `family` count as one in the macro mean, theirs averaged first. The standard error of the mean of K
    subjects is sqrt(Σ SE²) / K. Raises DataError for a subject that is called as another figure of the metric.
    """
    subjects = {sample.id: sample.subject for sample in samples if sample.subject is not None}
    parts: dict[str, list[Score]] = {}
    for score in scores:
        if score.sample_id in subjects:
            parts.setdefault(subjects[score.sample_id] or "", []).append(score)
    if not parts or (len(parts) > _MANY_SUBJECTS and len(scores) < 2 * len(parts)):
        return []
    slices = {subject: metric.part(subject) for subject in parts}
    results = {subject: aggregate(slices[subject], of, samples) for subject, of in parts.items()}
    families: dict[str, list[Result]] = {}
    for subject, result in results.items():
        families.setdefault(family(subject) if family else subject, []).append(result)
    macro = metric.macro()
    return [(macro, _macro(macro, families)), *((slices[subject], result) for subject, result in results.items())]


def by_metric(scores: Iterable[Score], declared: Iterable[Metric], *, by: str) -> dict[Metric, list[Score]]:
    """The scores of each metric, metrics in order of appearance; raises EvalsuiteError for one that is not declared."""
    found: dict[str, list[Score]] = {}
    for item in scores:
        found.setdefault(item.metric, []).append(item)
    known = by_name(declared)
    return {required(name, known, by=by): of for name, of in found.items()}


def _check_scale(metric: Metric, scores: Sequence[Score]) -> None:
    for score in scores:
        if not metric.holds(score.value or 0.0):
            raise EvalsuiteError(
                f"{metric.name}  is {score.value:g} for sample {score.sample_id}, but is declared to lie between "
                f"{metric.low} and {metric.high}; declare the scale that it has"
            )


def _macro(metric: Metric, families: Mapping[str, Sequence[Result]]) -> Result:
    every = [result for results in families.values() for result in results]
    n, unscored = sum(result.n for result in every), sum(result.unscored for result in every)
    if any(result.value is None for result in every):
        return Result(metric.name, None, None, None, n, unscored=unscored, reason="a subject has no score at all")
    means, variances = [], []
    for results in families.values():
        means.append(sum(result.value or 0.0 for result in results) / len(results))
        variances.append(sum(_error(result) ** 2 for result in results) / len(results) ** 2)
    value, error = sum(means) / len(means), sqrt(sum(variances)) / len(means)
    low, high = metric.clipped(value - 1.96 * error, value + 1.96 * error)
    return Result(metric.name, value, low, high, n=n, unscored=unscored, detail=f"the mean of {len(means)} subjects")


def _error(result: Result) -> float:
    # The interval's half width speaks for the standard error also where that is 0 for want of samples.
    if result.low is None or result.high is None:
        return 0.0
    return (result.high - result.low) / 2 / 1.96


def _linearised(metric: Metric, scores: Sequence[Score]) -> list[float]:
    """Values whose plain mean is the ratio, and whose spread is the ratio's."""
    values = [score.value or 0.0 for score in scores]
    weights = [1.0 if score.weight is None else score.weight for score in scores]
    if len(set(weights)) == 1:
        return [metric.onto(value) for value in values]
    ratio = sum(w * v for w, v in zip(weights, values, strict=True)) / sum(weights)
    scale = len(weights) / sum(weights)
    return [ratio + scale * w * (v - ratio) for w, v in zip(weights, values, strict=True)]


def _commonest(reasons: Sequence[str]) -> str:
    return max(sorted(set(reasons)), key=list(reasons).count)


def require_answers(completions: Sequence[Completion]) -> Sequence[Completion]:
    """The completions; raises ModelError when some of their calls failed for good.

    What was answered is in the reply cache by then, so that the next run asks only for the rest.
    """
    failed = [completion for completion in completions if completion.finish == "failed"]
    if failed:
        raise ModelError(
            f"{len(failed)} of {len(completions)} calls failed for good, the first with: {failed[0].reason}; the "
            "others are kept, and the same command asks only for what is missing"
        )
    return completions


def ending_note(completion: Completion) -> str | None:
    """What a person who reads the reply should know of how it ended."""
    if completion.finish == "refused":
        return f"refused: {completion.reason or 'no reason given'}"
    return "cut off at the token limit" if completion.finish == "length" else None


# Four characters a token is the usual rule of thumb for English.
_CHARACTERS_PER_TOKEN = 4


def reply_to(sample: Sample, completion: Completion, *, note: str | None = None) -> Reply:
    """A completion as the reply to a sample, noting how it ended."""
    notes = "; ".join(part for part in (note, ending_note(completion)) if part)
    return Reply(sample.id, sample.prompt.shown, completion.text, sample.target, sample.group, notes or None)


def outcome(
    probe: AskingProbe, replies: Sequence[Reply], scores: Sequence[Score], samples: Sequence[Sample] = ()
) -> Outcome:
    """Replies and scores with one result per metric, each as the probe declares it."""
    declared = by_metric(scores, probe.metrics, by=probe.name)
    results = tuple(aggregate(metric, of, samples) for metric, of in declared.items())
    return Outcome(tuple(replies), tuple(scores), results, metrics=tuple(declared))


def effort(texts: Sequence[str], *, reply: int = 0, times: int = 1) -> Effort:
    """Asking so many texts, each `times` times with a reply of at most `reply` tokens."""
    tokens = sum(map(len, texts)) // _CHARACTERS_PER_TOKEN + reply * len(texts)
    return Effort(samples=len(texts) * times, tokens=tokens * times)
