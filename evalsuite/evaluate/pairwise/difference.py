"""Paired differences: candidate minus baseline, sample by sample, of every metric that both have."""

from __future__ import annotations

from collections.abc import Sequence

from evalsuite.records import Comparison, Metric, Results, clusters_of, measured_alike


def differences(candidate: Results, baseline: Results) -> list[Comparison]:
    """The paired difference of each metric that both have, over the samples that both have."""
    return [
        found
        for metric in sorted(candidate.scores.keys() & baseline.scores.keys())
        if (found := difference(candidate.declared(metric), candidate, baseline=baseline)) is not None
    ]


def difference(metric: Metric, candidate: Results, *, baseline: Results) -> Comparison | None:
    """Candidate minus baseline on their common samples, or None when they share none."""
    ours, theirs = candidate.scores.get(metric.name, {}), baseline.scores.get(metric.name, {})
    shared = measured_alike(metric.name, candidate, baseline, among=ours.keys() & theirs.keys())
    if not shared:
        return None
    weights = candidate.weights.get(metric.name)
    return paired_comparison(
        metric,
        baseline.subject,
        [ours[key] for key in shared],
        [theirs[key] for key in shared],
        clusters=clusters_of(candidate.groups.get(metric.name, {}), shared),
        weights=[weights[key] for key in shared] if weights else None,
    )


def paired_comparison(
    metric: Metric,
    baseline: str,
    ours: Sequence[float],
    theirs: Sequence[float],
    *,
    clusters: Sequence[str] | None,
    weights: Sequence[float] | None,
) -> Comparison:
    """The difference of a metric from a baseline of that name, from the scores of the samples that both have."""
    from evalsuite.stats.paired.mean_difference import difference as paired_difference
    from evalsuite.stats.paired.mean_difference import weighted_difference

    if weights:
        found = weighted_difference(ours, theirs, weights=weights)
    else:
        new, old = ([metric.onto(value) for value in side] for side in (ours, theirs))
        found = paired_difference(new, old, clusters=clusters, bounds=metric.bounds)
    return Comparison(
        metric.name,
        baseline,
        found.value,
        found.interval.low,
        found.interval.high,
        found.p_value,
        found.n,
        gained=sum(our > their for our, their in zip(ours, theirs, strict=True)),
        lost=sum(our < their for our, their in zip(ours, theirs, strict=True)),
    )


def comparisons_of_counts(baseline: str, counts: Sequence[tuple[str, int, int, int]]) -> list[Comparison]:
    """The same of scores that are all 0 or 1, without clusters and weights, for which counts say everything.

    Each is a metric, the samples, and on how many of them it is higher and lower than the baseline's.
    """
    from evalsuite.stats.paired.mean_difference import differences_of_counts

    if not counts:
        return []
    metrics, n, gained, lost = zip(*counts, strict=True)
    return [
        Comparison(metric, baseline, value, its.low, its.high, p, many, gained=up, lost=down)
        for metric, many, up, down, (value, its, p) in zip(
            metrics, n, gained, lost, differences_of_counts(n, gained, lost), strict=True
        )
    ]
