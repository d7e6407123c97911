"""Contamination as a result: the share of each entry's samples that stand in the candidate's own training data."""

from __future__ import annotations

from evalsuite.data.contamination import Contamination
from evalsuite.evaluate.aggregate import Measured
from evalsuite.records import Outcome, Result, Results, Score
from evalsuite.spec.declared import OVERLAP

_NAMED = 5


def measured(found: Contamination, samples: dict[str, tuple[str, ...]]) -> Outcome:
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
    from evalsuite.stats.interval import mean

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
