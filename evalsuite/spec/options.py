"""What a plug-in's options class inherits: the answers to its protocol that most plug-ins of the kind give.

A method inherits `MethodOptions`, a benchmark `TaskOptions`, a probe `ProbeOptions`, or `AskingOptions` where it asks
the models. They are documents: the fields that a plug-in adds are what people write in YAML. Nothing here is
half-finished; what a plug-in must say itself is missing, and `plugins.find` names it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from evalsuite.records import LogLikelihood, Recipe, Result, Row, Sample, Wants
from evalsuite.spec.document import Document


class MethodOptions(Document):
    """A method that learns from no rows and builds on nothing."""

    learns_from: ClassVar[type[Row] | None] = None
    instead: ClassVar[str] = ""

    @property
    def recipe(self) -> Recipe:
        """Nothing: no sources, no draws, no adapter below."""
        return Recipe()

    def parents(self, inputs: Sequence[Path]) -> tuple[Path, ...]:
        """None: it merges no adapters."""
        return ()


class TaskOptions(Document):
    """A benchmark of items with right answers, whose figures are means over samples."""

    reads_texts: ClassVar[bool] = False

    def chosen(self, sample: Sample, reply: tuple[LogLikelihood, ...]) -> str:
        """The likeliest option; of equally likely ones the first."""
        return sample.choices[max(range(len(reply)), key=lambda place: reply[place].value)]

    def family(self, subject: str) -> str:
        """The subject itself: each counts on its own."""
        return subject

    def derived(self, results: Mapping[str, Result]) -> tuple[Result, ...]:
        """Nothing: all figures are over samples."""
        return ()


class ProbeOptions(Document):
    """A probe that looks at results that are there, and is given nothing else."""

    asks: ClassVar[bool] = False

    @property
    def wants(self) -> Wants:
        """Nothing."""
        return Wants()


class AskingOptions(ProbeOptions):
    """A probe that asks base and candidate; it says what by `effort` and `ask`."""

    asks: ClassVar[bool] = True
