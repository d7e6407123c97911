"""Judge calls that sequential rules save: `python bench/sequential.py [--runs 1000] [--pandalm DIR] [--vicuna DIR]`.

Three rules as they stand in a gate, each against its fixed-n self on the same samples: a win rate of more than one
half, non-inferiority of a graded score, and fidelity. n is what the fixed rule needs to settle the stated gap with a
power of 0.8; the truth then lies 0, 1, 2 or 3 such gaps on the good side of the limit. Samples are looked at in batches
of ten, in random order. Saved is the mean share of samples that were never judged; "pass" and "fail" are how often each
rule said so, so that the first column of either is its rate of wrong answers where the truth is at the limit.

Recorded judges: with PandaLM's test set (JSON) every model's pairs against all others as GPT-3.5 judged them, with the
Vicuna reviews (JSONL) GPT-4's scores of two models; their order is drawn anew in every run.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from evalsuite.gate.rules.fidelity import Fidelity
from evalsuite.gate.rules.non_inferior import NonInferior
from evalsuite.gate.rules.win_rate import WinRate
from evalsuite.gate.sequential import EARLY, bet
from evalsuite.plugins import Rule
from evalsuite.records import Evidence, Metric, Result, Results, Terms, by_name
from evalsuite.stats.intervals.bootstrap import Resampling, Undefined, fidelity, win_rate
from evalsuite.stats.intervals.power import PairedVariance, sample_size

BATCH = 10
TERMS = Terms()
METRICS = by_name(
    (Metric("duel.win_rate", "duel"), Metric("style.score", "style"), Metric("style.fidelity", "style", high=None))
)

Draw = Callable[[np.random.Generator, int, float], Evidence]


@dataclass
class Tally:
    """What many runs of one rule came to."""

    n: int
    judged: list[int]
    fixed: list[str]
    early: list[str]

    def row(self, name: str, truth: str) -> str:
        """One line of the table."""
        saved = 1 - np.mean(self.judged) / self.n
        shares = [
            f"{answers.count(a) / len(answers):6.3f}" for a in ("pass", "fail") for answers in (self.fixed, self.early)
        ]
        return f"{name:<28} {truth:>9} {self.n:>5} {saved:>7.1%} {max(self.judged):>6}  " + "  ".join(shares)


def until_settled(rule: Rule, evidence: Evidence, order: list[str]) -> tuple[str, int]:
    """The answer of a sequential rule in batches, and after how many samples."""
    for judged in range(BATCH, len(order), BATCH):
        part = dict.fromkeys(order[:judged])
        ours = {metric: {key: scores[key] for key in part} for metric, scores in evidence.candidate.scores.items()}
        found = rule.check(
            Evidence(
                Results("mine", scores=ours, metrics=METRICS),
                evidence.baseline,
                evidence.base,
                evidence.author,
                partial=True,
            ),
            TERMS,
        )
        if found.answer != "undecided":
            return found.answer, judged
    return rule.check(evidence, TERMS).answer, len(order)


def rules() -> Iterator[tuple[str, Rule, Rule, Draw, float, float]]:
    """Each rule fixed and sequential, how to draw evidence for it, its gap and the variance of one sample."""
    won: dict[str, Any] = {"rule": "win_rate", "metric": "duel.win_rate", "at_least": 0.5}
    yield "win rate > 0.5", WinRate(**won), WinRate(**won, sequential=True), pairs, 0.1, 0.25
    yield "win rate, 40 % ties", WinRate(**won), WinRate(**won, sequential=True), tied, 0.1, 0.15
    for gap in (0.05, 0.1):
        kept: dict[str, Any] = {"rule": "non_inferior", "metric": "style.score", "margin": gap}
        rule, early = NonInferior(**kept), NonInferior(**kept, sequential=True)
        yield f"non-inferior by {gap}", rule, early, partial(graded, margin=gap), gap, 2 * 0.2**2
    for gap in (0.05, 0.1):
        near: dict[str, Any] = {"rule": "fidelity", "metric": "style.fidelity", "at_least": 0.5}
        variance = (0.2**2 + 2 * (0.5 * 0.1) ** 2) / 0.8**2
        yield f"fidelity, gap {gap}", Fidelity(**near), Fidelity(**near, sequential=True), ways, gap, variance


def pairs(generator: np.random.Generator, n: int, gap: float) -> Evidence:
    """Pairs won with probability one half and the gap."""
    return _contest((generator.random(n) < min(1.0, 0.5 + gap)).astype(float))


def tied(generator: np.random.Generator, n: int, gap: float) -> Evidence:
    """The same with two in five pairs tied."""
    ties = generator.random(n) < 0.4
    won = generator.random(n) < min(1.0, 0.5 + gap / 0.6)
    return _contest(np.where(ties, 0.5, won.astype(float)))


def graded(generator: np.random.Generator, n: int, gap: float, *, margin: float) -> Evidence:
    """Grades in steps of a fifth around 0.6, the candidate's mean `gap` above what is just not allowed."""
    columns = [np.clip(np.round(5 * generator.normal(mean, 0.2, n)) / 5, 0, 1) for mean in (0.6 - margin + gap, 0.6)]
    ours, base = (
        Results(name, scores={"style.score": _named(column)}, metrics=METRICS)
        for name, column in zip(("mine", "base"), columns, strict=True)
    )
    return Evidence(ours, base)


