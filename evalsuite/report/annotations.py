"""Verdicts as GitHub workflow commands: shown beside the spec's file in a pull request."""

from __future__ import annotations

from pathlib import Path

from evalsuite.spec.verdict import VerdictFile


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
