"""The judge: who grades. `offline` grades by the rubric's own checks and is not a language model."""

from __future__ import annotations

from typing import Literal

from evalsuite.spec.document import Document, Name, Version


class Judge(Document):
    """A judge document."""

    schema_version: Version
    name: Name
    description: str | None = None
    kind: Literal["offline"]
