"""Numbers as people read them, always with their interval."""

from __future__ import annotations

from evalsuite.records import Comparison, Result, Usage

# What comparisons with the untrained base call it.
BASE = "base"
# What a probe keeps to compute its figures from, by the last word of the metric or the last before a parent's name.
_INNER = (".confidence", ".right", ".own")


def is_inner(metric: str) -> bool:
    """Whether a metric is a probe's own working figure, which says nothing to a person by itself."""
    return metric.endswith(_INNER) or ".own." in metric


def figure(result: Result | None) -> str:
    """A value with its interval, `0.97 [0.93, 0.99]`, or a dash where there is none."""
    if result is None or result.value is None:
        return "–"
    return f"{result.value:.2f} {interval(result.low, result.high)}"


def stacked(result: Result | None) -> str:
    """The same on two narrow lines, value over interval."""
    if result is None or result.value is None:
        return "–"
    ends = "" if result.low is None or result.high is None else f"\n{result.low:.2f}–{result.high:.2f}"
    return f"{result.value:.2f}{ends}"


def interval(low: float | None, high: float | None, *, signed: bool = False) -> str:
    """An interval in brackets; nothing when an end is missing."""
    if low is None or high is None:
        return ""
    sign = "+" if signed else ""
    return f"[{low:{sign}.2f}, {high:{sign}.2f}]"


def change(comparison: Comparison) -> str:
    """A paired difference with its interval, `+0.03 [-0.01, +0.07]`."""
    return f"{comparison.difference:+.2f} {interval(comparison.low, comparison.high, signed=True)}"


def p_value(value: float | None) -> str:
    """A p-value to two digits, small ones as a bound."""
    if value is None:
        return "–"
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def usage(found: Usage | None) -> str:
    """Calls, tokens and money in a few words, or a dash where no language model was asked."""
    if found is None:
        return "–"
    return f"{found.calls:,} calls, {found.prompt_tokens + found.tokens:,} tokens, {money(found.money)}"


def money(dollars: float) -> str:
    """Dollars and cents; small sums to two digits that are not 0."""
    return f"${dollars:,.2f}" if dollars >= 0.995 or not dollars else f"${dollars:.2g}"


def duration(seconds: float | None) -> str:
    """Seconds as `0.4 s`, `12 s` or `3 min 05 s`."""
    if seconds is None:
        return "–"
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{int(seconds) // 60} min {int(seconds) % 60:02d} s"
