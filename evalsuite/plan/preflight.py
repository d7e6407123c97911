"""Reading every row that specs name, before anything is spent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

from evalsuite.data.digest import distinct
from evalsuite.data.evaluation.prompts import read_authored
from evalsuite.data.fetch import ABSENT, fetch, is_here
from evalsuite.data.training.rows import source_rows, training_rows
from evalsuite.errors import DataError
from evalsuite.plugins import Task
from evalsuite.records import declaration
from evalsuite.spec.run_spec import ResolvedSpec
from evalsuite.spec.source import sources_of

Reader = tuple[tuple[str, Path], Callable[[], object]]


def check_data(specs: Sequence[ResolvedSpec]) -> None:
    """Read all training and test data of the specs that are on this machine; raises DataError with all problems."""
    here = dict.fromkeys(split for spec in specs for split in spec.splits if is_here(split))
    problems = [*_said(partial(fetch, split) for split in here)]
    # What several specs share is read once.
    problems += _said(dict(reader for spec in specs for reader in _readers(spec)).values())
    problems += [] if problems else [problem for spec in specs for problem in _unknown_slices(spec)]
    if problems:
        raise DataError("\n".join(dict.fromkeys(problems)))


def describe_sources(spec: ResolvedSpec) -> Iterator[str]:
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


def _unknown_slices(spec: ResolvedSpec) -> Iterator[str]:
    """Rules about a slice that no sample belongs to, as far as the data are here."""
    for index, rule in enumerate(spec.policy.rules if spec.policy is not None else ()):
        metric = declaration(rule.metric, spec.metrics.values())
        subjects = _subjects(spec, metric.entry) if metric is not None and (metric.is_slice or rule.by_slice) else None
        if metric is None or subjects is None:
            continue
        whole = spec.metrics.get(metric.parent or "", metric) if metric.is_slice else metric
        found = {whole.part(subject).name for subject in subjects}
        if found if rule.by_slice else rule.metric in found:
            continue
        known = f"there are: {', '.join(sorted(subjects))}" if subjects else "no row has a `subject` or `slice`"
        file = spec.documents.get(f"gates/{spec.spec.gate}", spec.file)
        yield f"{file}  rules.{index}  {rule.metric!r} is about a slice that {metric.entry} does not have; {known}"


def _subjects(spec: ResolvedSpec, entry: str | None) -> set[str] | None:
    """The subjects of an entry's samples; None where its data are not here, or are not its own."""
    for benchmark in spec.suite.benchmarks:
        path, examples = spec.suite_data[benchmark.name], spec.suite_examples.get(benchmark.name)
        if benchmark.name == entry:
            here = path.exists() and (examples is None or examples.exists())
            return {str(its.subject) for its in benchmark.task.samples(path, examples) if its.subject} if here else None
    if not any(judged.name == entry for judged in spec.suite.judged):
        return None
    return {its.subject for its in read_authored(spec.suite_data[entry or ""]) if its.subject}


def _read_items(task: Task, path: Path, examples: Path | None) -> None:
    distinct(task.samples(path, examples), source=str(path))


def _read_prompts(path: Path) -> None:
    distinct(read_authored(path), source=str(path))
