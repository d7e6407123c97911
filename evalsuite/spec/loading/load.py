"""Spec files to resolved specs, and single documents by their names or files."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from evalsuite.errors import DocumentError, NotFound, Problem
from evalsuite.spec.document import validate
from evalsuite.spec.judging import ResolvedJudge
from evalsuite.spec.loading.lookup import find_document, kind_of
from evalsuite.spec.loading.resolve import Resolver
from evalsuite.spec.loading.yaml_reader import read_file
from evalsuite.spec.policy import Policy
from evalsuite.spec.rubric import Rubric
from evalsuite.spec.run_spec import ResolvedSpec

D = TypeVar("D", bound=BaseModel)


def load_specs(files: Sequence[Path], settings: tuple[str, ...] = ()) -> list[ResolvedSpec]:
    """All specs of the files, matrices expanded; raises DocumentError with every problem of every document.

    A file that is named twice is read once.
    """
    resolver = Resolver(settings)
    once = {os.path.realpath(file): file for file in reversed(files)}
    specs = [spec for file in reversed(once.values()) for spec in resolver.resolve_file(file)]
    resolver.problems += _same_names(specs)
    if resolver.problems:
        raise DocumentError(_in_order(resolver.problems))
    return specs


def load_document(kind: type[D], file: Path) -> D:
    """One document of a known kind; raises DocumentError with all its problems."""
    return validate(kind, read_file(file))


def load_judge(name: str, *, beside: Path) -> ResolvedJudge:
    """The judge called `name` for a document `beside`, or the judge in the file `name`; raises DocumentError."""
    resolver = Resolver(())
    file = Path(name)
    given = file.suffix in (".yaml", ".yml")
    if given:
        beside, name = file.with_name("-"), file.stem
        _must_be_judge(file)
    lookup = find_document("judges", name, beside=beside)
    if lookup.found is None or (given and not lookup.found.samefile(file)):
        raise DocumentError([Problem(str(beside), None, "", f"no judge {name!r}; looked for {lookup.places}")])
    found = resolver.judge(name, (read_file(lookup.found), beside, ("name",)), {})
    if found is None or resolver.problems:
        raise DocumentError(list(dict.fromkeys(resolver.problems)))
    return found


def _must_be_judge(file: Path) -> None:
    # Another judge of that name may lie elsewhere; who names a file means the file.
    kind = kind_of(map(str, read_file(file).data))
    if kind not in (None, "judge"):
        raise DocumentError([Problem(str(file), None, "", f"is a {kind}, and a judge is wanted here")])


def load_rubric(name: str, *, beside: Path) -> Rubric:
    """The rubric called `name` for a document `beside`, or the rubric in the file `name`; raises DocumentError."""
    file = Path(name)
    if file.suffix not in (".yaml", ".yml"):
        lookup = find_document("rubrics", name, beside=beside)
        if lookup.found is None:
            raise DocumentError([Problem(str(beside), None, "", f"no rubric {name!r}; looked for {lookup.places}")])
        file = lookup.found
    return load_document(Rubric, file)


def _in_order(problems: Iterable[Problem]) -> list[Problem]:
    """Each problem once: document by document as they were read, and within each as its lines stand."""
    found = list(dict.fromkeys(problems))
    files = list(dict.fromkeys(problem.file for problem in found))
    return sorted(found, key=lambda problem: (files.index(problem.file), problem.line or 0))


def _same_names(specs: Iterable[ResolvedSpec]) -> list[Problem]:
    first: dict[str, Path] = {}
    problems = []
    for spec in specs:
        name = spec.spec.name
        if name in first:
            what = f"{name!r} is also the name of a spec in {first[name]}; give each spec its own name"
            if first[name] == spec.file:
                what = f"two specs of this file are called {name!r}; the values of a matrix must differ as words"
            problems.append(Problem(str(spec.file), None, "name", what))
        first.setdefault(name, spec.file)
    return problems


def named_policy(name: str, *, beside: Path) -> Policy:
    """The policy of a name or file given on the command line; raises NotFound with the places searched."""
    file = Path(name)
    # A name may have dots, such as `strict.v2`.
    if file.suffix not in (".yaml", ".yml"):
        lookup = find_document("gates", name, beside=beside)
        if lookup.found is None:
            raise NotFound(f"--policy {name}: looked for {lookup.places}")
        file = lookup.found
    return load_document(Policy, file)
