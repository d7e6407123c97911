"""What plug-ins say of themselves before anything runs: what they are to be given, and what they will ask for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel


@dataclass(frozen=True, slots=True)
class Named:
    """An adapter as a method's options name it, by its folder or its spec, and the keys under `train` that do."""

    name: str
    at: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a method learns from and builds on, known before anything runs.

    `sources` are `spec.source.Source` documents, `canaries` the secrets to plant among their rows, `held_out` the share
    of the rows kept aside to measure the loss, `epochs` the passes over the others; every draw starts from `seed`.
    `builds_on` is the adapter that it goes on from, or its teacher's; with `explain` a `teacher` gives its reasons too.
    `by_content` are options that only say where something lies: digests cover what lies there in their place.
    """

    sources: tuple[BaseModel, ...] = ()
    seed: int = 0
    held_out: float = 0.0
    epochs: float = 1.0
    canaries: BaseModel | None = None
    builds_on: Named | None = None
    teacher: BaseModel | None = None
    explain: bool = False
    adapter_type: str | None = None
    by_content: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Wants:
    """What a probe is to be given: a data file, entries of the suite, a judge with a rubric, and more.

    `looks_at` says which entries can stand under `of`: benchmarks with right answers, all that yields a generated reply
    (judged sets too), or benchmarks that choose among options. `asks_reference` is of one whose answers of the
    candidate hold the reference's beside them.
    """

    data: str | None = None
    of: tuple[str, ...] = ()
    judge: str | None = None
    rubric: str | None = None
    looks_at: Literal["answers", "replies", "choices"] = "answers"
    reads_training: bool = False
    asks_parents: bool = False
    asks_reference: bool = False


@dataclass(frozen=True, slots=True)
class Effort:
    """What a probe asks of one subject, known before anything runs: requests and their tokens."""

    samples: int
    tokens: int
