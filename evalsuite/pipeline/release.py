"""Releasing an adapter: a card, its provenance, and the alias that names it; only with a passing verdict.

The verdict must be about exactly the weights that lie on disk now: their digest is made anew, and so is the verdict.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from evalsuite.data.digest import file_digest
from evalsuite.environment import environment
from evalsuite.errors import EvalsuiteError, NotFound
from evalsuite.pipeline import flow as pipeline
from evalsuite.plan.steps import Plan
from evalsuite.records import Comparison, Metric, Result, Verdict, metric_of
from evalsuite.registry import cards, provenance
from evalsuite.registry import cards as aliases
from evalsuite.registry import provenance as signing
from evalsuite.report.cards.released import MODEL_CARD, model_card
from evalsuite.spec.card import (
    VERSION,
    Card,
    CardBase,
    CardChange,
    CardDocument,
    CardFile,
    CardOverride,
    CardResult,
    CardVerdict,
    CardWeights,
)
from evalsuite.spec.document import is_name
from evalsuite.spec.models import BaseModelRef
from evalsuite.store import Store, read

_DIGITS = 6
_VERSION = re.compile(VERSION)


@dataclass(frozen=True)
class Release:
    """What a person asks for: the version, and what goes with it."""

    version: str
    alias: str | None = None
    licence: str | None = None
    override: CardOverride | None = None
    sign: str | None = None
    model_card: bool = False


@dataclass(frozen=True)
class Released:
    """What a release left behind: the card, its file, its provenance and its signature."""

    card: Card
    file: Path
    statement: Path
    signature: Path | None


def release(spec: Path, store: Store, registry: Path, wanted: Release, *, name: str | None, at: datetime) -> Released:
    """Write the card of a spec's adapter; raises EvalsuiteError without a passing verdict for exactly these weights."""
    _check(wanted)
    plan = _plan(spec, store, name)
    [(plan, verdict)] = pipeline.verdicts([plan], store)
    if verdict.answer != "pass" and wanted.override is None:
        raise EvalsuiteError(_refusal(plan, verdict))
    card = make_card(plan, verdict, store, wanted, registry=registry, at=at)
    file = cards.write_card(registry, card)
    if wanted.model_card:
        assert plan.adapter is not None
        (plan.adapter.path / MODEL_CARD).write_text(model_card(card), encoding="utf-8")
    run_id = next(found.run_id for found in read.latest_specs(store) if found.spec == plan.name)
    content = provenance.statement(
        card, file, spec=plan.resolved.spec.model_dump(mode="json", exclude_none=True), run_id=run_id
    )
    statement = provenance.write_statement(content, file)
    signature = signing.sign(statement, wanted.sign) if wanted.sign else None
    # Last, so that no alias ever names a card that is not whole.
    if wanted.alias:
        aliases.move_alias(registry, wanted.alias, card, at=at)
    return Released(card, file, statement, signature)


def make_card(plan: Plan, verdict: Verdict, store: Store, wanted: Release, *, registry: Path, at: datetime) -> Card:
    """The card of a planned spec with its results on record."""
    root = registry.resolve().parent
    adapter, decided = plan.adapter, plan.step("decide")
    assert adapter is not None
    assert decided is not None
    assert decided.digest is not None
    method = plan.resolved.spec.train
    ref = plan.resolved.spec.base_model
    # Only what was adapted can be released, and a model behind an endpoint takes no adapter.
    assert isinstance(ref, BaseModelRef)
    candidate = pipeline.candidate_results(plan.name, store)
    named = (plan.resolved.training_data, plan.resolved.suite_data.values(), plan.resolved.suite_examples.values())
    data = {file for paths in named for path in paths for file in _inside(path)}
    return Card(
        schema_version=1,
        name=plan.name,
        version=wanted.version,
        released=at,
        description=plan.resolved.spec.description,
        licence=wanted.licence,
        method="adapter" if method is None else method.method,
        weights=CardWeights(path=_from(root, adapter.path), digest=adapter.digest, files=_files(adapter.path)),
        base_model=CardBase(id=ref.id, revision=ref.revision, digest=plan.base.digest),
        verdict=CardVerdict(
            answer=verdict.answer,
            policy=verdict.policy,
            digest=decided.digest,
            found=tuple(outcome.sentence for outcome in verdict.outcomes),
        ),
        override=wanted.override,
        results=tuple(
            _result(found, metric_of(candidate.metrics, metric))
            for metric, found in candidate.by_metric.items()
            if found.value is not None
        ),
        changes=tuple(
            _change(found, plan) for found in read.comparisons_of(store, plan.digests("compare", roles=("candidate",)))
        ),
        documents=_documents(plan),
        data=tuple(CardFile(path=_from(root, path), sha256=file_digest(path)) for path in sorted(data)),
        software={key: str(value) for key, value in environment().items() if value is not None},
    )


