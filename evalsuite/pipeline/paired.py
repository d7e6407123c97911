"""Paired differences of what the store holds: one spec minus another, or every spec minus a chosen baseline.

Pages call this, so nothing heavy is imported here. Where scores are 0 or 1 the database counts and no score comes out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from evalsuite.errors import NotFound
from evalsuite.evaluate.pairwise import difference
from evalsuite.records import (
    MEASURED,
    Comparison,
    Measurement,
    Metric,
    StepKind,
    by_name,
    clusters_of,
    how_they_differ,
    metric_of,
    required,
)
from evalsuite.store import Store, read
from evalsuite.store.board import MeasuredMetric, measured_metrics
from evalsuite.store.pair_rows import Beside, count_pairs, paired_scores

# The kinds of step that say something about the base model beside a candidate.
_MEASURED_OF_BASE: tuple[StepKind, ...] = ("score", "probe")


# A metric's name and the digest of what it was measured on: only what agrees in both is compared.
Key = tuple[str, str]
_Side = Mapping[Key, MeasuredMetric]


@dataclass(frozen=True, slots=True)
class Apart:
    """Metrics of one entry that two specs have and that were measured differently, and what tells the two apart."""

    metrics: tuple[str, ...]
    first: str
    second: str


@dataclass(frozen=True)
class SpecDifferences:
    """The paired differences of two specs, by metric, what each metric is, and what cannot be compared."""

    differences: tuple[Comparison, ...]
    metrics: Mapping[str, Metric] = field(default_factory=dict)
    apart: tuple[Apart, ...] = ()

    def sentences(self, first: str, second: str) -> list[str]:
        """Why metrics that both have are not compared."""
        return [
            f"not compared, for they were measured differently: {', '.join(its.metrics)}\n"
            f"  {first}: {its.first}\n  {second}: {its.second}"
            for its in self.apart
        ]


def compare(first: str, second: str, store: Store) -> SpecDifferences:
    """The paired difference, first minus second, of every metric that two specs of the store share.

    What was measured differently is not compared but told apart. Raises NotFound with the specs that there are.
    """
    known = [spec.spec for spec in read.latest_specs(store)]
    sides = {**{name: {} for name in known}, **_sides(measured_metrics(store))}
    for name in (first, second):
        if name not in sides:
            raise NotFound(f"no spec {name!r} in {store.folder}; there are: {', '.join(known) or 'none'}")
    found = _differences(store, {first: sides[first]}, (second, sides[second]), ())
    differences = sorted(found.get(first, {}).values(), key=lambda its: its.metric)
    steps = dict.fromkeys(one.step for name in (second, first) for one in sides[name].values())
    metrics = by_name(read.metrics_of(store, list(steps)))
    return SpecDifferences(tuple(differences), metrics, tuple(_apart(sides[first], sides[second], metrics)))


def against(
    store: Store, baseline: str, names: Sequence[str], metrics: Sequence[str]
) -> dict[str, dict[Key, Comparison]]:
    """Each of some specs minus a baseline, by metric and measurement, on the samples that both have.

    A base model is named as the leaderboard does, `(tiny)`. Raises NotFound when the baseline is not in the store.
    """
    sides = _sides(measured_metrics(store))
    if baseline not in sides:
        raise NotFound(f"no spec or base model {baseline!r} in {store.folder}; choose another baseline")
    ours = {name: sides[name] for name in names if name in sides and name != baseline}
    return _differences(store, ours, (baseline, sides[baseline]), metrics)


def _sides(found: Sequence[MeasuredMetric]) -> dict[str, dict[Key, MeasuredMetric]]:
    """What was measured of each spec and of each base model, by metric and measurement; the first step speaks."""
    sides: dict[str, dict[Key, MeasuredMetric]] = {}
    for one in found:
        mine = sides.setdefault(one.spec, {})
        key = one.metric, one.measurement.digest
        if one.role == "candidate" and one.kind in MEASURED:
            mine.setdefault(key, one)
        elif one.role == "base" and one.kind in _MEASURED_OF_BASE:
            sides.setdefault(f"({one.base_model})", {}).setdefault(key, one)
    return sides


def _apart(first: _Side, second: _Side, metrics: Mapping[str, Metric]) -> Iterator[Apart]:
    """What both sides have but measured differently, by entry; parts of figures go without saying."""
    alike = {metric for metric, _ in first.keys() & second.keys()}
    ours, theirs = ({metric: one.measurement for (metric, _), one in side.items()} for side in (first, second))
    entries: dict[tuple[str, Measurement, Measurement], list[str]] = {}
    for name in sorted((ours.keys() & theirs.keys()) - alike):
        its = metric_of(metrics, name)
        if not its.is_slice and its.place != "inner":
            entries.setdefault((its.entry or name, ours[name], theirs[name]), []).append(name)
    for (_, mine, other), names in entries.items():
        yield Apart(tuple(names), *how_they_differ(mine, other))


def _differences(
    store: Store, ours: Mapping[str, _Side], baseline: tuple[str, _Side], metrics: Sequence[str]
) -> dict[str, dict[Key, Comparison]]:
    theirs, side = baseline
    owners: dict[tuple[str, str], dict[str, Key]] = {}
    asked: dict[tuple[str, str], str] = {}
    for name, mine in ours.items():
        for key, one in mine.items():
            if key in side and (not metrics or one.metric in metrics):
                owners.setdefault((one.step, one.metric), {})[name] = key
                asked.setdefault((one.step, one.metric), side[key].step)
    pairs = count_pairs(store, [(step, asked[step, metric], metric) for step, metric in asked])
    plain = [one for one in pairs if one.n is not None]
    told = difference.comparisons_of_counts(
        theirs, [(one.metric, one.n or 0, one.gained or 0, one.lost or 0) for one in plain]
    )
    found = [(one.step_digest, comparison) for one, comparison in zip(plain, told, strict=True)]
    rest = [(one.step_digest, asked[one.step_digest, one.metric], one.metric) for one in pairs if one.n is None]
    if rest:
        known = by_name(read.metrics_of(store, list(dict.fromkeys(step for step, _ in owners))))
        found += [
            (one.step_digest, _sampled(one, required(one.metric, known, by=theirs), theirs))
            for one in paired_scores(store, rest)
        ]
    compared: dict[str, dict[Key, Comparison]] = {}
    for step, comparison in found:
        for name, key in owners[step, comparison.metric].items():
            compared.setdefault(name, {})[key] = comparison
    return compared


def _sampled(one: Beside, metric: Metric, baseline: str) -> Comparison:
    ids = [str(place) for place in range(len(one.ours))]
    groups = {key: group for key, group in zip(ids, one.groups, strict=True) if group is not None}
    weights = [weight for weight in one.weights if weight is not None]
    return difference.paired_comparison(
        metric,
        baseline,
        one.ours,
        one.theirs,
        clusters=clusters_of(groups, ids),
        weights=weights if len(weights) == len(ids) else None,
    )
