"""What is known of judges, as people read it."""

from __future__ import annotations

from collections.abc import Sequence

from evalsuite.records import Usage
from evalsuite.report.figures import interval, usage
from evalsuite.report.table import Cell, Table
from evalsuite.store import Store
from evalsuite.store.judges import JudgeCheck, checks, judgings

# What a person wants to know of a judge first.
_FIRST = ("agreement", "accuracy", "consistency", "unparsed")


def health_table(check: JudgeCheck) -> Table:
    """One row per figure of a check: value with interval, how many it is about, what is to be said of it."""
    rows = [
        (
            result.metric,
            _value(result.value),
            interval(result.low, result.high),
            result.n,
            result.unscored,
            result.reason or result.detail or "",
        )
        for result in check.results
    ]
    return Table(("figure", "value", "95 %", "n", "unread", "note"), tuple(rows))


def health_figures(check: JudgeCheck) -> Table:
    """The same for other programs: every number in a column of its own."""
    fields = ("metric", "value", "low", "high", "n", "unscored", "reason", "detail")
    return Table(fields, tuple(tuple(getattr(result, field) for field in fields) for result in check.results))


def head(check: JudgeCheck) -> str:
    """Which judge was measured by what, and what judging that once takes, whoever answers."""
    row = check.row
    takes = usage(Usage(row.calls, row.prompt_tokens, row.tokens, row.money) if row.calls else None)
    return (
        f"judge {row.judge}, rubric {row.rubric}, {row.judgments:,} labelled {row.kind} of {row.labels}; "
        f"takes without the reply cache: {takes}"
    )


def calls_made(asked: Usage, paid: float) -> str:
    """How many calls were really made, what was paid for them, and what the reply cache answered instead."""
    if not asked.calls:
        return "no calls: the judge asks no model"
    made = asked.calls - asked.cached
    if not made:
        return f"0 calls, all {asked.calls:,} from the cache"
    rest = f", {asked.cached:,} more from the cache" if asked.cached else ""
    return f"{made:,} calls, ${paid:.4f}{rest}"


def checks_table(found: Sequence[JudgeCheck]) -> Table:
    """One row per judge and rubric: the figures that matter first."""
    rows: list[tuple[Cell, ...]] = [
        (
            check.row.judge,
            check.row.rubric,
            check.row.kind,
            *(_short(check, metric) for metric in _FIRST),
            check.row.judgments,
            f"{check.row.checked_at:%Y-%m-%d}",
        )
        for check in found
    ]
    return Table(("judge", "rubric", "labels", *_FIRST, "n", "checked"), tuple(rows))


def checks_figures(found: Sequence[JudgeCheck]) -> Table:
    """Every figure of every check on a row of its own, for other programs."""
    heads = ("judge", "rubric", "labels", "checked_at")
    rows: list[tuple[Cell, ...]] = [
        (check.row.judge, check.row.rubric, check.row.kind, f"{check.row.checked_at:%Y-%m-%dT%H:%M:%SZ}", *row)
        for check in found
        for row in health_figures(check).rows
    ]
    return Table((*heads, "metric", "value", "low", "high", "n", "unscored", "reason", "detail"), tuple(rows))


def health_lines(store: Store, step_digests: Sequence[str]) -> list[str]:
    """One line for each judge and rubric that the steps were judged by: how far it can be believed."""
    rows = judgings(store, step_digests)
    seats = dict.fromkeys((row.judge, row.rubric, row.judge_digest, row.rubric_digest) for row in rows)
    known = checks(store)
    lines = []
    for judge, rubric, judge_digest, rubric_digest in seats:
        mine = [c for c in known if (c.row.judge_digest, c.row.rubric_digest) == (judge_digest, rubric_digest)]
        said = [f"{metric} {_short(c, metric)} ({c.row.labels})" for c in mine for metric in _FIRST if c.figure(metric)]
        unknown = f"never checked; `evalsuite judge check {judge} --rubric {rubric} --labels FILE` measures it"
        lines.append(f"{judge} by {rubric}: {', '.join(said) or unknown}")
    return lines


def _short(check: JudgeCheck, metric: str) -> str:
    found = check.figure(metric)
    if found is None or found.value is None:
        return "–"
    return f"{found.value:.2f} {interval(found.low, found.high)}"


def _value(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.3f}" if abs(value) >= 0.001 or value == 0 else f"{value:.2g}"
