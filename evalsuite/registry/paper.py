"""Documents as YAML for people: one value a line, in the order of the class, with the schema named for editors."""

from __future__ import annotations

import os
from pathlib import Path

import yaml

from evalsuite.spec.document import Document


def write_document(document: Document, file: Path, *, schema: str) -> None:
    """Write a document whole or not at all; nothing that is absent is written."""
    plain = document.model_dump(mode="json", exclude_none=True)
    text = yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=120)
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(f".{file.name}.new")
    fresh.write_text(f"# A document of evalsuite; `evalsuite schema {schema}` prints its schema.\n{text}", "utf-8")
    os.replace(fresh, file)
