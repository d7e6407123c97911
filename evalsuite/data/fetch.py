"""What specs name: the splits of data sets, each fetched once, and the items that benchmarks ask."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from evalsuite.data.files import write_objects
from evalsuite.errors import DataError
from evalsuite.records import Sample
from evalsuite.spec.run_spec import ResolvedSpec
from evalsuite.spec.source import HubSplit, Split
from evalsuite.spec.suite import Benchmark


def fetch_data(resolved: ResolvedSpec, *, download: bool) -> None:
    """Make the files of all splits that a spec and its suite name; raises DataError for one that cannot be had.

    Without `download` only folders of this machine are read, and a split of the hub that is not here is an error.
    """
    for split in resolved.splits:
        if not download and not is_here(split):
            raise DataError(f"{split}: {ABSENT}, or name a local file in its place")
        fetch(split)


ABSENT = "is not on this machine; `evalsuite run` fetches it once"


def is_here(split: Split) -> bool:
    """Whether the rows can be had without a network."""
    return not isinstance(split, HubSplit) or split.file.is_file()


def fetch(split: Split) -> None:
    """Make the split's file unless it is there: row N of the split is line N, without its empty columns.

    Raises DataError with what the library says when it cannot give the rows.
    """
    file = split.file
    if file.is_file():
        return
    rows = _loaded(split)
    # Written aside first, so that a killed process leaves no half of a split.
    fresh = file.with_name(f"{file.name}.{os.getpid()}.new")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_objects(fresh, (_filled(row) for row in rows))
        fresh.replace(file)
    except OSError as error:
        raise DataError(f"{file}  cannot be written: {error.strerror}; set EVALSUITE_CACHE") from None


def _loaded(split: Split) -> Any:
    import datasets

    try:
        with _without_bars(datasets):
            return datasets.load_dataset(split.place, split.config, split=split.split, revision=split.revision)
    except Exception as error:  # the library raises a dozen kinds of its own, of pyarrow's and of the network's
        first = next(iter(str(error).strip().splitlines()), type(error).__name__)
        advice = "check split and config"
        if isinstance(split, HubSplit):
            advice = "check id, revision, config and split; it needs a network once, and a private one HF_TOKEN"
        raise DataError(f"{split}: split {split.split!r} cannot be loaded ({first}); {advice}") from None


def _filled(row: dict[str, Any]) -> dict[str, Any]:
    # A column that other rows need is empty here, which is the same as not being there.
    return {key: value for key, value in row.items() if value is not None}


@contextmanager
def _without_bars(datasets: Any) -> Iterator[None]:
    shown = not datasets.are_progress_bars_disabled()
    datasets.disable_progress_bars()
    try:
        yield
    finally:
        if shown:
            datasets.enable_progress_bars()


def items_of(resolved: ResolvedSpec, entry: Benchmark) -> tuple[Sample, ...]:
    """All samples of a benchmark of a spec's suite; raises DataError for malformed data."""
    return entry.task.samples(resolved.suite_data[entry.name], resolved.suite_examples.get(entry.name))