def ways(generator: np.random.Generator, n: int, gap: float) -> Evidence:
    """Grades of base near 0.1, author near 0.9 and a candidate in between."""
    means = {"base": (0.1, 0.1), "author": (0.9, 0.1), "mine": (0.5 + 0.8 * gap, 0.2)}
    scores = {name: np.clip(generator.normal(mean, sd, n), 0, 1) for name, (mean, sd) in means.items()}
    found = fidelity(
        scores["mine"], scores["base"], author=scores["author"], resampling=Resampling(seed=0, resamples=400)
    )
    results = {} if isinstance(found, Undefined) else {"style.fidelity": Result(
        "style.fidelity", found.value, found.interval.low, found.interval.high, n)}  # fmt: skip
    mine, base, author = (
        Results(name, scores={"style.score": _named(scores[name])}, metrics=METRICS)
        for name in ("mine", "base", "author")
    )
    return Evidence(Results("mine", results, mine.scores, metrics=METRICS), base, base, author)


def simulated(runs: int) -> None:
    """Every rule, with the truth at the limit and one, two and three gaps above it."""
    for name, fixed, early, draw, gap, variance in rules():
        two_sided = 0.9 if fixed.metric == "style.score" else 0.95
        n = sample_size(gap, PairedVariance(variance), confidence=two_sided)
        for times in (0, 1, 2, 3):
            generator = np.random.default_rng(times)
            tally = Tally(n, [], [], [])
            for _ in range(runs):
                evidence = draw(generator, n, times * gap)
                answer, judged = until_settled(early, evidence, _order(evidence))
                tally.judged.append(judged)
                tally.early.append(answer)
                tally.fixed.append(fixed.check(evidence, TERMS).answer)
            print(tally.row(name, f"{times} gaps"))


def recorded(name: str, outcomes: list[float], runs: int) -> None:
    """A recorded contest: fixed n is all of it."""
    whole = _contest(np.array(outcomes))
    fixed, last = (
        WinRate(rule="win_rate", metric="duel.win_rate", confidence=confidence).check(whole, TERMS).answer
        for confidence in (0.95, 1 - (1 - EARLY) * 0.05)
    )
    generator = np.random.default_rng(0)
    tally = Tally(len(outcomes), [], [fixed] * runs, [])
    for _ in range(runs):
        order = generator.permutation(np.array(outcomes)).tolist()
        found = bet(order, 0.5, alpha=(EARLY * 0.025, EARLY * 0.025))
        settled = found.answer != "undecided"
        tally.judged.append(
            min(len(order), BATCH * -(-max(found.n, TERMS.minimum_n) // BATCH)) if settled else len(order)
        )
        # What the bets leave open is decided by the fixed test on all of it, at the rest of the error.
        tally.early.append(found.answer if settled else last)
    print(tally.row(name, f"{np.mean(outcomes):.3f}"))


def pandalm(folder: Path) -> Iterator[tuple[str, list[float]]]:
    """Every model's pairs against all others, as GPT-3.5 judged them."""
    items = json.loads(next(folder.glob("testset*.json")).read_text(encoding="utf-8"))
    judged = json.loads(next(folder.glob("gpt-3.5*.json")).read_text(encoding="utf-8"))
    said = {item["idx"]: str(item["gpt_result"]) for item in judged}
    found: dict[str, list[float]] = {}
    for item in items:
        value = {"1": 1.0, "2": 0.0, "0": 0.5}.get(said.get(item["idx"], ""))
        if value is not None:
            first, second = item["cmp_key"].split("_", 1)
            found.setdefault(first, []).append(value)
            found.setdefault(second, []).append(1 - value)
    yield from sorted(found.items())


def vicuna(folder: Path) -> Iterator[tuple[str, list[float]]]:
    """The second model of each review file against the first, as GPT-4 scored them."""
    for file in sorted(folder.glob("review/*.jsonl")):
        scores = [json.loads(line)["score"] for line in file.read_text(encoding="utf-8").splitlines()]
        yield (
            file.stem,
            [0.5 + 0.5 * float(np.sign(second - first)) for first, second in scores if min(first, second) >= 0],
        )


def _contest(outcomes: np.ndarray) -> Evidence:
    found = win_rate(outcomes, resampling=Resampling(seed=0, resamples=400))
    result = Result("duel.win_rate", found.value, found.interval.low, found.interval.high, len(outcomes))
    scores = {"duel.win_rate": _named(outcomes)}
    return Evidence(Results("mine", {"duel.win_rate": result}, scores, metrics=METRICS), Results("base"))


def _named(values: np.ndarray) -> dict[str, float]:
    return {f"{place:05}": float(value) for place, value in enumerate(values)}


def _order(evidence: Evidence) -> list[str]:
    from evalsuite.data.digest import shuffle

    return shuffle(next(iter(evidence.candidate.scores.values())), seed=evidence.seed)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--pandalm", type=Path)
    parser.add_argument("--vicuna", type=Path)
    given = parser.parse_args()
    heads = "pass fixed / early, fail fixed / early"
    print(f"{'rule':<28} {'truth':>9} {'n':>5} {'saved':>7} {'most':>6}  {heads}")
    simulated(given.runs)
    for folder, read in ((given.pandalm, pandalm), (given.vicuna, vicuna)):
        for name, outcomes in read(folder) if folder else ():
            recorded(name, outcomes, given.runs)


if __name__ == "__main__":
    main()
