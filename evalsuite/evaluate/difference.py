"""Paired differences: candidate minus baseline, sample by sample, of every metric that both have."""

from __future__ import annotations

from evalsuite.evaluate.aggregate import bounds_of
from evalsuite.records import Comparison, Results, clusters_of


def differences(candidate: Results, baseline: Results) -> list[Comparison]:
    """The paired difference of each metric that both have, over the samples that both have."""
    return [
        found
        for metric in sorted(candidate.scores)
        if (found := difference(metric, candidate, baseline=baseline)) is not None
    ]


def difference(metric: str, candidate: Results, *, baseline: Results) -> Comparison | None:
    """Candidate minus baseline on their common samples, or None when they share none."""
    from evalsuite.stats.paired import difference as paired_difference
    from evalsuite.stats.weighted import weighted_difference

    ours, theirs = candidate.scores.get(metric, {}), baseline.scores.get(metric, {})
    shared = sorted(ours.keys() & theirs.keys())
    if not shared:
        return None
    before, after = [theirs[key] for key in shared], [ours[key] for key in shared]
    # Our own scores are shares; grades and the like that were imported keep their scale.
    shares = min(*before, *after) >= 0 and max(*before, *after) <= 1
    weights = candidate.weights.get(metric)
    if weights:
        found = weighted_difference(after, before, weights=[weights[key] for key in shared])
    else:
        clusters = clusters_of(candidate.groups.get(metric, {}), shared)
        found = paired_difference(after, before, clusters=clusters, bounds=bounds_of(metric) if shares else None)
    return Comparison(
        metric,
        baseline.subject,
        found.value,
        found.interval.low,
        found.interval.high,
        found.p_value,
        found.n,
        gained=sum(ours[key] > theirs[key] for key in shared),
        lost=sum(ours[key] < theirs[key] for key in shared),
    )
