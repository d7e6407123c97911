"""Scores per sample to one result with its interval."""

from __future__ import annotations

from collections.abc import Sequence

from evalsuite.records import Result, Sample, Score, clusters_of


def aggregate(metric: str, scores: Sequence[Score], samples: Sequence[Sample]) -> Result:
    """The mean of the scores of one metric on the scale 0 to 1, clustered where samples share a group.

    Unscored samples are counted apart, with the commonest reason; a scored sample's reason (an unparsed reply that
    counts as wrong, say) is shown as detail. Scores with weights are on any scale; all of a metric have one, or none.
    """
    from evalsuite.stats.interval import mean
    from evalsuite.stats.weighted import weighted_mean

    values = {score.sample_id: score.value for score in scores if score.value is not None}
    missing = [score.reason or "no reason given" for score in scores if score.value is None]
    reason = f"{len(missing)} unscored: {_commonest(missing)}" if missing else None
    if not values:
        return Result(metric, None, None, None, 0, unscored=len(missing), reason=reason or "no samples")
    clusters = clusters_of({sample.id: sample.group for sample in samples if sample.group is not None}, list(values))
    weights = {score.sample_id: score.weight for score in scores if score.weight is not None}
    if weights:
        estimate = weighted_mean(list(values.values()), [weights[key] for key in values])
    else:
        estimate = mean(list(values.values()), clusters=clusters, bounds=(0.0, 1.0))
    noted = [score.reason for score in scores if score.value is not None and score.reason]
    return Result(
        metric,
        estimate.value,
        estimate.interval.low,
        estimate.interval.high,
        n=estimate.n,
        unscored=len(missing),
        reason=reason,
        detail=f"{len(noted)} counted as wrong: {_commonest(noted)}" if noted else None,
    )


def by_metric(scores: Sequence[Score]) -> dict[str, list[Score]]:
    """The scores of each metric, metrics in order of appearance."""
    found: dict[str, list[Score]] = {}
    for item in scores:
        found.setdefault(item.metric, []).append(item)
    return found


def _commonest(reasons: Sequence[str]) -> str:
    return max(sorted(set(reasons)), key=list(reasons).count)
