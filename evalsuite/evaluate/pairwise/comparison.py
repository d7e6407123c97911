"""Candidate against baseline, paired by sample: differences, fidelity to the author, contamination, probes."""

from __future__ import annotations

from collections.abc import Sequence

from evalsuite.data.contamination import Contamination
from evalsuite.evaluate.pairwise.difference import differences
from evalsuite.evaluate.scoring.aggregate import Measured
from evalsuite.records import Outcome, Result, Results, Score
from evalsuite.spec import declared
from evalsuite.spec.declared import OVERLAP
from evalsuite.spec.suite import JudgedSet, Suite

_NAMED = 5


def contamination_outcome(found: Contamination, samples: dict[str, tuple[str, ...]]) -> Outcome:
    """One result `overlap.ENTRY` per entry, and a score per sample: 1 where it stands in the training data.

    `samples` are the ids of each entry. The share is counted, not estimated, so its interval has no width.
    """
    scores: list[Score] = []
    results: list[Result] = []
    for entry, ids in samples.items():
        metric = OVERLAP.on(entry).name
        hits = {item.sample.id: item for item in found.found if item.entry == entry}
        scores += [Score(key, metric, float(key in hits)) for key in ids]
        share = len(hits) / len(ids)
        named = [f"{key} ({hits[key].overlap.kind}, {hits[key].place})" for key in ids if key in hits]
        more = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
        detail = f"in the training data: {', '.join(named[:_NAMED])}{more}" if named else "none in the training data"
        results.append(Result(metric, share, share, share, n=len(ids), detail=detail))
    return Outcome(scores=tuple(scores), results=tuple(results), metrics=tuple(map(OVERLAP.on, samples)))


def clean(candidate: Results) -> list[Measured]:
    """`METRIC.clean` for every metric with contaminated samples: the same mean without them."""
    from evalsuite.stats.intervals.mean import mean

    found: list[Measured] = []
    for name, scores in candidate.scores.items():
        metric = candidate.declared(name)
        overlap = OVERLAP.on(metric.entry or "").name
        flagged = candidate.scores.get(overlap, {})
        kept = [value for key, value in scores.items() if not flagged.get(key)]
        left_out = len(scores) - len(kept)
        if name == overlap or not left_out:
            continue
        cleaned = metric.uncontaminated()
        if not kept:
            reason = "every sample is contaminated"
            found.append((cleaned, Result(cleaned.name, None, None, None, 0, reason=reason)))
            continue
        its = mean([metric.onto(value) for value in kept], bounds=metric.bounds)
        low, high = its.interval.low, its.interval.high
        detail = f"without {left_out} samples that stand in the training data"
        found.append((cleaned, Result(cleaned.name, its.value, low, high, n=len(kept), detail=detail)))
    return found


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
    from evalsuite.stats.intervals.bootstrap import Resampling, Undefined, fidelity

    metric, score = declared.FIDELITY.of(entry.name).name, entry.score.name
    why = base.missing or base.apart.get(score)
    if why is not None:
        return _undefined(metric, why)
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
