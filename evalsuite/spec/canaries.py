"""Canaries as a spec declares them under `train`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from evalsuite.plugins import Method
from evalsuite.spec.document import Document, said


class Canaries(Document):
    """Made-up secrets that are planted in the training rows, to see which of them the adapter gives away."""

    count: Annotated[int, Field(ge=1, le=200, description="how many secrets")] = 10
    repeats: Annotated[
        tuple[Annotated[int, Field(ge=1)], ...],
        Field(min_length=1, description="how often a secret stands in the rows; taken in turn"),
    ] = (1, 4, 16)
    references: Annotated[
        int, Field(ge=15, le=4095, description="unplanted secrets that each is ranked among; bounds the exposure")
    ] = 255
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0


def canaries_of(method: Method | None) -> Canaries | None:
    """The canaries that a training method declares; None for a method without any."""
    if method is None or method.recipe.canaries is None:
        return None
    return said(method.recipe.canaries, Canaries, by=f"method {method.method}")
