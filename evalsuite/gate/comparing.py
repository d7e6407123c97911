"""Two subjects on the same samples: what paired rules share; tests are of gains in the metric's direction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evalsuite.gate.limit import need, uncompared
from evalsuite.gate.words import Words, declared, words_of
from evalsuite.records import Evidence, Metric, Results, RuleOutcome, Severity, clusters_of, measured_alike

if TYPE_CHECKING:
    from evalsuite.stats.paired.noninferior import NonInferiority


@dataclass(frozen=True)
class PairedScores:
    """The scores of two subjects on their common samples, in the order of the samples' ids.

    `weights` is what each sample counts, None where all count alike.
    """

    ids: tuple[str, ...]
    ours: tuple[float, ...]
    theirs: tuple[float, ...]
    clusters: tuple[str, ...] | None = None
    weights: tuple[float, ...] | None = None

    def better_first(self, metric: Metric) -> PairedScores:
        """The same pairs with ours minus theirs as the gain: sides change where less is better."""
        if metric.direction != "lower":
            return self
        return PairedScores(self.ids, self.theirs, self.ours, self.clusters, self.weights)

    def unweighted(self) -> PairedScores:
        """Pairs whose plain mean difference is that of the ratios Σwv / Σw, and whose spread is its (linearised)."""
        if self.weights is None or len(set(self.weights)) == 1:
            return self
        gaps = [our - their for our, their in zip(self.ours, self.theirs, strict=True)]
        total = sum(self.weights)
        ratio = sum(weight * gap for weight, gap in zip(self.weights, gaps, strict=True)) / total
        scale = len(gaps) / total
        steps = (ratio + scale * weight * (gap - ratio) for weight, gap in zip(self.weights, gaps, strict=True))
        return PairedScores(self.ids, tuple(steps), (0.0,) * len(gaps), self.clusters)


@dataclass(frozen=True, slots=True)
class PairedQuestion:
    """What a paired rule asks: its name and metric, the words for what is wanted, and how sure one wants to be."""

    rule: str
    metric: str
    words: str
    confidence: float
    minimum_n: int
    severity: Severity

    def undecided(self, sentence: str) -> RuleOutcome:
        """The outcome where there is nothing to test, with the reason."""
        return RuleOutcome(self.rule, self.metric, "undecided", sentence, severity=self.severity)


def scores_of(metric: str, results: Results) -> Mapping[str, float]:
    """A metric's scores by sample; a slice has those of its parent's samples that belong to it."""
    if metric in results.scores:
        return results.scores[metric]
    its = results.metrics.get(metric)
    if its is None or its.parent is None:
        return {}
    slices = results.slices.get(its.parent, {})
    return {key: value for key, value in results.scores.get(its.parent, {}).items() if slices.get(key) == its.slice}


def pairs_of(metric: str, evidence: Evidence) -> PairedScores | None:
    """The metric's pairs, candidate first; None when candidate and baseline share no sample."""
    its, candidate = declared(metric, evidence), evidence.candidate
    ours, theirs = scores_of(metric, candidate), scores_of(metric, evidence.baseline)
    whole = its.parent if its is not None and its.parent is not None and metric not in candidate.scores else metric
    shared = measured_alike(whole, candidate, evidence.baseline, among=ours.keys() & theirs.keys())
    if not shared:
        return None
    clusters = clusters_of(candidate.groups.get(whole, {}), shared)
    weights = candidate.weights.get(whole, {})
    return PairedScores(
        tuple(shared),
        tuple(ours[key] for key in shared),
        tuple(theirs[key] for key in shared),
        tuple(clusters) if clusters is not None else None,
        tuple(weights[key] for key in shared) if weights.keys() >= set(shared) else None,
    )


def gains_of(asked: PairedQuestion, evidence: Evidence) -> PairedScores | RuleOutcome:
    """The metric's pairs with the better side first, or the outcome where there is none or neither way is better.

    Without anybody to compare with it is invalid.
    """
    metric, no_loss = declared(asked.metric, evidence), words_of(asked.metric, evidence).no_loss
    pairs = pairs_of(asked.metric, evidence)
    if pairs is None:
        if evidence.baseline.missing is not None:
            return uncompared(asked.rule, asked.metric, evidence.baseline.missing, asked.severity)
        if asked.metric in evidence.baseline.apart:
            return asked.undecided(evidence.baseline.apart[asked.metric])
        if metric is not None and metric.parent in evidence.candidate.scores and not evidence.candidate.slices:
            return asked.undecided(f"{asked.metric} was scored by an evalsuite that did not keep the samples' subjects")
        subjects = f"{evidence.candidate.subject} and {evidence.baseline.label}"
        return asked.undecided(f"{asked.metric} has no sample that both {subjects} were scored on")
    if metric is None or no_loss is not None:
        return asked.undecided(no_loss or "")
    return pairs.better_first(metric)


def judge_pairs(
    asked: PairedQuestion, test: Callable[[PairedScores], NonInferiority], evidence: Evidence
) -> RuleOutcome:
    """The test's answer about the gains, told as a difference of the metric itself; too few pairs are undecided."""
    gains = gains_of(asked, evidence)
    if isinstance(gains, RuleOutcome):
        return gains
    found, n, words = test(gains.unweighted()), len(gains.ids), words_of(asked.metric, evidence)
    value, low, high = in_its_units(words, found.difference, found.low, found.high)
    against = evidence.baseline.label
    told = f"{words.changed(value)} against {against} {words.bounds(value, low, high)} over {n} samples{words.side}"
    sentence, answer, wanted, money = f"{told}; {asked.words}", found.answer, None, None
    if n < asked.minimum_n or answer == "undecided":
        few, answer = n < asked.minimum_n, "undecided"
        least = asked.minimum_n if few else 0
        samples = max(least, found.samples_needed or 0) or None
        missing = need(asked.metric, n, wanted=samples, evidence=evidence)
        wanted, money = missing.samples, missing.money
        sentence += f", and at least {asked.minimum_n} samples are wanted" if few else ""
        sentence += f"; {missing.words}"
    return RuleOutcome(
        asked.rule, asked.metric, answer, sentence, value, low, high, n,
        severity=asked.severity, p_value=1 - found.p_value, needed=wanted, money=money,
    )  # fmt: skip


def in_its_units(words: Words, gain: float, low: float, high: float) -> tuple[float, float, float]:
    """A gain and its bounds as a difference of the metric: turned round where less is better."""
    if words.metric is not None and words.metric.direction == "lower":
        return 0.0 - gain, 0.0 - high, 0.0 - low
    return gain, low, high
