"""The judge document: who grades. Its `kind` names a plug-in of the group `evalsuite.judges`."""

from __future__ import annotations

from typing import Annotated

from pydantic import RootModel

from evalsuite.spec.document import OneOf
from evalsuite.spec.judging import Judge

# The figures of a judge's health that a policy can ask for, as `judge.JUDGE.FIGURE`.
HEALTH = (
    "accuracy", "accuracy.given", "accuracy.swapped", "agreement", "agreement.given", "agreement.swapped", "alpha",
    "biased_to_first", "biased_to_second", "consistency", "fleiss", "human_alpha", "latency", "leniency",
    "money", "self_consistency", "unparsed", "verbosity_bias",
)  # fmt: skip


class JudgeFile(RootModel[Annotated[Judge, OneOf("judges")]]):
    """A judge document; its `kind` decides what else it has."""

    @property
    def name(self) -> str:
        """The judge's name."""
        return self.root.name
