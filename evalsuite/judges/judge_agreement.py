"""How far a judge agrees with people, with itself, and with itself the other way round."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import TYPE_CHECKING, Literal

from evalsuite.data.evaluation.labels import Label, LabelledPair, LabelledReply
from evalsuite.plugins import Grader
from evalsuite.records import Choice, Chosen, Item, Judgment, Metric, Pair, Result, Usage, by_name, required, usage_of
from evalsuite.spec.declared import HEALTH, criterion_agreements
from evalsuite.spec.rubric import Rubric

if TYPE_CHECKING:
    from evalsuite.stats.agreement.kappa import Agreement


_FORWARD: Mapping[Choice, Label] = {"first": "a", "second": "b", "tie": "tie"}
_BACKWARD: Mapping[Choice, Label] = {"first": "b", "second": "a", "tie": "tie"}

Orders = Sequence[tuple[Chosen, Chosen]]

# Enough for two digits of an interval of a coefficient.
RESAMPLES = 2_000


def preference_health(
    pairs: Sequence[LabelledPair], said: Orders, *, repeats: Sequence[Orders], seed: int
) -> list[Result]:
    """The figures of a judge that saw each pair as it stands and with its replies swapped."""
    votes = [_votes(orders) for orders in said]
    people = [pair.majority for pair in pairs]
    return [
        *_accuracy(votes, people),
        *_agreement(votes, people, seed=seed),
        *_among_all(pairs, votes, seed=seed),
        *_positions(said),
        _verbosity(pairs, votes, people),
        _self_consistency(said, repeats),
        share("unparsed", [sum(vote is None for vote in both) / 2 for both in votes]),
    ]


def _votes(orders: tuple[Chosen, Chosen]) -> tuple[Label | None, Label | None]:
    forward, backward = (one.choice for one in orders)
    return (_FORWARD[forward] if forward else None), (_BACKWARD[backward] if backward else None)


def _together(both: tuple[Label | None, Label | None]) -> Label | None:
    if None in both:
        return None
    return both[0] if both[0] == both[1] else "tie"


def _accuracy(votes: Sequence[tuple[Label | None, Label | None]], people: Sequence[Label]) -> Iterator[Result]:
    # A reply that cannot be read is a wrong answer here: the pair was there to be judged.
    right = [[vote == label for vote in both] for both, label in zip(votes, people, strict=True)]
    yield share("accuracy", [sum(both) / 2 for both in right])
    yield share("accuracy.given", [float(both[0]) for both in right])
    yield share("accuracy.swapped", [float(both[1]) for both in right])


def _agreement(
    votes: Sequence[tuple[Label | None, Label | None]], people: Sequence[Label], *, seed: int
) -> Iterator[Result]:
    from evalsuite.stats.agreement.kappa import cohen
    from evalsuite.stats.intervals.bootstrap import Resampling

    views = {
        "agreement": [_together(both) for both in votes],
        "agreement.given": [both[0] for both in votes],
        "agreement.swapped": [both[1] for both in votes],
    }
    for metric, view in views.items():
        read = [(vote, label) for vote, label in zip(view, people, strict=True) if vote is not None]
        if not read:
            yield Result(metric, None, None, None, 0, unscored=len(view), reason="no reply of the judge could be read")
            continue
        found = cohen(
            [vote for vote, _ in read],
            [label for _, label in read],
            resampling=Resampling(seed=seed, resamples=RESAMPLES),
        )
        yield agreement_result(metric, found, unscored=len(view) - len(read), named="Cohen's kappa")


def _among_all(
    pairs: Sequence[LabelledPair], votes: Sequence[tuple[Label | None, Label | None]], *, seed: int
) -> Iterator[Result]:
    from evalsuite.stats.agreement.kappa import fleiss
    from evalsuite.stats.agreement.krippendorff import krippendorff
    from evalsuite.stats.intervals.bootstrap import Resampling

    annotators = sorted({name for pair in pairs for name in pair.labels})
    humans = [[pair.labels.get(name) for name in annotators] for pair in pairs]
    everybody = [[_together(both), *labels] for both, labels in zip(votes, humans, strict=True)]
    resampling = Resampling(seed=seed, resamples=RESAMPLES)
    if any(sum(label is not None for label in labels) > 1 for labels in everybody):
        found = krippendorff(everybody, resampling=resampling)
        yield agreement_result("alpha", found, named="Krippendorff's alpha of judge and people")
    if any(sum(label is not None for label in labels) > 1 for labels in humans):
        found = krippendorff(humans, resampling=resampling)
        yield agreement_result("human_alpha", found, named="Krippendorff's alpha among people")
    whole = [[label for label in labels if label is not None] for labels in everybody]
    full = [labels for labels in whole if len(labels) == len(annotators) + 1]
    if full and len(annotators) > 1:
        found = fleiss(full, resampling=resampling)
        yield agreement_result("fleiss", found, unscored=len(whole) - len(full), named="Fleiss' kappa")


def _positions(said: Orders) -> Iterator[Result]:
    from evalsuite.stats.ratings.both_orders import BothOrders, position_bias

    pairs = [BothOrders(forward.choice or "error", backward.choice or "error") for forward, backward in said]
    bias = position_bias(pairs)
    its = bias.consistency
    detail = f"{bias.error:.0%} of the pairs with an unread verdict" if bias.error else None
    yield Result("consistency", its.value, its.interval.low, its.interval.high, its.n, detail=detail)
    for metric, place in (("biased_to_first", "first"), ("biased_to_second", "second")):
        yield share(metric, [float(pair.candidate_first == place and pair.candidate_second == place) for pair in pairs])


def _verbosity(
    pairs: Sequence[LabelledPair], votes: Sequence[tuple[Label | None, Label | None]], people: Sequence[Label]
) -> Result:
    """How much more often than people the judge prefers the longer reply, -1 to 1, where both decide."""
    from evalsuite.stats.intervals.mean import mean

    more = []
    for pair, both, label in zip(pairs, votes, people, strict=True):
        vote, longer = _together(both), "a" if len(pair.a) > len(pair.b) else "b"
        if vote in ("a", "b") and label in ("a", "b") and len(pair.a) != len(pair.b):
            more.append(float(vote == longer) - float(label == longer))
    if not more:
        reason = "no pair of unequal length in which judge and people both decide"
        return Result("verbosity_bias", None, None, None, 0, unscored=len(pairs), reason=reason)
    its = mean(more, bounds=(-1.0, 1.0))
    return Result("verbosity_bias", its.value, its.interval.low, its.interval.high, its.n)


def _self_consistency(said: Orders, repeats: Sequence[Orders]) -> Result:
    same = [
        sum(one.choice is not None and one.choice == again.choice for one, again in zip(first, second, strict=True)) / 2
        for repeat in repeats
        for first, second in zip(said, repeat, strict=True)
    ]
    if not same:
        return Result("self_consistency", None, None, None, 0, reason="nothing was asked twice; see --repeats")
    pairs = [sum(same[index :: len(said)]) / len(repeats) for index in range(len(said))]
    return share("self_consistency", pairs)


def share(metric: str, values: Sequence[float]) -> Result:
    """A mean of shares, 0 to 1, with its interval over items."""
    from evalsuite.stats.intervals.mean import mean

    its = mean(list(values), bounds=(0.0, 1.0))
    return Result(metric, its.value, its.interval.low, its.interval.high, its.n)


def agreement_result(metric: str, found: Agreement, *, unscored: int = 0, named: str) -> Result:
    """A coefficient with its interval, and the raw agreement that it hides."""
    low, high = (found.interval.low, found.interval.high) if found.interval else (None, None)
    if found.interval is not None:
        clipped = found.interval.clipped(-1.0, 1.0)
        low, high = clipped.low, clipped.high
    detail = f"{named}; {found.raw:.0%} agree"
    return Result(metric, found.kappa, low, high, found.n, unscored=unscored, reason=found.reason, detail=detail)


_Scores = Mapping[str, float]


def score_health(
    replies: Sequence[LabelledReply],
    judged: Sequence[Judgment],
    rubric: Rubric,
    *,
    repeats: Sequence[Sequence[Judgment]],
    seed: int,
) -> list[Result]:
    """The figures of a judge that graded replies which people graded too."""
    people = [rubric.means(list(reply.scores.values())) for reply in replies]
    read = [
        (reply, judgment.scores, own)
        for reply, judgment, own in zip(replies, judged, people, strict=True)
        if judgment.scores is not None
    ]
    unread = share("unparsed", [float(judgment.scores is None) for judgment in judged])
    if not read:
        reason = f"no reply of the judge could be read: {judged[0].reason}"
        return [Result("agreement", None, None, None, 0, unscored=len(judged), reason=reason), unread]
    return [
        *_agreement_of_scores(read, rubric, unscored=len(judged) - len(read), seed=seed),
        _leniency(read, rubric),
        _verbosity_of_scores(read, rubric, seed=seed),
        _self_consistency_of_scores(judged, repeats, rubric),
        unread,
    ]


def _agreement_of_scores(
    read: Sequence[tuple[LabelledReply, _Scores, _Scores]], rubric: Rubric, *, unscored: int, seed: int
) -> Iterator[Result]:
    from evalsuite.stats.agreement.kappa import cohen
    from evalsuite.stats.agreement.krippendorff import krippendorff
    from evalsuite.stats.intervals.bootstrap import Resampling

    resampling = Resampling(seed=seed, resamples=RESAMPLES)
    levels = [(rubric.overall(judge), rubric.overall(people)) for _, judge, people in read]
    found = krippendorff(levels, scale="interval", resampling=resampling)
    named = "Krippendorff's alpha of overall scores, judge and mean of people"
    yield agreement_result("agreement", found, unscored=unscored, named=named)
    annotators = sorted({name for reply, _, _ in read for name in reply.scores})
    humans = [
        [rubric.overall(reply.scores[name]) if name in reply.scores else None for name in annotators]
        for reply, _, _ in read
    ]
    together = [[judge, *own] for (judge, _), own in zip(levels, humans, strict=True)]
    found = krippendorff(together, scale="interval", resampling=resampling)
    yield agreement_result("alpha", found, named="Krippendorff's alpha of judge and people")
    if any(sum(level is not None for level in own) > 1 for own in humans):
        found = krippendorff(humans, scale="interval", resampling=resampling)
        yield agreement_result("human_alpha", found, named="Krippendorff's alpha among people")
    for criterion, metric in criterion_agreements(rubric).items():
        pairs = [(float(round(judge[criterion])), float(round(own[criterion]))) for _, judge, own in read]
        kappa = cohen(*zip(*pairs, strict=True), weights="quadratic", resampling=resampling)
        yield agreement_result(metric.name, kappa, named="Cohen's kappa, quadratic weights")


def _leniency(read: Sequence[tuple[LabelledReply, _Scores, _Scores]], rubric: Rubric) -> Result:
    from evalsuite.stats.intervals.mean import mean

    its = mean([rubric.overall(judge) - rubric.overall(people) for _, judge, people in read], bounds=(-1.0, 1.0))
    return Result("leniency", its.value, its.interval.low, its.interval.high, its.n, detail="judge less people, 0 to 1")


def _verbosity_of_scores(
    read: Sequence[tuple[LabelledReply, _Scores, _Scores]], rubric: Rubric, *, seed: int
) -> Result:
    """The correlation of a reply's length with how much more the judge gives than people do."""
    import numpy as np

    from evalsuite.stats.intervals.bootstrap import Resampling, percentile_interval

    lengths = np.array([float(len(reply.reply)) for reply, _, _ in read])
    excess = np.array([rubric.overall(judge) - rubric.overall(people) for _, judge, people in read])

    def correlation(chosen: np.ndarray) -> float | None:
        weight = chosen / chosen.sum()
        x, y = lengths - weight @ lengths, excess - weight @ excess
        spread = float((weight @ x**2) * (weight @ y**2))
        return float(weight @ (x * y)) / spread**0.5 if spread > 1e-12 else None

    value = correlation(np.ones(len(read)))
    if value is None:
        reason = "all replies are of one length, or the judge is off by the same everywhere"
        return Result("verbosity_bias", None, None, None, len(read), reason=reason)
    found = percentile_interval(
        correlation, n=len(read), value=value, resampling=Resampling(seed=seed, resamples=RESAMPLES)
    )
    its = found.clipped(-1.0, 1.0)
    return Result("verbosity_bias", value, its.low, its.high, len(read), detail="correlation of length and excess")