def _check(wanted: Release) -> None:
    """Raises EvalsuiteError for what could only fail when a part of the release is written already."""
    if not _VERSION.match(wanted.version):
        raise EvalsuiteError(f"--version {wanted.version}: write three numbers, such as 1.2.0")
    if wanted.alias is not None and not is_name(wanted.alias):
        raise EvalsuiteError(f"--alias {wanted.alias}: write lower-case letters, digits, '.', '_' and '-' only")
    if wanted.sign is not None:
        signing.check_key(wanted.sign)


def _plan(spec: Path, store: Store, name: str | None) -> Plan:
    found = pipeline.plan_to_read([spec], store)
    plans = [plan for plan in found if name in (None, plan.name)]
    if len(plans) != 1:
        raise NotFound(f"{spec}  holds {', '.join(plan.name for plan in found)}; say which with --name")
    plan = plans[0]
    if plan.adapter is None:
        trained = plan.step("train") is not None
        hint = "`evalsuite run` trains it" if trained else "it is the base model as it stands"
        raise NotFound(f"{spec}  {plan.name} has no adapter to release; {hint}")
    if plan.step("decide") is None:
        raise NotFound(f"{spec}  {plan.name} names no gate, so nothing says that it is fit; add `gate: release`")
    return plan


def _refusal(plan: Plan, verdict: Verdict) -> str:
    why = "".join(f"\n  {sentence}" for sentence in verdict.reasons)
    return (
        f"{plan.resolved.file}  {plan.name} is not released: its verdict by policy {verdict.policy} is "
        f"{verdict.answer}{why}\nmend it, or release it in your name with --override --reason '...'"
    )


def _inside(path: Path) -> Iterator[Path]:
    """The file, or all files of a folder."""
    yield from (file for file in path.rglob("*") if file.is_file()) if path.is_dir() else (path,)


def _files(folder: Path) -> tuple[CardFile, ...]:
    # The model card is prose that people mend later.
    files = sorted(file for file in folder.rglob("*") if file.is_file() and file.name != MODEL_CARD)
    return tuple(CardFile(path=file.relative_to(folder).as_posix(), sha256=file_digest(file)) for file in files)


def _documents(plan: Plan) -> tuple[CardDocument, ...]:
    named: Sequence[tuple[str, Path]] = sorted(plan.resolved.documents.items())
    return tuple(
        CardDocument(name=name, sha256=file_digest(path)) for name, path in [("spec", plan.resolved.file), *named]
    )


def _result(found: Result, its: Metric) -> CardResult:
    assert found.value is not None
    low, high = (None if bound is None else round(bound, _DIGITS) for bound in (found.low, found.high))
    value = round(found.value, _DIGITS)
    entry, direction, unit = its.entry, its.direction, its.unit
    return CardResult(
        metric=found.metric, value=value, low=low, high=high, n=found.n, entry=entry, direction=direction, unit=unit
    )


def _change(found: Comparison, plan: Plan) -> CardChange:
    # A card names no reference besides, so what is not its base model is called by its name.
    baseline = plan.reference.name if found.baseline == "base" and not plan.reference.own else found.baseline
    low, high = round(found.low, _DIGITS), round(found.high, _DIGITS)
    difference = round(found.difference, _DIGITS)
    return CardChange(metric=found.metric, baseline=baseline, difference=difference, low=low, high=high, n=found.n)


def _from(root: Path, path: Path) -> str:
    """A path as the registry's reader finds it: relative to the folder that the registry stands in."""
    return Path(os.path.relpath(path.resolve(), root)).as_posix()
