"""Provenance: an in-toto statement with a SLSA predicate that says what a released adapter was made from.

In-toto Attestation Framework v1, SLSA Provenance v1. The subjects are the files of the weights and the card itself,
by SHA-256, so that any verifier can check them without evalsuite.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from evalsuite.data.digest import file_digest
from evalsuite.errors import DataError
from evalsuite.spec.card import Card

State = Literal["refused", "not checked"]


@dataclass(frozen=True)
class Finding:
    """What is wrong with a card or an alias, or what could not be looked at."""

    card: str
    state: State
    what: str


STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://slsa.dev/provenance/v1"


def statement_file(card: Path) -> Path:
    """Where the statement about a card lies: beside it."""
    return card.with_suffix(".intoto.json")


def statement(card: Card, file: Path, *, spec: dict[str, Any], run_id: str) -> dict[str, Any]:
    """The statement about a card that was written to `file`, trained as `spec` says in the run `run_id`."""
    weights = [{"name": found.path, "digest": {"sha256": found.sha256}} for found in card.weights.files]
    inputs = [{"uri": found.path, "digest": {"sha256": found.sha256}} for found in card.data]
    base = {"uri": card.base_model.id, "digest": {"evalsuite": card.base_model.digest}}
    documents = [{"uri": found.name, "digest": {"sha256": found.sha256}} for found in card.documents]
    version = card.software.get("evalsuite", "unknown")
    return {
        "_type": STATEMENT,
        "subject": [{"name": file.name, "digest": {"sha256": file_digest(file)}}, *weights],
        "predicateType": PREDICATE,
        "predicate": {
            "buildDefinition": {
                "buildType": f"pkg:pypi/evalsuite@{version}#run",
                "externalParameters": {"spec": spec},
                "internalParameters": {"software": card.software},
                "resolvedDependencies": [base, *inputs, *documents],
            },
            "runDetails": {
                "builder": {"id": f"pkg:pypi/evalsuite@{version}"},
                "metadata": {"invocationId": run_id, "finishedOn": card.released.isoformat()},
            },
        },
    }


def write_statement(content: dict[str, Any], card: Path) -> Path:
    """Write the statement beside its card."""
    file = statement_file(card)
    file.write_text(json.dumps(content, indent=2, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")
    return file


def disagreements(card: Card, file: Path) -> list[str]:
    """What the statement beside a card says otherwise than the card does; empty when they agree."""
    beside = statement_file(file)
    try:
        content = json.loads(beside.read_text(encoding="utf-8"))
        subjects = {found["name"]: found["digest"]["sha256"] for found in content["subject"]}
        kind = (content["_type"], content["predicateType"])
    except FileNotFoundError:
        return [f"has no provenance; {beside.name} should lie beside it"]
    except (OSError, ValueError, KeyError, TypeError):
        return [f"its provenance {beside.name} is no in-toto statement"]
    found = [] if kind == (STATEMENT, PREDICATE) else [f"its provenance {beside.name} is of another kind"]
    if subjects.get(file.name) != file_digest(file):
        found.append("was changed after it was released; release a new version instead")
    stated = {weights.path: weights.sha256 for weights in card.weights.files}
    if {name: value for name, value in subjects.items() if name != file.name} != stated:
        found.append(f"names other weights than its provenance {beside.name}")
    return found


def changed_files(folder: Path, card: Card) -> list[str]:
    """The files of the released weights that are missing in `folder` or have other bytes."""
    changed = []
    for known in card.weights.files:
        try:
            if file_digest(folder / known.path) != known.sha256:
                changed.append(known.path)
        except DataError:
            changed.append(known.path)
    return changed
