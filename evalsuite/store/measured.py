"""What the figures of every spec's latest run were measured on, so that only what was measured alike is compared.

Stores of an older evalsuite do not say it. There a step that has no measurement takes that of the other role of its
entry in the same plan, for base and candidate are asked alike; where neither has one, figures were measured alike if
their entries have as many samples.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evalsuite.records import UNKNOWN, Measurement
from evalsuite.store import Store
from evalsuite.store.rows import Rows, every

_FIELDS = ("spec", "base_model", "role", "kind", "step", "metric")
# The kinds of step that ask base and candidate the same.
_OF_BOTH = ("score", "probe")


@dataclass(frozen=True, slots=True)
class MeasuredMetric:
    """A figure of a step of a spec's latest run, and what it was measured on; `role` says of whom, if of anybody."""

    spec: str
    base_model: str
    role: str | None
    kind: str
    step: str
    metric: str
    measurement: Measurement


def measured_metrics(store: Store) -> list[MeasuredMetric]:
    """Every figure of every spec's latest run, by spec and in the order of its steps."""
    found, words = every(store, [("measured_metrics", ()), ("measurement_words", ())])
    told = {row["measured"]: Measurement(row["measured"], tuple(row["words"])) for row in words}
    of_spec: dict[str, Rows] = {}
    for row in found:
        of_spec.setdefault(row["spec"], []).append(row)
    return [one for rows in of_spec.values() for one in _of_spec(rows, told)]


def _of_spec(found: Rows, told: Mapping[str, Measurement]) -> list[MeasuredMetric]:
    """The figures of one spec, each with its measurement or what stands in for it."""
    known: dict[tuple[str, str], Measurement] = {}
    sizes: dict[tuple[str, str], int] = {}
    for row in found:
        key = row["kind"], row["step_entry"]
        sizes[key] = max(sizes.get(key, 0), row["size"] or 0)
        if row["measured"] and row["kind"] in _OF_BOTH:
            known[key] = told[row["measured"]]

    def measurement(row: dict[str, Any]) -> Measurement:
        if row["measured"]:
            return told[row["measured"]]
        # A step about all entries was measured on what the figure's own entry was.
        of = row["step_entry"] or row["entry"]
        keys = [(kind, of) for kind in ((row["kind"],) if row["step_entry"] else _OF_BOTH)]
        return next((known[key] for key in keys if key in known), None) or _counted(max(sizes.get(k, 0) for k in keys))

    return [MeasuredMetric(**{name: row[name] for name in _FIELDS}, measurement=measurement(row)) for row in found]


def _counted(samples: int) -> Measurement:
    if not samples:
        return UNKNOWN
    return Measurement(f"of {samples} samples", (f"{samples:,} samples", "kept by an older evalsuite"))
