"""Reading every row that specs name, before anything is spent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

from evalsuite.data.authored import read_authored
from evalsuite.data.draw import distinct
from evalsuite.data.rows import source_rows
from evalsuite.errors import DataError
from evalsuite.plugins import Task
from evalsuite.spec.load import ResolvedSpec
from evalsuite.spec.source import sources_of

Reader = tuple[tuple[str, Path], Callable[[], object]]


def check_data(specs: Iterable[ResolvedSpec]) -> None:
    """Read all training and test data of the specs; raises DataError with the problems of each file."""
    # What several specs share is read once.
    readers = dict(reader for spec in specs for reader in _readers(spec))
    problems = []
    for read in readers.values():
        try:
            read()
        except DataError as error:
            problems.append(str(error))
    if problems:
        raise DataError("\n".join(dict.fromkeys(problems)))


def _readers(spec: ResolvedSpec) -> Iterator[Reader]:
    method = spec.spec.train
    for path, source in zip(spec.training_data, sources_of(method), strict=True):
        if method is not None and method.learns_from is not None:
            key = (f"train {source!r} {method.learns_from}", path)
            yield key, partial(source_rows, path, source, wanted=method.learns_from)
    for entry in spec.suite.benchmarks:
        path, examples = spec.suite_data[entry.name], spec.suite_examples.get(entry.name)
        # What lies on the hub is fetched by the first run.
        if path.exists() and (examples is None or examples.exists()):
            yield (f"{entry.task!r} {examples}", path), partial(_read_items, entry.task, path, examples)
    for judged in spec.suite.judged:
        path = spec.suite_data[judged.name]
        yield ("judged", path), partial(_read_prompts, path)


def _read_items(task: Task, path: Path, examples: Path | None) -> None:
    distinct(task.samples(path, examples), source=str(path))


def _read_prompts(path: Path) -> None:
    distinct(read_authored(path), source=str(path))
