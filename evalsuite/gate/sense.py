"""Whether a rule makes sense for its metric, by what the metric is declared to be; told before anything is spent."""

from __future__ import annotations

from evalsuite.gate.words import Words
from evalsuite.records import Metric, Outlook, Suppose, Supposed

_LEAST_VARIANCE = 0.02 * 0.98


def span_of(metric: Metric | None) -> float | None:
    """How far two scores of a metric can be apart; None where its scale has an open end, or nobody declared it."""
    return None if metric is None or metric.low is None or metric.high is None else metric.high - metric.low


def at_least_problems(metric: Metric, limit: float, *, option: str = "at_least", instead: str) -> list[str]:
    """What is wrong with wanting at least so much of a metric; `instead` is what to use where less is better."""
    name, found = metric.name, []
    if metric.direction == "lower":
        found.append(f"less is better in {name}, so that {option} would ask for the worse; use {instead}")
    if metric.low is not None and limit <= metric.low:
        found.append(f"{name} is never below {metric.low:g}, so {option} {limit:g} can never fail; raise it")
    if metric.high is not None and limit > metric.high:
        found.append(f"{name} is never above {metric.high:g}, so {option} {limit:g} can never pass; lower it")
    return found


def at_most_problems(metric: Metric, limit: float, *, option: str = "at_most", instead: str | None) -> list[str]:
    """What is wrong with wanting at most so much of a metric; `instead` is what to use where more is better."""
    name, found = metric.name, []
    if metric.direction == "higher" and instead is not None:
        found.append(f"more is better in {name}, so that {option} would block the better; use {instead}")
    if metric.high is not None and limit >= metric.high:
        found.append(f"{name} is never above {metric.high:g}, so {option} {limit:g} can never fail; lower it")
    if metric.low is not None and limit < metric.low:
        found.append(f"{name} is never below {metric.low:g}, so {option} {limit:g} can never pass; raise it")
    return found


def share_problems(metric: Metric) -> list[str]:
    """What is wrong with a rule of shares on a metric."""
    if (metric.low, metric.high, metric.unit) == (0.0, 1.0, "share"):
        return []
    return [f"{metric.name} is no share from 0 to 1, which this rule is about; use `floor` or `ceiling`"]


def paired_problems(metric: Metric, *, margin: float | None = None, by: float | None = None) -> list[str]:
    """What is wrong with allowing a loss of `margin`, or wanting a gain of `by`, on a metric."""
    no_loss, span = Words(metric.name, metric).no_loss, span_of(metric)
    found = [no_loss] if no_loss is not None else []
    apart = f"no two values of {metric.name} are more than {span or 0:g} apart"
    if span is not None and margin is not None and margin >= span:
        found.append(f"{apart}, so margin {margin:g} can never fail; lower it")
    if span is not None and by is not None and by >= span:
        found.append(f"{apart}, so by {by:g} can never pass; lower it")
    return found


def early_problems(metric: Metric) -> list[str]:
    """What is wrong with betting on the scores of a metric one by one."""
    if span_of(metric) is not None:
        return []
    return [
        f"the scores of {metric.name} have no declared end on both sides, without which nothing can be settled early; "
        "leave out `sequential`"
    ]


def flips_problems(metric: Metric) -> list[str]:
    """What is wrong with counting answers of a metric that were right and are wrong now."""
    no_loss = Words(metric.name, metric).no_loss
    if no_loss is not None:
        return [no_loss]
    if (metric.low, metric.high) != (0.0, 1.0):
        return [
            f"the scores of {metric.name} are not right (1) or wrong (0), so that none can flip; use `non_inferior`"
        ]
    return []


def supposed_limit(suppose: Suppose, metric: Metric | None, limit: float, *, more: bool) -> Supposed | Outlook:
    """The truth `gap` beyond a limit on the good side, with the largest variance that scores can have there."""
    if metric is None:
        return "cannot be foreseen"
    low, span = metric.low, span_of(metric)
    if metric.unit == "share" and span is None:
        # Fidelity can lie beyond 0 and 1, but in between it varies as a share does.
        low, span = 0.0, 1.0
    if low is None or not span:
        return "cannot be foreseen"
    share = (limit - low) / span
    room = 1 - share if more else share
    gap = min(suppose.gap, room) if room > 0 else suppose.gap
    mean = share + gap if more else share - gap
    variance = max(_LEAST_VARIANCE, mean * (1 - mean)) if 0 <= mean <= 1 else 0.25
    return Supposed(gap * span, variance * span**2, two_sided=True)


def supposed_pairs(suppose: Suppose, metric: Metric | None, gap: float | None) -> Supposed | Outlook:
    """The gap of a paired rule (None: the supposed one), where as many answers change as is supposed."""
    span = span_of(metric)
    if not span:
        return "cannot be foreseen"
    return Supposed(suppose.gap * span if gap is None else gap, suppose.flips * span**2, two_sided=False)
