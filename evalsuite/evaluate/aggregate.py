"""Scores per sample to results with intervals: over all samples, by subject, and over subjects."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import isfinite, sqrt

from evalsuite.records import Result, Sample, Score, clusters_of

# Metrics by their last word that have no upper end; all others are shares from 0 to 1.
_UNBOUNDED = ("nats_per_token", "bits_per_byte", "perplexity")


def bounds_of(metric: str) -> tuple[float, float] | None:
    """The range of a metric's scores, or None where it has no end."""
    return None if any(word in _UNBOUNDED for word in metric.split(".")) else (0.0, 1.0)


def aggregate(metric: str, scores: Sequence[Score], samples: Sequence[Sample]) -> Result:
    """The mean of the scores of one metric, clustered where samples share a group.

    Where scores have weights it is the ratio of sums Σwv / Σw, its error by linearisation (Cochran 1977, §6.3).
    Unscored samples are counted apart, with the commonest reason; a scored sample's reason (an unparsed reply that
    counts as wrong, say) is shown as detail. Scores with weights are on any scale; all of a metric have one, or none.
    """
    from evalsuite.stats.interval import mean

    known = [score for score in scores if score.value is not None]
    missing = [score.reason or "no reason given" for score in scores if score.value is None]
    reason = f"{len(missing)} unscored: {_commonest(missing)}" if missing else None
    if not known:
        return Result(metric, None, None, None, 0, unscored=len(missing), reason=reason or "no samples")
    groups = {sample.id: sample.group for sample in samples if sample.group is not None}
    clusters = clusters_of(groups, [score.sample_id for score in known])
    weighted = len({score.weight for score in known}) > 1
    # Grades, bits and the like are on scales of their own; a share alone has two ends.
    shares = all(0 <= (score.value or 0.0) <= 1 for score in known)
    bounds = bounds_of(metric) if shares and not weighted else None
    estimate = mean(_linearised(known), clusters=clusters, bounds=bounds)
    low, high = estimate.interval.low, estimate.interval.high
    if weighted and shares and (limits := bounds_of(metric)) is not None:
        low, high = max(low, limits[0]), min(high, limits[1])
    noted = [score.reason for score in known if score.reason]
    return Result(
        metric,
        estimate.value,
        low if isfinite(low) else None,
        high if isfinite(high) else None,
        n=estimate.n,
        unscored=len(missing),
        reason=reason,
        detail=f"{len(noted)} counted as wrong: {_commonest(noted)}" if noted else None,
    )


def by_subject(
    metric: str, scores: Sequence[Score], samples: Sequence[Sample], *, family: Callable[[str], str] | None = None
) -> list[Result]:
    """`METRIC.SUBJECT` for each subject, and `METRIC.macro`, their plain mean; nothing where samples have none.

    Subjects of one `family` count as one in the macro mean, theirs averaged first. The standard error of the mean of K
    subjects is sqrt(Σ SE²) / K.
    """
    subjects = {sample.id: sample.subject for sample in samples if sample.subject is not None}
    parts: dict[str, list[Score]] = {}
    for score in scores:
        if score.sample_id in subjects:
            parts.setdefault(subjects[score.sample_id] or "", []).append(score)
    if not parts:
        return []
    results = {subject: aggregate(f"{metric}.{subject}", of, samples) for subject, of in parts.items()}
    families: dict[str, list[Result]] = {}
    for subject, result in results.items():
        families.setdefault(family(subject) if family else subject, []).append(result)
    return [_macro(metric, families), *results.values()]


def by_metric(scores: Sequence[Score]) -> dict[str, list[Score]]:
    """The scores of each metric, metrics in order of appearance."""
    found: dict[str, list[Score]] = {}
    for item in scores:
        found.setdefault(item.metric, []).append(item)
    return found


def _macro(metric: str, families: Mapping[str, Sequence[Result]]) -> Result:
    every = [result for results in families.values() for result in results]
    n, unscored = sum(result.n for result in every), sum(result.unscored for result in every)
    name = f"{metric}.macro"
    if any(result.value is None for result in every):
        return Result(name, None, None, None, n, unscored=unscored, reason="a subject has no score at all")
    means, variances = [], []
    for results in families.values():
        means.append(sum(result.value or 0.0 for result in results) / len(results))
        variances.append(sum(_error(result) ** 2 for result in results) / len(results) ** 2)
    value, error = sum(means) / len(means), sqrt(sum(variances)) / len(means)
    low, high = value - 1.96 * error, value + 1.96 * error
    if (limits := bounds_of(metric)) is not None:
        low, high = max(low, limits[0]), min(high, limits[1])
    return Result(name, value, low, high, n=n, unscored=unscored, detail=f"the mean of {len(means)} subjects")


def _error(result: Result) -> float:
    # The interval's half width speaks for the standard error also where that is 0 for want of samples.
    if result.low is None or result.high is None:
        return 0.0
    return (result.high - result.low) / 2 / 1.96


def _linearised(scores: Sequence[Score]) -> list[float]:
    """Values whose plain mean is the ratio, and whose spread is the ratio's."""
    values = [score.value or 0.0 for score in scores]
    weights = [1.0 if score.weight is None else score.weight for score in scores]
    if len(set(weights)) == 1:
        return values
    ratio = sum(w * v for w, v in zip(weights, values, strict=True)) / sum(weights)
    scale = len(weights) / sum(weights)
    return [ratio + scale * w * (v - ratio) for w, v in zip(weights, values, strict=True)]


def _commonest(reasons: Sequence[str]) -> str:
    return max(sorted(set(reasons)), key=list(reasons).count)
