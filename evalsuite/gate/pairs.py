"""Two subjects on the same samples: what the paired rules share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evalsuite.gate.limit import uncompared
from evalsuite.gate.need import need
from evalsuite.records import Evidence, RuleOutcome, Severity, clusters_of, shared_samples

if TYPE_CHECKING:
    from evalsuite.stats.noninferior import NonInferiority


@dataclass(frozen=True)
class Pairs:
    """The scores of candidate and baseline on their common samples, in the order of the samples' ids."""

    ids: tuple[str, ...]
    ours: tuple[float, ...]
    theirs: tuple[float, ...]
    clusters: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Asked:
    """What a paired rule asks: its name and metric, the words for what is wanted, and how sure one wants to be."""

    rule: str
    metric: str
    words: str
    confidence: float
    minimum_n: int
    severity: Severity


def pairs_of(metric: str, evidence: Evidence) -> Pairs | None:
    """The metric's pairs; None when candidate and baseline share no sample."""
    ours, theirs = evidence.candidate.scores.get(metric, {}), evidence.baseline.scores.get(metric, {})
    shared = shared_samples(metric, evidence.candidate, evidence.baseline)
    if not shared:
        return None
    clusters = clusters_of(evidence.candidate.groups.get(metric, {}), shared)
    return Pairs(
        tuple(shared),
        tuple(ours[key] for key in shared),
        tuple(theirs[key] for key in shared),
        tuple(clusters) if clusters is not None else None,
    )


def unpaired(asked: Asked, evidence: Evidence) -> RuleOutcome:
    """The outcome where there is nothing to pair; invalid where there is nobody to compare with."""
    if evidence.baseline.missing is not None:
        return uncompared(asked.rule, asked.metric, evidence.baseline.missing, asked.severity)
    subjects = f"{evidence.candidate.subject} and {evidence.baseline.label}"
    sentence = f"{asked.metric} has no sample that both {subjects} were scored on"
    return RuleOutcome(asked.rule, asked.metric, "undecided", sentence, severity=asked.severity)


def judge_pairs(asked: Asked, test: Callable[[Pairs], NonInferiority], evidence: Evidence) -> RuleOutcome:
    """The test's answer about the pairs, in a sentence with its bounds; too few pairs are undecided."""
    pairs = pairs_of(asked.metric, evidence)
    if pairs is None:
        return unpaired(asked, evidence)
    found, n = test(pairs), len(pairs.ids)
    bounds = f"[{found.low:+.3f}, {found.high:+.3f}]"
    sentence = (
        f"{asked.metric} {change(found.difference)} against {evidence.baseline.label} {bounds} over {n} samples; "
        f"{asked.words}"
    )
    answer, wanted, money = found.answer, None, None
    if n < asked.minimum_n or answer == "undecided":
        few, answer = n < asked.minimum_n, "undecided"
        least = asked.minimum_n if few else 0
        samples = max(least, found.samples_needed or 0) or None
        missing = need(asked.metric, n, wanted=samples, evidence=evidence)
        wanted, money = missing.samples, missing.money
        sentence += f", and at least {asked.minimum_n} samples are wanted" if few else ""
        sentence += f"; {missing.words}"
    return RuleOutcome(
        asked.rule, asked.metric, answer, sentence, found.difference, found.low, found.high, n,
        severity=asked.severity, p_value=1 - found.p_value, needed=wanted, money=money,
    )  # fmt: skip


def change(difference: float) -> str:
    """A difference as a verb: `fell 0.290`, `rose 0.030` or `stayed the same`."""
    if abs(difference) < 0.0005:
        return "stayed the same"
    return f"{'fell' if difference < 0 else 'rose'} {abs(difference):.3f}"
