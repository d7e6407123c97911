"""What the benchmarks of a spec's suite ask."""

from __future__ import annotations

from evalsuite.records import Sample
from evalsuite.spec.resolved import ResolvedSpec
from evalsuite.spec.suite import Benchmark


def items_of(resolved: ResolvedSpec, entry: Benchmark) -> tuple[Sample, ...]:
    """All samples of a benchmark of a spec's suite; raises DataError for malformed data."""
    return entry.task.samples(resolved.suite_data[entry.name], resolved.suite_examples.get(entry.name))
