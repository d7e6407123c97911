"""Reading every row that specs name, before anything is spent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

from evalsuite.data.authored import read_authored
from evalsuite.data.draw import distinct
from evalsuite.data.fetch import ABSENT, fetch, is_here
from evalsuite.data.rows import source_rows, training_rows
from evalsuite.errors import DataError
from evalsuite.plugins import Task
from evalsuite.spec.resolved import ResolvedSpec
from evalsuite.spec.source import sources_of

Reader = tuple[tuple[str, Path], Callable[[], object]]


def check_data(specs: Sequence[ResolvedSpec]) -> None:
    """Read all training and test data of the specs that are on this machine; raises DataError with all problems."""
    here = dict.fromkeys(split for spec in specs for split in spec.splits if is_here(split))
    problems = [*_said(partial(fetch, split) for split in here)]
    # What several specs share is read once.
    problems += _said(dict(reader for spec in specs for reader in _readers(spec)).values())
    if problems:
        raise DataError("\n".join(dict.fromkeys(problems)))


def described(spec: ResolvedSpec) -> Iterator[str]:
    """What is known of each training source, and which splits of data sets the first run will fetch."""
    if all(path.exists() for path in spec.training_data):
        yield from (str(source) for source in training_rows(spec))
    yield from (f"{split}: {split.split} {ABSENT}" for split in dict.fromkeys(spec.splits) if not is_here(split))


def _said(readers: Iterable[Callable[[], object]]) -> Iterator[str]:
    for read in readers:
        try:
            read()
        except DataError as error:
            yield str(error)


def _readers(spec: ResolvedSpec) -> Iterator[Reader]:
    """Readers of what is there; what lies on the hub is fetched by the first run."""
    method = spec.spec.train
    for path, source in zip(spec.training_data, sources_of(method), strict=True):
        if method is not None and method.learns_from is not None and path.exists():
            key = (f"train {source!r} {method.learns_from}", path)
            yield key, partial(source_rows, path, source, wanted=method.learns_from)
    for entry in spec.suite.benchmarks:
        path, examples = spec.suite_data[entry.name], spec.suite_examples.get(entry.name)
        if path.exists() and (examples is None or examples.exists()):
            yield (f"{entry.task!r} {examples}", path), partial(_read_items, entry.task, path, examples)
    for judged in spec.suite.judged:
        path = spec.suite_data[judged.name]
        yield ("judged", path), partial(_read_prompts, path)


def _read_items(task: Task, path: Path, examples: Path | None) -> None:
    distinct(task.samples(path, examples), source=str(path))


def _read_prompts(path: Path) -> None:
    distinct(read_authored(path), source=str(path))
