"""Paired differences: candidate minus baseline, sample by sample, of every metric that both have."""

from __future__ import annotations

from collections.abc import Sequence

from evalsuite.evaluate.aggregate import bounds_of
from evalsuite.records import Comparison, Results, clusters_of, shared_samples


def differences(candidate: Results, baseline: Results) -> list[Comparison]:
    """The paired difference of each metric that both have, over the samples that both have."""
    return [
        found
        for metric in sorted(candidate.scores)
        if (found := difference(metric, candidate, baseline=baseline)) is not None
    ]


def difference(metric: str, candidate: Results, *, baseline: Results) -> Comparison | None:
    """Candidate minus baseline on their common samples, or None when they share none."""
    ours, theirs = candidate.scores.get(metric, {}), baseline.scores.get(metric, {})
    shared = shared_samples(metric, candidate, baseline)
    if not shared:
        return None
    weights = candidate.weights.get(metric)
    return paired(
        (metric, baseline.subject),
        [ours[key] for key in shared],
        [theirs[key] for key in shared],
        clusters=clusters_of(candidate.groups.get(metric, {}), shared),
        weights=[weights[key] for key in shared] if weights else None,
    )


def paired(
    of: tuple[str, str],
    ours: Sequence[float],
    theirs: Sequence[float],
    *,
    clusters: Sequence[str] | None,
    weights: Sequence[float] | None,
) -> Comparison:
    """The difference of a metric from a baseline (`of` has both names), from the scores of the samples both have."""
    from evalsuite.stats.paired import difference as paired_difference
    from evalsuite.stats.weighted import weighted_difference

    metric, baseline = of
    # Our own scores are shares; grades and the like that were imported keep their scale.
    shares = min(*ours, *theirs) >= 0 and max(*ours, *theirs) <= 1
    if weights:
        found = weighted_difference(ours, theirs, weights=weights)
    else:
        found = paired_difference(ours, theirs, clusters=clusters, bounds=bounds_of(metric) if shares else None)
    return Comparison(
        metric,
        baseline,
        found.value,
        found.interval.low,
        found.interval.high,
        found.p_value,
        found.n,
        gained=sum(our > their for our, their in zip(ours, theirs, strict=True)),
        lost=sum(our < their for our, their in zip(ours, theirs, strict=True)),
    )


def counted(baseline: str, counts: Sequence[tuple[str, int, int, int]]) -> list[Comparison]:
    """The same of scores that are all 0 or 1, without clusters and weights, for which counts say everything.

    Each is a metric, the samples, and on how many of them it is higher and lower than the baseline's.
    """
    from evalsuite.stats.paired import differences_of_counts

    if not counts:
        return []
    metrics, n, gained, lost = zip(*counts, strict=True)
    return [
        Comparison(metric, baseline, value, its.low, its.high, p, many, gained=up, lost=down)
        for metric, many, up, down, (value, its, p) in zip(
            metrics, n, gained, lost, differences_of_counts(n, gained, lost), strict=True
        )
    ]
