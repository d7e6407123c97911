"""Which rules may end the judging of an entry early: known before anything runs, so that it counts in the digest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from evalsuite.plugins import Rule
from evalsuite.records import Metric, declaration
from evalsuite.spec.declared import FIDELITY, PAIRED
from evalsuite.spec.document import Document
from evalsuite.spec.policy import Policy
from evalsuite.spec.suite import JudgedSet, Pairing


def early_rules(policy: Policy | None, entry: JudgedSet | Pairing) -> tuple[Rule, ...]:
    """The sequential rules about an entry; none when another rule needs every one of its samples."""
    if policy is None:
        return ()
    about = _about(entry)
    found = tuple(rule for rule in policy.rules if about(rule.metric))
    return found if found and all(rule.looks_every is not None for rule in found) else ()


def early_parts(policy: Policy | None, entry: JudgedSet | Pairing) -> list[Any]:
    """What the judging of an entry depends on besides its own documents; empty where nothing ends it early."""
    rules = early_rules(policy, entry)
    if policy is None or not rules:
        return []
    blocking = sum(rule.severity == "block" for rule in policy.rules)
    terms = [policy.confidence, policy.minimum_n, policy.multiplicity, policy.baseline, blocking]
    return [terms, *(_plain(rule) for rule in rules)]


def _plain(rule: Rule) -> dict[str, Any]:
    assert isinstance(rule, Document)
    # What is judged until it is settled has no slices to look at, so the key says nothing here.
    return rule.model_dump(mode="json", exclude={"every"})


def _about(entry: JudgedSet | Pairing) -> Callable[[str], bool]:
    names: tuple[Metric, ...]
    if isinstance(entry, Pairing):
        # A rule against one of several opponents ends nothing: the others are to be met as well.
        names = (PAIRED["win_rate"].of(entry.name),)
    else:
        names = (entry.score, entry.score.each_part(), FIDELITY.of(entry.name))
    return lambda metric: declaration(metric, names) is not None
