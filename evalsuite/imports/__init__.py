"""Judgments that were made elsewhere, read into values: one file per format, and what is computed from them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from evalsuite.records import Metric, Result

DEFAULT_SEED = 7
UNREAD = "the judgment could not be read"


@dataclass(frozen=True, slots=True)
class Answered:
    """What one system answered to one question; `turn` counts from 1."""

    system: str
    question: str
    text: str
    prompt: str = ""
    turn: int = 1

    @property
    def sample(self) -> str:
        """The sample's id, the same for every system."""
        return sample_id(self.question, self.turn)


@dataclass(frozen=True, slots=True)
class Graded:
    """A judge's grade of one answer; None where its reply could not be read."""

    system: str
    question: str
    turn: int
    grade: float | None


@dataclass(frozen=True, slots=True)
class Compared:
    """A judge's comparison of two answers, the first of which it saw first.

    `score` is the first system's: 1 won, 0.5 tied, 0 lost, or a chance between; None where the reply could not
    be read. `grades` are both systems' grades where the judge gave some. `both_orders` says that the score
    already joins two orders.
    """

    question: str
    turn: int
    first: str
    second: str
    score: float | None
    grades: tuple[float, float] | None = None
    both_orders: bool = False


@dataclass(frozen=True)
class Imported:
    """All that one import read: a name for it, answers, judgments, and sentences a person should know.

    `weighted` says that scores are chances, which are averaged over repeats; without it repeats that disagree
    are a tie. `sources` are the digests of the files. `figures` are results that the format itself brings, by
    system, and `metrics` says what these are.
    """

    name: str
    sources: tuple[str, ...]
    answers: tuple[Answered, ...] = ()
    graded: tuple[Graded, ...] = ()
    compared: tuple[Compared, ...] = ()
    weighted: bool = False
    notes: tuple[str, ...] = ()
    figures: tuple[tuple[str, Result], ...] = ()
    metrics: tuple[Metric, ...] = ()

    @property
    def systems(self) -> tuple[str, ...]:
        """Every system that was judged, by name."""
        judged = {graded.system for graded in self.graded} | {name for name, _ in self.figures}
        return tuple(sorted(judged | {name for pair in self.compared for name in (pair.first, pair.second)}))

    def renamed(self, names: Mapping[str, str]) -> Imported:
        """The same with other names for some systems; raises ValueError when two would become one."""

        def name(system: str) -> str:
            return names.get(system, system)

        if len({name(system) for system in self.systems}) < len(self.systems):
            raise ValueError("two systems would have the same name")
        return replace(
            self,
            answers=tuple(replace(one, system=name(one.system)) for one in self.answers),
            graded=tuple(replace(one, system=name(one.system)) for one in self.graded),
            compared=tuple(replace(one, first=name(one.first), second=name(one.second)) for one in self.compared),
            figures=tuple((name(system), figure) for system, figure in self.figures),
        )


def sample_id(question: str, turn: int) -> str:
    """The id of a question's turn; the first turn has the question's own."""
    return question if turn == 1 else f"{question} turn {turn}"


def slug(system: str) -> str:
    """A system's name as part of a metric: letters, digits and hyphens."""
    return re.sub(r"[^\w-]+", "-", system).strip("-").lower()
