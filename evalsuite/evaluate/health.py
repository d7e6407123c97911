"""The health of a judge: how far it agrees with people, with itself and with itself the other way round."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from evalsuite.data.labels import LabelledPair, LabelledReply
from evalsuite.evaluate.health_of_preferences import preference_health
from evalsuite.evaluate.health_of_scores import score_health
from evalsuite.evaluate.judge import Chosen, Grader, Item, Judgment, Pair
from evalsuite.records import Metric, Result, Usage, by_name, required
from evalsuite.spec.declared import HEALTH, criterion_agreements
from evalsuite.spec.rubric import Rubric

GraderOf = Callable[[int], Grader]


@dataclass(frozen=True, slots=True)
class Health:
    """What a check of a judge found and declares, and what it took.

    `judgments` is how many replies or pairs were judged.
    """

    kind: Literal["preferences", "scores"]
    results: tuple[Result, ...]
    usage: Usage
    judgments: int
    metrics: tuple[Metric, ...] = ()


def check_preferences(pairs: Sequence[LabelledPair], judge: GraderOf, *, repeats: int, seed: int) -> Health:
    """Each pair in both orders, and `repeats` times more; `judge` makes the judge of a repeat, 0 being the first."""
    shown = [Pair(pair.question, pair.a, pair.b) for pair in pairs]
    both = [*shown, *(pair.swapped for pair in shown)]
    rounds = [judge(repeat).prefer(both) for repeat in range(repeats + 1)]
    said = [_orders(found) for found in rounds]
    results = preference_health(pairs, said[0], repeats=said[1:], seed=seed)
    return _declared(_health("preferences", results, rounds[0], judgments=len(pairs)))


def check_scores(
    replies: Sequence[LabelledReply], judge: GraderOf, rubric: Rubric, *, repeats: int, seed: int
) -> Health:
    """Each reply graded, and `repeats` times more."""
    items = [Item(reply.question, reply.reply) for reply in replies]
    rounds = [judge(repeat).grade(items) for repeat in range(repeats + 1)]
    results = score_health(replies, rounds[0], rubric, repeats=rounds[1:], seed=seed)
    found = _health("scores", results, rounds[0], judgments=len(replies))
    return _declared(found, criterion_agreements(rubric).values())


def with_latency(health: Health, seconds: Sequence[float], *, reason: str) -> Health:
    """The health with the seconds that single calls took; without any, the reason why there are none."""
    from evalsuite.stats.interval import mean

    if not seconds:
        found = Result("latency", None, None, None, 0, reason=reason)
    else:
        its = mean(list(seconds), bounds=(0.0, max(seconds) * len(seconds)))
        found = Result("latency", its.value, its.interval.low, its.interval.high, its.n, detail="seconds a call, alone")
    return _declared(replace(health, results=(*health.results, found)), health.metrics)


def _declared(health: Health, more: Iterable[Metric] = ()) -> Health:
    """The health with what its figures are; raises EvalsuiteError for one that nobody declares."""
    known = {**HEALTH, **by_name(more)}
    found = tuple(required(result.metric, known, by=f"judge check by {health.kind}") for result in health.results)
    return replace(health, metrics=found)


def _orders(chosen: Sequence[Chosen]) -> list[tuple[Chosen, Chosen]]:
    half = len(chosen) // 2
    return list(zip(chosen[:half], chosen[half:], strict=True))


def _health(
    kind: Literal["preferences", "scores"],
    results: Sequence[Result],
    first: Sequence[Chosen] | Sequence[Judgment],
    *,
    judgments: int,
) -> Health:
    usage = sum((one.usage for one in first), Usage())
    money = usage.money / judgments
    cost = Result("money", money, None, None, judgments, detail="dollars for one judgment, a pair in both orders")
    return Health(kind, (*results, cost), usage, judgments)
