"""Candidate against baseline, paired by sample: differences, fidelity to the author, and the probes."""

from __future__ import annotations

from collections.abc import Sequence

from evalsuite.evaluate.difference import differences
from evalsuite.evaluate.overlap import clean
from evalsuite.records import Outcome, Result, Results
from evalsuite.spec.suite import Suite


def compare(suite: Suite, base: Results, candidate: Results, *, author: Results) -> Outcome:
    """Every paired difference, the fidelity of each judged set and what each probe found.

    What compares with a base that is missing has no value, with the reason why it is.
    """
    fidelities = [_fidelity(entry.name, base, candidate, author=author, seed=suite.seed) for entry in suite.judged]
    probed = [probe.measure(base, candidate) for probe in suite.probes]
    theirs = [found for outcome in probed for found in outcome.comparisons]
    undefined = [
        _undefined(entry.metric("win_rate", "base"), base.missing)
        for entry in suite.pairings
        if base.missing is not None and "base" in entry.opponents
    ]
    of_probes = [result for outcome in probed for result in outcome.results]
    return Outcome(
        scores=tuple(score for outcome in probed for score in outcome.scores),
        results=(*fidelities, *undefined, *clean(candidate), *of_probes),
        # What a probe compares in its own way stands in place of the plain difference.
        comparisons=tuple(
            {(found.metric, found.baseline): found for found in (*differences(candidate, base), *theirs)}.values()
        ),
    )


def _fidelity(entry: str, base: Results, candidate: Results, *, author: Results, seed: int) -> Result:
    from evalsuite.stats.bootstrap import Resampling, Undefined, fidelity

    metric, score = f"{entry}.fidelity", f"{entry}.score"
    if base.missing is not None:
        return _undefined(metric, base.missing)
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


def _undefined(metric: str, why: str) -> Result:
    return Result(metric, None, None, None, 0, reason=why)


def _values(scores: object, shared: Sequence[str]) -> list[float]:
    assert isinstance(scores, dict)
    return [scores[key] for key in shared]
