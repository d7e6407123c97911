"""One rule over several metrics: each is checked and the gravest answer speaks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fnmatch import fnmatchcase

from evalsuite.records import Evidence, RuleOutcome, Severity

_GRAVITY = {"pass": 0, "undecided": 1, "fail": 2, "invalid": 3}


def gravest(
    rule: str, pattern: str, check: Callable[[str], RuleOutcome], evidence: Evidence, severity: Severity
) -> RuleOutcome:
    """The outcome of the metric that looks worst; undecided when the candidate has none that fits the pattern."""
    names = [name for name in evidence.candidate.by_metric if fnmatchcase(name, pattern)]
    if not names:
        return RuleOutcome(
            rule, pattern, "undecided", f"{pattern} has no value: it was not measured", severity=severity
        )
    found = [check(name) for name in names]
    worst = max(found, key=lambda outcome: (_GRAVITY[outcome.answer], outcome.value or 0.0))
    if len(names) == 1:
        return worst
    return replace(worst, sentence=f"{worst.sentence} (the worst of {len(names)} that fit {pattern})")
