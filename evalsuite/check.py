"""Reading every row that specs name, before anything is spent."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from evalsuite.data.authored import read_authored
from evalsuite.data.draw import distinct
from evalsuite.data.examples import read_examples
from evalsuite.errors import DataError
from evalsuite.spec.load import ResolvedSpec


def check_data(specs: Iterable[ResolvedSpec]) -> None:
    """Read all training and test data of the specs; raises DataError with the first problem of each file."""
    readers: dict[tuple[str, Path], Callable[[], Any]] = {}
    for spec in specs:
        for path in spec.training_data:
            readers["train", path] = lambda path=path: read_examples(path)
        for entry in spec.suite.benchmarks:
            path = spec.suite_data[entry.name]
            readers[entry.name, path] = lambda task=entry.task, path=path: distinct(task.samples(path), source=str(path))
        for judged in spec.suite.judged:
            path = spec.suite_data[judged.name]
            readers[judged.name, path] = lambda path=path: distinct(read_authored(path), source=str(path))
    problems = []
    for read in readers.values():
        try:
            read()
        except DataError as error:
            problems.append(str(error))
    if problems:
        raise DataError("\n".join(problems))
