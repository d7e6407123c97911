"""A judge's preferences against people's, per order and together (METHODS §14 and §15)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from evalsuite.data.labels import Label, LabelledPair
from evalsuite.records import Choice, Chosen, Result

if TYPE_CHECKING:
    from evalsuite.stats.agreement import Agreement

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
    from evalsuite.stats.agreement import cohen
    from evalsuite.stats.bootstrap import Resampling

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
    from evalsuite.stats.agreement import fleiss
    from evalsuite.stats.bootstrap import Resampling
    from evalsuite.stats.krippendorff import krippendorff

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
    from evalsuite.stats.orders import BothOrders, position_bias

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
    from evalsuite.stats.interval import mean

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
    from evalsuite.stats.interval import mean

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
