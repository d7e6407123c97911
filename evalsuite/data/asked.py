"""What the benchmarks of a spec's suite ask, and what must be fetched first."""

from __future__ import annotations

from collections.abc import Iterator

from evalsuite.data.hub_split import fetch
from evalsuite.errors import DataError
from evalsuite.records import Sample
from evalsuite.spec.hub import HubSplit
from evalsuite.spec.load import ResolvedSpec
from evalsuite.spec.suite import Benchmark


def items_of(resolved: ResolvedSpec, entry: Benchmark) -> tuple[Sample, ...]:
    """All samples of a benchmark of a spec's suite; raises DataError for malformed data."""
    return entry.task.samples(resolved.suite_data[entry.name], resolved.suite_examples.get(entry.name))


def fetch_data(resolved: ResolvedSpec, *, download: bool) -> None:
    """Fetch the hub's splits that a spec's suite names; raises DataError when one is missing without `download`."""
    for split in _splits(resolved):
        if download:
            fetch(split)
        elif not split.file.is_file():
            raise DataError(
                f"data set {split.hub!r} at revision {split.revision!r}: is not on this machine; "
                "`evalsuite run` fetches it once, or name a local file under `data`"
            )


def _splits(resolved: ResolvedSpec) -> Iterator[HubSplit]:
    for entry in resolved.suite.benchmarks:
        yield from (where for where in (entry.data, entry.examples) if isinstance(where, HubSplit))
