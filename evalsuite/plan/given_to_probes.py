"""What a probe is given: its data, the entries that it looks at, and what the candidate learned from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel

from evalsuite.data.digest import data_digest, digest, distinct, draw, file_digest
from evalsuite.data.evaluation.prompts import read_authored
from evalsuite.data.fetch import items_of
from evalsuite.data.training.mixture import canary_parts, learned, planted
from evalsuite.plan.judged_by import judging
from evalsuite.plan.steps import Judging
from evalsuite.plugins import Asked, AskingProbe, Material
from evalsuite.records import Canary, Row, Sampling
from evalsuite.spec.run_spec import ResolvedSpec
from evalsuite.spec.source import PLACE, sources_of


def material(resolved: ResolvedSpec, probe: AskingProbe) -> Material:
    """All that can be given before anything runs; judges and parents come with the models."""
    wanted, canaries = probe.wants, tuple[Canary, ...]()
    rows, held_out = tuple[Row, ...](), tuple[Row, ...]()
    if wanted.reads_training:
        # A teacher's answers are not known before the training, so prompts alone are no rows to recite.
        rows, held_out = (tuple(row for row in side if row.answers) for side in learned(resolved))
        canaries = planted(resolved.spec.train)
    return Material(
        seed=resolved.suite.seed,
        data=resolved.suite_data.get(probe.name),
        entries={name: _asked(resolved, name) for name in wanted.of},
        rows=rows,
        held_out=held_out,
        canaries=canaries,
        parent_names=tuple(parents_of(resolved)) if wanted.asks_parents else (),
    )


def parents_of(resolved: ResolvedSpec) -> dict[str, Path]:
    """The folders of the adapters that a candidate is merged from, by their names; none for any other candidate."""
    method, found = resolved.spec.train, dict[str, Path]()
    for number, folder in enumerate(() if method is None else method.parents(resolved.training_data), 1):
        # What is compared with the base is called so, and no parent may be taken for it.
        known = folder.name in found or folder.name == "base"
        found[f"{folder.name}-{number}" if known else folder.name] = folder
    return found


def given_digest(resolved: ResolvedSpec, probe: AskingProbe) -> str:
    """The digest of all that a probe is given: bytes of its data, entries, training rows, rubric, judge, parents."""
    wanted, data, suite = probe.wants, resolved.suite_data, resolved.suite
    parts: list[Any] = [file_digest(data[probe.name]) if wanted.data else None]
    for item in suite.benchmarks:
        if item.name in wanted.of:
            examples = resolved.suite_examples.get(item.name)
            shown = () if examples is None else (data_digest(examples),)
            parts.append((_plain(item, "data", "examples"), data_digest(data[item.name]), *shown))
    parts += [(_plain(item, "data"), file_digest(data[item.name])) for item in suite.judged if item.name in wanted.of]
    its = judging_of(resolved, probe)
    if its is not None:
        parts += [its.judge_digest, its.rubric_digest]
    method = resolved.spec.train
    if wanted.reads_training and method is not None and method.learns_from is not None:
        pairs = zip(resolved.training_data, sources_of(method), strict=True)
        parts += [method.recipe.seed, method.recipe.held_out]
        parts += [(_plain(source, *PLACE), file_digest(path)) for path, source in pairs]
        parts.append(canary_parts(method))
    if wanted.asks_parents and parents_of(resolved):
        parts += [file_digest(path) for path in resolved.training_data]
    return digest("given to a probe", parts)


def judging_of(resolved: ResolvedSpec, probe: AskingProbe) -> Judging | None:
    """Who grades the replies to a probe by what; None where nobody does."""
    wanted = probe.wants
    if wanted.judge is None or wanted.rubric is None:
        return None
    return judging(resolved.judges[wanted.judge], resolved.rubrics[wanted.rubric])


def _asked(resolved: ResolvedSpec, name: str) -> Asked:
    suite, path = resolved.suite, resolved.suite_data[name]
    for entry in suite.benchmarks:
        if entry.name == name:
            samples = draw(distinct(items_of(resolved, entry), source=str(path)), entry.limit, seed=suite.seed)
            return Asked(samples, entry.task.sampling, entry.task)
    judged = next(entry for entry in suite.judged if entry.name == name)
    samples = draw(distinct(read_authored(path), source=str(path)), judged.limit, seed=suite.seed)
    return Asked(samples, Sampling(max_tokens=judged.max_tokens, temperature=judged.temperature, seed=suite.seed))


def _plain(document: Any, *left_out: str) -> dict[str, Any]:
    assert isinstance(document, BaseModel)
    return document.model_dump(mode="json", exclude={"description", *left_out})
