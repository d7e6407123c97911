"""Paired differences of what the store holds: one spec minus another, or every spec minus a chosen baseline.

Pages call this, so nothing heavy is imported here. Where scores are 0 or 1 the database counts and no score comes out.
"""

from __future__ import annotations

from collections.abc import Sequence

from evalsuite.errors import NotFound
from evalsuite.evaluate import difference
from evalsuite.records import MEASURED, Comparison, Metric, StepKind, by_name, clusters_of, required
from evalsuite.store import Store, read
from evalsuite.store.beside import Beside, LatestStep, beside, counted, latest_steps

# The kinds of step that say something about the base model beside a candidate.
_MEASURED_OF_BASE: tuple[StepKind, ...] = ("score", "probe")


def compare(first: str, second: str, store: Store) -> list[Comparison]:
    """The paired difference, first minus second, of every metric that two specs of the store share; by metric.

    Raises NotFound with the specs that there are.
    """
    sides = _sides(latest_steps(store))
    known = [name for name in sides if not name.startswith("(")]
    for name in (first, second):
        if name not in sides:
            raise NotFound(f"no spec {name!r} in {store.folder}; there are: {', '.join(known) or 'none'}")
    found = _differences(store, {first: sides[first]}, (second, sides[second]), ())
    return sorted(found.get(first, {}).values(), key=lambda its: its.metric)


def against(
    store: Store, baseline: str, names: Sequence[str], metrics: Sequence[str]
) -> dict[str, dict[str, Comparison]]:
    """Each of some specs minus a baseline, metric by metric, on the samples that both have.

    A base model is named as the leaderboard does, `(tiny)`. Raises NotFound when the baseline is not in the store.
    """
    sides = _sides(latest_steps(store))
    if baseline not in sides:
        raise NotFound(f"no spec or base model {baseline!r} in {store.folder}; choose another baseline")
    ours = {name: sides[name] for name in names if name in sides and name != baseline}
    return _differences(store, ours, (baseline, sides[baseline]), metrics)


def _sides(steps: Sequence[LatestStep]) -> dict[str, list[str]]:
    """The digests of the steps that measured each spec, and each base model."""
    found: dict[str, dict[str, None]] = {}
    for step in steps:
        mine = found.setdefault(step.spec, {})
        if step.role == "candidate" and step.kind in MEASURED:
            mine[step.digest] = None
        elif step.role == "base" and step.kind in _MEASURED_OF_BASE:
            found.setdefault(f"({step.base_model})", {})[step.digest] = None
    return {name: list(digests) for name, digests in found.items()}


def _differences(
    store: Store, ours: dict[str, list[str]], baseline: tuple[str, list[str]], metrics: Sequence[str]
) -> dict[str, dict[str, Comparison]]:
    theirs, digests = baseline
    owners: dict[str, list[str]] = {}
    for name, steps in ours.items():
        for step in steps:
            owners.setdefault(step, []).append(name)
    pairs = counted(store, list(owners), digests, metrics)
    plain = [one for one in pairs if one.n is not None]
    told = difference.counted(theirs, [(one.metric, one.n or 0, one.gained or 0, one.lost or 0) for one in plain])
    found = [(one.step_digest, comparison) for one, comparison in zip(plain, told, strict=True)]
    rest = [(one.step_digest, one.metric) for one in pairs if one.n is None]
    if rest:
        known = by_name(read.metrics_of(store, list(owners)))
        found += [
            (one.step_digest, _sampled(one, required(one.metric, known, by=theirs), theirs))
            for one in beside(store, rest, digests)
        ]
    compared: dict[str, dict[str, Comparison]] = {}
    for step, comparison in found:
        for name in owners[step]:
            before = compared.setdefault(name, {}).get(comparison.metric)
            # Suites of several sizes ask one base; what rests on most samples speaks for it.
            if before is None or comparison.n > before.n:
                compared[name][comparison.metric] = comparison
    return compared


def _sampled(one: Beside, metric: Metric, baseline: str) -> Comparison:
    ids = [str(place) for place in range(len(one.ours))]
    groups = {key: group for key, group in zip(ids, one.groups, strict=True) if group is not None}
    weights = [weight for weight in one.weights if weight is not None]
    return difference.paired(
        metric,
        baseline,
        one.ours,
        one.theirs,
        clusters=clusters_of(groups, ids),
        weights=weights if len(weights) == len(ids) else None,
    )
