"""A verdict as JSON, Markdown, JUnit XML and GitHub's workflow commands; and the verdicts of a spec over time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from evalsuite.plan.steps import Plan
from evalsuite.records import Verdict
from evalsuite.report.tables import Table
from evalsuite.spec.policy import VerdictFile, VerdictRule
from evalsuite.store.board import PastVerdict

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


def history_table(found: Sequence[PastVerdict]) -> Table:
    """One row per run: when, the answer, by which policy against what, and of which weights."""
    rows = [
        (
            f"{past.started_at:%Y-%m-%d %H:%M}",
            past.answer,
            past.policy,
            past.baseline,
            (past.adapter_digest or "–")[:12],
            past.run_id,
        )
        for past in found
    ]
    return Table(("run began, UTC", "verdict", "policy", "against", "weights", "run"), tuple(rows))


def changed_rules(before: Verdict, after: Verdict) -> Table:
    """The rules whose answer or finding differs between two verdicts; a rule that one lacks is a dash there."""
    first = {(o.rule, o.metric): o for o in before.outcomes}
    second = {(o.rule, o.metric): o for o in after.outcomes}
    rows = []
    for key in dict.fromkeys([*first, *second]):
        was, now = first.get(key), second.get(key)
        words = [f"{o.answer}: {o.sentence}" if o else "–" for o in (was, now)]
        if words[0] != words[1]:
            rows.append((*key, *words))
    return Table(("rule", "metric", "before", "now"), tuple(rows))


def junit(documents: Sequence[VerdictFile]) -> str:
    """The XML: a blocking rule that fails is a failure, one that decides nothing an error, a warning is skipped."""
    root = Element("testsuites", name="evalsuite")
    for document in documents:
        cases = [_Case(rule) for rule in document.rules]
        suite = SubElement(
            root,
            "testsuite",
            name=document.spec,
            tests=str(len(cases)),
            failures=str(sum(case.kind == "failure" for case in cases)),
            errors=str(sum(case.kind == "error" for case in cases)),
            skipped=str(sum(case.kind == "skipped" for case in cases)),
        )
        about = SubElement(suite, "properties")
        for name, value in (("verdict", document.answer), ("policy", document.policy)):
            SubElement(about, "property", name=name, value=_clean(value))
        for case in cases:
            case.add(suite, document.spec)
    indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(root, encoding="unicode") + "\n"


class _Case:
    def __init__(self, rule: VerdictRule) -> None:
        self.rule = rule
        kinds = {"pass": "", "fail": "failure", "undecided": "error", "invalid": "error", "warn": "skipped"}
        self.kind = kinds[rule.word]

    def add(self, suite: Element, spec: str) -> None:
        case = SubElement(suite, "testcase", classname=f"evalsuite.{spec}", name=_clean(self.rule.label))
        if self.kind:
            message = _clean(f"{self.rule.answer}: {self.rule.sentence}")
            SubElement(case, self.kind, message=message, type=self.rule.answer).text = message
        else:
            SubElement(case, "system-out").text = _clean(self.rule.sentence)


def _clean(text: str) -> str:
    # XML 1.0 has no way to write most control characters.
    return "".join(character if character.isprintable() else " " for character in text)


def workflow_commands(document: VerdictFile, file: Path) -> list[str]:
    """One error per rule that blocks, one warning per rule that warns, one notice when the spec passes."""
    lines = []
    for rule in document.rules:
        if rule.answer == "pass":
            continue
        level = "error" if rule.blocks else "warning"
        title = f"{document.spec}: {rule.answer} ({rule.label})"
        lines.append(_command(level, file, title=title, message=rule.sentence))
    if document.answer == "pass":
        title = f"{document.spec}: pass"
        lines.append(_command("notice", file, title=title, message=f"fit to release by policy {document.policy}"))
    return lines


def _command(level: str, file: Path, *, title: str, message: str) -> str:
    return f"::{level} file={_property(file.as_posix())},line=1,title={_property(title)}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
