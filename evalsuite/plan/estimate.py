"""What steps will cost, counted from the data, and how long they will take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from evalsuite.data.evaluation.prompts import read_authored
from evalsuite.data.fetch import items_of
from evalsuite.data.synthesis.teacher_rows import explained
from evalsuite.data.training.rows import training_rows
from evalsuite.models.checkpoints.base import BaseCheckpoint, weight_files
from evalsuite.plan.judged_by import grading_cost, preferring_cost
from evalsuite.plan.measured import material
from evalsuite.plan.steps import Cost, Plan, Role, Step
from evalsuite.plugins import AskingProbe
from evalsuite.records import Sample
from evalsuite.spec.run_spec import ResolvedSpec
from evalsuite.spec.suite import Benchmark, JudgedSet, Pairing
from evalsuite.spec.teacher import LocalTeacher, ServedTeacher, teacher_of

# Four characters a token is the usual rule of thumb for English; the figures are shown as estimates.
_CHARACTERS_PER_TOKEN = 4


def training_cost(resolved: ResolvedSpec) -> Cost:
    """Rows of all sources, and their tokens once through; raises DataError for bad rows.

    Answers that a teacher is yet to write count as long as they may get, and each as one call.
    """
    rows = [row for source in training_rows(resolved) for row in source.rows]
    recipe, teacher = resolved.spec.recipe, teacher_of(resolved.spec.train)
    if teacher is not None:
        asked = [(explained(row.prompt) if recipe.explain else row.prompt).shown for row in rows]
        return taught_cost(asked, teacher, epochs=recipe.epochs)
    characters = sum(len(row.prompt.shown) + len(answer) for row in rows for answer in row.answers)
    return Cost(samples=len(rows), tokens=round(characters / _CHARACTERS_PER_TOKEN * recipe.epochs))


def taught_cost(prompts: Sequence[str], teacher: LocalTeacher | ServedTeacher, *, epochs: float = 1) -> Cost:
    """What it takes at most to have a teacher answer prompts, and to train on the answers."""
    asked = sum(map(len, prompts)) // _CHARACTERS_PER_TOKEN
    written = teacher.max_tokens * len(prompts)
    money = teacher.money(asked, written) if isinstance(teacher, ServedTeacher) else 0.0
    tokens = round((asked + written) * (1 + epochs))
    return Cost(samples=len(prompts), tokens=tokens, teacher_calls=len(prompts), money=money)


def benchmark_cost(resolved: ResolvedSpec, entry: Benchmark, *, role: Role) -> Cost:
    """One request per item; each option's tokens, or the longest reply, count."""
    samples = _limited(items_of(resolved, entry), entry.limit)
    reply = entry.task.sampling.max_tokens if entry.task.sampling else 0
    characters = sum(len(sample.prompt.shown) + sum(map(len, sample.choices)) for sample in samples)
    prompts, replies = characters // _CHARACTERS_PER_TOKEN, reply * len(samples)
    return Cost(samples=len(samples), tokens=prompts + replies, money=_money(resolved, role, prompts, replies))


def judged_cost(resolved: ResolvedSpec, entry: JudgedSet, *, role: Role) -> Cost:
    """A reply per prompt and its grading; the author's answers are judged but not generated."""
    samples = _authored(resolved.suite_data[entry.name], entry.limit)
    prompts = sum(len(sample.prompt.shown) for sample in samples)
    judge, rubric = resolved.judges[entry.judge], resolved.rubrics[entry.rubric]
    own = role == "author"
    said = sum(len(sample.target) for sample in samples) if own else _reply_characters(entry, len(samples))
    grading = grading_cost(judge, rubric, items=len(samples), characters=prompts + said)
    if own:
        return replace(grading, samples=len(samples))
    asked, replies = prompts // _CHARACTERS_PER_TOKEN, entry.max_tokens * len(samples)
    money = grading.money + _money(resolved, role, asked, replies)
    return replace(grading, samples=len(samples), tokens=grading.tokens + asked + replies, money=money)


