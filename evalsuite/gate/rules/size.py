"""Size: the adapter must fit where it is to run. Counted on disk, so there is nothing undecided about it."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from evalsuite.gate.rule_options import Counted, Known, judge_known
from evalsuite.records import Evidence, RuleOutcome, Terms

_MB = 1_000_000


class Size(Counted):
    """Pass when the adapter's files and trained parameters are within their limits."""

    version: ClassVar[int] = 1
    rule: Literal["size"]
    at_most_mb: Annotated[float | None, Field(gt=0, description="of all files in the adapter's folder")] = None
    at_most_parameters: Annotated[int | None, Field(ge=0, description="trained ones")] = None

    @property
    def metric(self) -> str:
        """What the rule is about."""
        return "adapter.size"

    @model_validator(mode="after")
    def _a_limit(self) -> Size:
        if self.at_most_mb is None and self.at_most_parameters is None:
            raise ValueError("size needs a limit: `at_most_mb` or `at_most_parameters`")
        return self

    def check(self, evidence: Evidence, terms: Terms) -> RuleOutcome:
        """The adapter's size held against the limits."""
        facts, known = evidence.facts, []
        if self.at_most_mb is not None:
            size = None if facts.adapter_bytes is None else facts.adapter_bytes / _MB
            known.append(
                Known("the adapter's size", size, self.at_most_mb, f"{size or 0:.2f} MB", f"{self.at_most_mb:g} MB")
            )
        if self.at_most_parameters is not None:
            count, limit = facts.trained_parameters, self.at_most_parameters
            known.append(Known("the number of trained parameters", count, limit, f"{count or 0:,}", f"{limit:,}"))
        return judge_known("size", self.metric, known, self.severity)
