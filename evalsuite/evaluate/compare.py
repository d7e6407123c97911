"""Candidate against baseline, paired by sample: differences, fidelity to the author, and the probes."""

from __future__ import annotations

from collections.abc import Sequence

from evalsuite.evaluate.difference import differences
from evalsuite.evaluate.overlap import clean
from evalsuite.records import Outcome, Result, Results
from evalsuite.spec import declared
from evalsuite.spec.suite import JudgedSet, Suite


def compare(suite: Suite, base: Results, candidate: Results, *, author: Results) -> Outcome:
    """Every paired difference, the fidelity of each judged set and what each probe found.

    What compares with a base that is missing has no value, with the reason why it is.
    """
    fidelities = [_fidelity(entry, base, candidate, author=author, seed=suite.seed) for entry in suite.judged]
    probed = [probe.measure(base, candidate).declaring(probe.metrics) for probe in suite.probes]
    cleaned = clean(candidate)
    theirs = [found for outcome in probed for found in outcome.comparisons]
    met = [entry.metric("win_rate", "base") for entry in suite.pairings if "base" in entry.opponents]
    found = Outcome(
        scores=tuple(score for outcome in probed for score in outcome.scores),
        results=(
            *fidelities,
            *(_undefined(metric.name, base.missing) for metric in met if base.missing is not None),
            *(result for _, result in cleaned),
            *(result for outcome in probed for result in outcome.results),
        ),
        # What a probe compares in its own way stands in place of the plain difference.
        comparisons=tuple(
            {(found.metric, found.baseline): found for found in (*differences(candidate, base), *theirs)}.values()
        ),
        metrics=tuple(metric for outcome in probed for metric in outcome.metrics),
    )
    fidelity = [declared.FIDELITY.of(entry.name) for entry in suite.judged]
    return found.declaring([*candidate.metrics.values(), *(metric for metric, _ in cleaned), *fidelity, *met])


def _fidelity(entry: JudgedSet, base: Results, candidate: Results, *, author: Results, seed: int) -> Result:
    from evalsuite.stats.bootstrap import Resampling, Undefined, fidelity

    metric, score = declared.FIDELITY.of(entry.name).name, entry.score.name
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