def _self_consistency_of_scores(
    judged: Sequence[Judgment], repeats: Sequence[Sequence[Judgment]], rubric: Rubric
) -> Result:
    names = [criterion.name for criterion in rubric.criteria]
    same = [[_same(judgment, again[index], names) for again in repeats] for index, judgment in enumerate(judged)]
    if not repeats:
        return Result("self_consistency", None, None, None, 0, reason="nothing was asked twice; see --repeats")
    return share("self_consistency", [fmean(one) for one in same])


def _same(one: Judgment, again: Judgment, names: Sequence[str]) -> float:
    """The share of criteria with the same whole score; what could not be read is not the same."""
    if one.scores is None or again.scores is None:
        return 0.0
    return fmean(float(round(one.scores[name]) == round(again.scores[name])) for name in names)


GraderOf = Callable[[int], Grader]


@dataclass(frozen=True, slots=True)
class Health:
    """What a check of a judge found and declares, and what that takes.

    `judgments` is how many replies or pairs were judged, `usage` what judging them once takes when nothing comes from
    the reply cache, `asked` what was asked in all, repeats too, and how much of that the cache answered.
    """

    kind: Literal["preferences", "scores"]
    results: tuple[Result, ...]
    usage: Usage
    asked: Usage
    judgments: int
    metrics: tuple[Metric, ...] = ()


