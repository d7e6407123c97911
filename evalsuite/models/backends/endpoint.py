"""Backend `endpoint`: an OpenAI-style server; its weights are unseen and not trained, its calls are paid."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from evalsuite.models.checkpoints.base import ServedBase
from evalsuite.spec.models import Endpoint


class EndpointBackend(Endpoint):
    """A model behind an OpenAI-style server, scored as it is."""

    # Left out of what is kept, where such documents have never had it.
    backend: Annotated[Literal["endpoint"], Field(exclude=True)] = "endpoint"

    @property
    def adapts(self) -> bool:
        """Never: no adapter reaches a server of somebody else's."""
        return False

    @property
    def tells_likelihood(self) -> bool:
        """Never: chat servers tell how likely their own words are, not how likely given ones."""
        return False

    def find(self, *, beside: Path, download: bool = False) -> ServedBase:
        """The server; it is first spoken to when it is asked."""
        return ServedBase(self)
