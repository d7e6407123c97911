"""One source of training rows, and its share in the mixture."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from evalsuite.spec.document import Document


class Source(Document):
    """A data file; with weights, every source of the mixture has one."""

    path: Annotated[str, Field(min_length=1)]
    weight: Annotated[float | None, Field(gt=0)] = None


def sources_of(method: Any) -> tuple[Source, ...]:
    """The data that a training method declares; empty for methods that read none."""
    return tuple(getattr(method, "data", ()))
