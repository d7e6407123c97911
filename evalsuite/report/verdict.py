"""A verdict as JSON and Markdown: the same decision, for tools and for people."""

from __future__ import annotations

from collections.abc import Iterable

from evalsuite.plan import Plan
from evalsuite.records import Verdict
from evalsuite.report.table import Table
from evalsuite.spec.verdict import VerdictFile, VerdictRule

SIGNS = {"pass": "PASS", "fail": "FAIL", "undecided": "UNDECIDED", "invalid": "INVALID", "warn": "WARN"}


def verdict_file(plan: Plan, verdict: Verdict) -> VerdictFile:
    """The verdict about a plan's candidate as the document that `verdict.json` holds."""
    adapter = plan.adapter.digest if plan.adapter else None
    its = plan.reference
    reference = None if its.own or its.missing is not None else its.name
    base = (plan.base.id, plan.base.digest)
    return document_of(verdict, spec=plan.name, base=base, adapter=adapter, reference=reference)


def document_of(
    verdict: Verdict, *, spec: str, base: tuple[str, str], adapter: str | None, reference: str | None = None
) -> VerdictFile:
    """The verdict as a document; `base` is the base model's id and digest, `reference` what it is compared with."""
    rules = tuple(
        VerdictRule(
            rule=found.rule,
            metric=found.metric,
            answer=found.answer,
            sentence=found.sentence,
            value=found.value,
            low=found.low,
            high=found.high,
            n=found.n,
            severity=found.severity,
            p_value=found.p_value,
            needed=found.needed,
            money=found.money,
        )
        for found in verdict.outcomes
    )
    return VerdictFile(
        schema_version=1,
        spec=spec,
        policy=verdict.policy,
        baseline=verdict.baseline,
        answer=verdict.answer,
        base_model=base[0],
        base_digest=base[1],
        reference=reference,
        adapter_digest=adapter,
        rules=rules,
    )


def markdown(document: VerdictFile) -> str:
    """The verdict for a pull request or a job summary."""
    adapter = document.adapter_digest[:12] if document.adapter_digest else "none"
    head = f"## {document.spec}: {SIGNS[document.answer]}\n\n"
    baseline = document.reference if document.baseline == "base" else document.baseline
    against = "" if baseline is None else f", against `{baseline}`"
    about = f"Policy `{document.policy}`{against}, base model `{document.base_model}`, adapter `{adapter}`.\n\n"
    table = Table(
        ("", "rule", "what was found"),
        tuple((SIGNS[rule.word], rule.rule, rule.sentence) for rule in document.rules),
    )
    return head + about + table.markdown()


def sentences(document: VerdictFile) -> list[str]:
    """The verdict in lines for a terminal: the answer, then what each rule that did not pass found."""
    lines = [f"{document.spec}: {SIGNS[document.answer]} (policy {document.policy})"]
    lines += [f"  {rule.word}: {rule.sentence}" for rule in document.rules if rule.answer != "pass"]
    return lines


def exit_code(answers: Iterable[str]) -> int:
    """0 when all pass, 1 when one fails, otherwise 3."""
    found = set(answers)
    if "fail" in found:
        return 1
    return 3 if {"undecided", "invalid"} & found else 0
