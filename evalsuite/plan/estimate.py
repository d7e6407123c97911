"""What steps will cost: samples, tokens and judge calls, counted from the data without loading a model."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from evalsuite.data.authored import read_authored
from evalsuite.data.rows import training_rows
from evalsuite.plan import Cost, Role
from evalsuite.plan.material import material
from evalsuite.plugins import AskingProbe, wants
from evalsuite.records import Sample
from evalsuite.spec.endpoint import Endpoint
from evalsuite.spec.load import ResolvedSpec
from evalsuite.spec.suite import Benchmark, JudgedSet, Pairing

# Four characters a token is the usual rule of thumb for English; the figures are shown as estimates.
_CHARACTERS_PER_TOKEN = 4


def training_cost(resolved: ResolvedSpec) -> Cost:
    """Rows of all sources, and their tokens once through; raises DataError for bad rows."""
    rows = [row for source in training_rows(resolved) for row in source.rows]
    characters = sum(len(row.prompt.shown) + len(answer) for row in rows for answer in row.answers)
    epochs = float(getattr(resolved.spec.train, "epochs", 1))
    return Cost(samples=len(rows), tokens=round(characters / _CHARACTERS_PER_TOKEN * epochs))


def benchmark_cost(resolved: ResolvedSpec, entry: Benchmark) -> Cost:
    """One request per item; each option's tokens, or the longest reply, count."""
    samples = _limited(entry.task.samples(resolved.suite_data[entry.name]), entry.limit)
    reply = entry.task.sampling.max_tokens if entry.task.sampling else 0
    characters = sum(len(sample.prompt.shown) + sum(map(len, sample.choices)) for sample in samples)
    prompts, replies = characters // _CHARACTERS_PER_TOKEN, reply * len(samples)
    return Cost(samples=len(samples), tokens=prompts + replies, money=_money(resolved, prompts, replies))


def judged_cost(resolved: ResolvedSpec, entry: JudgedSet, *, role: Role) -> Cost:
    """One reply and one judge call per prompt; the author's answers are judged but not generated."""
    samples = _authored(resolved.suite_data[entry.name], entry.limit)
    prompts = sum(len(sample.prompt.shown) for sample in samples) // _CHARACTERS_PER_TOKEN
    replies = entry.max_tokens * len(samples)
    if role == "author":
        return Cost(samples=len(samples), judge_calls=len(samples))
    money = _money(resolved, prompts, replies)
    return Cost(samples=len(samples), tokens=prompts + replies, judge_calls=len(samples), money=money)


def pairing_cost(resolved: ResolvedSpec, entry: Pairing) -> Cost:
    """Two judge calls per prompt, one for each order; the replies are there already."""
    judged = next(item for item in resolved.suite.judged if item.name == entry.of)
    count = len(_authored(resolved.suite_data[judged.name], judged.limit))
    return Cost(samples=count, judge_calls=2 * count)


def _money(resolved: ResolvedSpec, prompt_tokens: int, reply_tokens: int) -> float:
    """What the tokens cost where the base is asked over the network; replies count as long as they may become."""
    base = resolved.spec.base_model
    return base.money(prompt_tokens, reply_tokens) if isinstance(base, Endpoint) else 0.0


def probe_cost(resolved: ResolvedSpec, probe: AskingProbe) -> Cost:
    """What the probe asks of one subject; replies that a benchmark has already are not asked again."""
    found = probe.effort(material(resolved, probe))
    calls = found.samples if wants(probe).judge else 0
    # All tokens at the price of replies, the higher one: an estimate that is too low would be worse.
    money = _money(resolved, 0, found.tokens)
    return Cost(samples=found.samples, tokens=found.tokens, judge_calls=calls, money=money)


@lru_cache(maxsize=32)
def _authored(path: Path, limit: int | None) -> tuple[Sample, ...]:
    return tuple(_limited(read_authored(path), limit))


def _limited(samples: Sequence[Sample], limit: int | None) -> Sequence[Sample]:
    return samples if limit is None else samples[:limit]
