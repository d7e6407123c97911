"""Everything evalsuite refuses to do, as one tree. Each message says where, what, and what to do next.

EvalsuiteError
├── DocumentError     a YAML document is wrong: all its problems at once
├── DataError         a data file is missing, empty or malformed
├── ModelError        a base model or adapter cannot be loaded
│   ├── AdapterNotApplied   the adapter changes nothing, so a score would be the base's
│   └── BudgetSpent         the money allowed for a run could be passed by the next call
├── TrainingError     a training could not be carried out
├── StoreError        the store cannot be opened, read or written
│   └── StoreBusy     another program holds the store open for too long
└── NotFound          a run, spec or adapter that was named does not exist
"""

from __future__ import annotations

from dataclasses import dataclass


class EvalsuiteError(Exception):
    """What a person can mend; the command line prints its text and exits with 2."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a document: where it stands, what is wrong and what to do."""

    file: str
    line: int | None
    path: str
    what: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}  {self.path}  {self.what}" if self.path else f"{place}  {self.what}"


class DocumentError(EvalsuiteError):
    """One or more documents are wrong; `problems` has every one of them."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in problems))


class DataError(EvalsuiteError):
    """A data file is missing, empty or malformed; the message names the file and line."""


class ModelError(EvalsuiteError):
    """A base model or adapter cannot be loaded or used."""


class AdapterNotApplied(ModelError):
    """The adapter leaves the base model's outputs unchanged."""


class BudgetSpent(ModelError):
    """The next call to an endpoint could cost more than what is left of the money allowed for the run."""


class TrainingError(EvalsuiteError):
    """A training could not be carried out."""


class StoreError(EvalsuiteError):
    """The store cannot be opened, read or written."""


class StoreBusy(StoreError):
    """Another program holds the store open for longer than one cares to wait."""


class NotFound(EvalsuiteError):
    """Something named on the command line or in a document does not exist."""