def style_cost(resolved: ResolvedSpec, entry: JudgedSet) -> Cost:
    """The author's answers through candidate and base; judge calls only where pairs or a control are judged."""
    samples = _authored(resolved.suite_data[entry.name], entry.limit)
    asked = sum(len(sample.prompt.shown) + len(sample.target) for sample in samples) if entry.style.likelihood else 0
    tokens = 2 * asked // _CHARACTERS_PER_TOKEN
    judge, rubric = resolved.judges[entry.judge], resolved.rubrics[entry.rubric]
    costs = [Cost(tokens=tokens)]
    if entry.style.pairs:
        said = sum(len(s.prompt.shown) + len(s.target) for s in samples) + _reply_characters(entry, len(samples))
        costs.append(preferring_cost(judge, rubric, pairs=len(samples), characters=said))
    if entry.control is not None:
        other = _authored(resolved.suite_data[f"{entry.name}/control"], None)
        said = sum(len(sample.prompt.shown) + len(sample.target) for sample in other)
        costs.append(grading_cost(judge, rubric, items=len(other), characters=said))
    return Cost(
        samples=len(samples),
        tokens=sum(cost.tokens for cost in costs),
        judge_calls=sum(cost.judge_calls for cost in costs),
        money=sum(cost.money for cost in costs),
    )


def pairing_cost(resolved: ResolvedSpec, entry: Pairing) -> Cost:
    """The judging of each pair in both orders; the replies are there already."""
    judged = next(item for item in resolved.suite.judged if item.name == entry.of)
    samples = _authored(resolved.suite_data[judged.name], judged.limit)
    prompts = sum(len(sample.prompt.shown) for sample in samples)
    characters = prompts + 2 * _reply_characters(judged, len(samples))
    judge, rubric = resolved.judges[entry.judge], resolved.rubrics[entry.rubric]
    return replace(preferring_cost(judge, rubric, pairs=len(samples), characters=characters), samples=len(samples))


def _reply_characters(entry: JudgedSet, count: int) -> int:
    return entry.max_tokens * _CHARACTERS_PER_TOKEN * count


def _money(resolved: ResolvedSpec, role: Role, prompt_tokens: int, reply_tokens: int) -> float:
    """What the tokens cost where a model is asked over the network; replies count as long as they may become."""
    named = resolved.spec.reference
    base = resolved.spec.base_model if role != "base" or named is None or isinstance(named, str) else named
    return base.money(prompt_tokens, reply_tokens)


def probe_cost(resolved: ResolvedSpec, probe: AskingProbe, *, role: Role) -> Cost:
    """What the probe asks of one subject; replies that a benchmark has already are not asked again."""
    given = material(resolved, probe)
    # A candidate's parents are asked beside it, not beside the base.
    found = probe.effort(given if role == "candidate" else replace(given, parent_names=()))
    # All tokens at the price of replies, the higher one: an estimate that is too low would be worse.
    asked = Cost(samples=found.samples, tokens=found.tokens, money=_money(resolved, role, 0, found.tokens))
    wanted = probe.wants
    if wanted.judge is None or wanted.rubric is None:
        return asked
    judge, rubric = resolved.judges[wanted.judge], resolved.rubrics[wanted.rubric]
    characters = found.tokens * _CHARACTERS_PER_TOKEN
    graded = grading_cost(judge, rubric, items=found.samples, characters=characters)
    return replace(graded, samples=asked.samples, tokens=asked.tokens + graded.tokens, money=asked.money + graded.money)


@lru_cache(maxsize=32)
def _authored(path: Path, limit: int | None) -> tuple[Sample, ...]:
    return tuple(_limited(read_authored(path), limit))


def _limited(samples: Sequence[Sample], limit: int | None) -> Sequence[Sample]:
    return samples if limit is None else samples[:limit]


# Parameters times tokens in a second, as measured with small models on two CPU cores; a GPU is far faster.
_RATE = 5e9
# Tokens in a second from a server, many calls in flight.
_SERVED = 1_000
_PASSES = {"train": 3}  # forward, and backward through weights and activations
_BYTES = {"float32": 4}


@dataclass(frozen=True)
class UsualSeconds:
    """The usual seconds of steps already run, by kind, entry and role."""

    seconds: Mapping[tuple[str, str | None, str | None], float] = field(default_factory=dict)

    def of(self, plan: Plan, step: Step) -> float:
        """The seconds that a step will take, roughly."""
        known = self.seconds.get((step.kind, step.entry, step.role))
        if known is not None and step.kind != "train":
            return known
        if not isinstance(plan.base, BaseCheckpoint):
            return step.cost.tokens / _SERVED
        size = sum(file.stat().st_size for file in weight_files(plan.base.folder))
        parameters = size / _BYTES.get(plan.base.dtype, 2)
        return step.cost.tokens * _PASSES.get(step.kind, 1) * parameters / _RATE

    def total(self, plans: list[Plan], done: frozenset[str]) -> float:
        """The seconds of all that is to do; a step that specs share counts once."""
        left: dict[object, float] = {}
        for plan in plans:
            for step in plan.steps:
                if step.digest not in done:
                    left.setdefault(step.digest or (plan.name, step.label), self.of(plan, step))
        return sum(left.values())
