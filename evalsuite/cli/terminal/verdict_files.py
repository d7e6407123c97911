"""What `gate` and `run` share: verdicts printed, and written where people and CI servers look for them."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evalsuite.store import Store

if TYPE_CHECKING:
    from evalsuite.plan.steps import Plan
    from evalsuite.records import Verdict
    from evalsuite.spec.policy import VerdictFile

_FILE = click.Path(path_type=Path, dir_okay=False)


@dataclass(frozen=True)
class Outputs:
    """The files that were asked for, and whether GitHub is listening."""

    junit: Path | None = None
    markdown: Path | None = None
    html: Path | None = None
    github: bool = False


def outputs(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--junit`, `--markdown`, `--html` and `--github`."""
    for option in (
        click.option("--github", is_flag=True, help="Annotate the pull request and write the job's summary."),
        click.option("--html", type=_FILE, help="Write the release note, one page, to this file."),
        click.option("--markdown", type=_FILE, help="Write the verdicts in Markdown to this file."),
        click.option("--junit", type=_FILE, help="Write the verdicts as JUnit XML to this file."),
    ):
        command = option(command)
    return command


def write_verdicts(found: Sequence[tuple[Plan, Verdict]], store: Store, wanted: Outputs) -> list[str]:
    """Print each verdict and write its files; returns the answers."""
    from evalsuite.cli.terminal.output import show_verdicts
    from evalsuite.report.cards.verdict import markdown, sentences, verdict_file

    documents = [verdict_file(plan, verdict) for plan, verdict in found]
    for document in documents:
        folder = store.verdicts / document.spec
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "verdict.json").write_text(document.model_dump_json(indent=2) + "\n", encoding="utf-8")
        (folder / "verdict.md").write_text(markdown(document), encoding="utf-8")
        show_verdicts(sentences(document), document.answer)
    _write(wanted, [plan for plan, _ in found], documents, store)
    return [document.answer for document in documents]


def _write(wanted: Outputs, plans: Sequence[Plan], documents: Sequence[VerdictFile], store: Store) -> None:
    from evalsuite.report.cards.verdict import markdown

    pages = "\n".join(markdown(document) for document in documents)
    if wanted.markdown is not None:
        _put(wanted.markdown, pages)
    if wanted.junit is not None:
        from evalsuite.report.cards.verdict import junit

        _put(wanted.junit, junit(documents))
    if wanted.html is not None:
        from evalsuite.report.cards.note import html, note

        notes = [note(plan, document, store) for plan, document in zip(plans, documents, strict=True)]
        _put(wanted.html, html(notes))
    if wanted.github:
        _tell_github(plans, documents, pages)


def _tell_github(plans: Sequence[Plan], documents: Sequence[VerdictFile], pages: str) -> None:
    from evalsuite.report.cards.verdict import workflow_commands

    for plan, document in zip(plans, documents, strict=True):
        for line in workflow_commands(document, plan.resolved.file):
            click.echo(line)
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary:
        with Path(summary).open("a", encoding="utf-8") as file:
            file.write(pages)


def _put(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
