"""Candidate against baseline, paired by sample: differences, fidelity to the author, and the probes."""

from __future__ import annotations

from collections.abc import Sequence

from evalsuite.evaluate.aggregate import bounds_of
from evalsuite.evaluate.overlap import clean
from evalsuite.records import Comparison, Outcome, Result, Results, clusters_of
from evalsuite.spec.suite import Suite


def compare(suite: Suite, base: Results, candidate: Results, *, author: Results) -> Outcome:
    """Every paired difference, the fidelity of each judged set and what each probe found."""
    fidelities = [_fidelity(entry.name, base, candidate, author=author, seed=suite.seed) for entry in suite.judged]
    probed = [probe.measure(base, candidate) for probe in suite.probes]
    return Outcome(
        scores=tuple(score for outcome in probed for score in outcome.scores),
        results=(*fidelities, *clean(candidate), *(result for outcome in probed for result in outcome.results)),
        comparisons=tuple(differences(candidate, base)),
    )


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

    ours, theirs = candidate.scores.get(metric, {}), baseline.scores.get(metric, {})
    shared = sorted(ours.keys() & theirs.keys())
    if not shared:
        return None
    clusters = clusters_of(candidate.groups.get(metric, {}), shared)
    new, old = [ours[key] for key in shared], [theirs[key] for key in shared]
    # Our own scores are shares; grades and the like that were imported keep their scale.
    shares = min(*new, *old) >= 0 and max(*new, *old) <= 1
    found = paired_difference(new, old, clusters=clusters, bounds=bounds_of(metric) if shares else None)
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


def _fidelity(entry: str, base: Results, candidate: Results, *, author: Results, seed: int) -> Result:
    from evalsuite.stats.bootstrap import Resampling, Undefined, fidelity

    metric, score = f"{entry}.fidelity", f"{entry}.score"
    subjects = [results.scores.get(score, {}) for results in (candidate, base, author)]
    shared = sorted(set.intersection(*(set(scores) for scores in subjects)))
    if not shared:
        return Result(metric, None, None, None, 0, reason="no sample was scored for candidate, base and author alike")
    ours, theirs, own = (_values(scores, shared) for scores in subjects)
    found = fidelity(ours, theirs, author=own, resampling=Resampling(seed=seed))
    if isinstance(found, Undefined):
        return Result(metric, None, None, None, len(shared), reason=found.reason)
    means = [sum(values) / len(values) for values in (theirs, ours, own)]
    detail = "score: base {:.3f}, candidate {:.3f}, author {:.3f}".format(*means)
    return Result(metric, found.value, found.interval.low, found.interval.high, n=len(shared), detail=detail)


def _values(scores: object, shared: Sequence[str]) -> list[float]:
    assert isinstance(scores, dict)
    return [scores[key] for key in shared]