def check_preferences(pairs: Sequence[LabelledPair], judge: GraderOf, *, repeats: int, seed: int) -> Health:
    """Each pair in both orders, and `repeats` times more; `judge` makes the judge of a repeat, 0 being the first."""
    shown = [Pair(pair.question, pair.a, pair.b) for pair in pairs]
    both = [*shown, *(pair.swapped for pair in shown)]
    rounds = [judge(repeat).prefer(both) for repeat in range(repeats + 1)]
    said = [_orders(found) for found in rounds]
    results = preference_health(pairs, said[0], repeats=said[1:], seed=seed)
    return _declared(_health("preferences", results, [usage_of(said) for said in rounds], judgments=len(pairs)))


def check_scores(
    replies: Sequence[LabelledReply], judge: GraderOf, rubric: Rubric, *, repeats: int, seed: int
) -> Health:
    """Each reply graded, and `repeats` times more."""
    items = [Item(reply.question, reply.reply) for reply in replies]
    rounds = [judge(repeat).grade(items) for repeat in range(repeats + 1)]
    results = score_health(replies, rounds[0], rubric, repeats=rounds[1:], seed=seed)
    found = _health("scores", results, [usage_of(said) for said in rounds], judgments=len(replies))
    return _declared(found, criterion_agreements(rubric).values())


def with_latency(health: Health, seconds: Sequence[float], *, reason: str) -> Health:
    """The health with the seconds that single calls took; without any, the reason why there are none."""
    from evalsuite.stats.intervals.mean import mean

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
    kind: Literal["preferences", "scores"], results: Sequence[Result], rounds: Sequence[Usage], *, judgments: int
) -> Health:
    # A price is what a round takes, whoever answered it this time.
    usage = replace(rounds[0], cached=0)
    money = usage.money / judgments
    cost = Result("money", money, None, None, judgments, detail="dollars for one judgment, a pair in both orders")
    return Health(kind, (*results, cost), usage, sum(rounds, Usage()), judgments)
