"""What a metric is to a rule: its words in sentences, and whether the rule makes sense for it."""

from __future__ import annotations

from dataclasses import dataclass

from evalsuite.records import Evidence, Metric, Outlook, Suppose, Supposed

# Pure numbers, whose unit would only repeat what the metric's name says.
_UNSAID = ("", "share", "ratio", "perplexity", "kappa", "alpha", "Delta")

# Differences below this are told as none.
_NOTHING = 0.0005

_UNDECLARED = (
    "nobody declared whether more or less of {name} is better, so nothing counts as a loss; declare its metric"
)
_NEITHER = "neither more nor less of {name} is better, so nothing counts as a loss; hold it with `floor` and `ceiling`"


@dataclass(frozen=True, slots=True)
class Words:
    """How sentences speak of one metric; `metric` is None where nobody declared what it is."""

    name: str
    metric: Metric | None = None

    @property
    def unit(self) -> str:
        """The unit after a number, with a blank before it; empty for pure numbers and where nobody declared one."""
        unit = self.metric.unit if self.metric is not None else ""
        return "" if unit in _UNSAID else f" {unit}"

    @property
    def side(self) -> str:
        """Which way is better where that is not the usual one: `, where less is better`."""
        return ", where less is better" if self.metric is not None and self.metric.direction == "lower" else ""

    @property
    def no_loss(self) -> str | None:
        """Why no difference of it can be a loss or a gain, as a sentence; None where one can."""
        if self.metric is None:
            return _UNDECLARED.format(name=self.name)
        return _NEITHER.format(name=self.name) if self.metric.direction == "neither" else None

    def measured(self, value: float, low: float, high: float) -> str:
        """A value with its interval: `latency.style is 2.10 seconds [1.95, 2.25]`."""
        digits = self._digits(value)
        return f"{self.bare(value)} [{low:,.{digits}f}, {high:,.{digits}f}]"

    def bare(self, value: float) -> str:
        """A value alone: `facts.accuracy is 0.820`."""
        return f"{self.name} is {value:,.{self._digits(value)}f}{self.unit}"

    def changed(self, difference: float) -> str:
        """A difference as a verb: `facts.accuracy fell 0.290`, `rose 7.07 nats` or `stayed the same`."""
        if abs(difference) < _NOTHING:
            return f"{self.name} stayed the same"
        size = f"{abs(difference):,.{self._digits(difference)}f}{self.unit}"
        return f"{self.name} {'fell' if difference < 0 else 'rose'} {size}"

    def bounds(self, difference: float, low: float, high: float) -> str:
        """The interval of a difference: `[-0.042, +0.018]`."""
        digits = self._digits(difference)
        return f"[{low:+,.{digits}f}, {high:+,.{digits}f}]"

    def _digits(self, value: float) -> int:
        # Shares keep three digits, so that columns of sentences compare; other scales keep about three that count.
        size = abs(value)
        share = self.metric is None or self.metric.unit == "share"
        return 3 if share or size < 1 else 2 if size < 100 else 1 if size < 1000 else 0


def declaration_of(name: str, evidence: Evidence) -> Metric | None:
    """What a metric is, as the candidate's results or those that it is compared with declare it; None where none do."""
    subjects = (evidence.candidate, evidence.baseline, evidence.base)
    return next((its.metrics[name] for its in subjects if name in its.metrics), None)


def words_of(name: str, evidence: Evidence) -> Words:
    """The words for a metric of the evidence."""
    return Words(name, declaration_of(name, evidence))


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
