"""Verdicts as JUnit XML: a suite per spec, a case per rule; what CI servers show without a plug-in."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from evalsuite.spec.verdict import VerdictFile, VerdictRule


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
