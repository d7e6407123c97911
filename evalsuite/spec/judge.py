"""The judge document: who grades. Its `kind` names a plug-in of the group `evalsuite.judges`."""

from __future__ import annotations

from typing import Annotated

from pydantic import RootModel

from evalsuite.spec.document import OneOf
from evalsuite.spec.judging import Judge


class JudgeFile(RootModel[Annotated[Judge, OneOf("judges")]]):
    """A judge document; its `kind` decides what else it has."""

    @property
    def name(self) -> str:
        """The judge's name."""
        return self.root.name
