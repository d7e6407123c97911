"""`evalsuite gate`: the verdict on results already there, in the exit code and in files for CI."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from evalsuite.cli import options
from evalsuite.store import Store

if TYPE_CHECKING:
    from evalsuite.plan import Plan
    from evalsuite.records import Verdict
    from evalsuite.spec.policy import Policy


@click.command(short_help="Say whether each spec is fit to release.")
@options.specs
@options.settings
@options.store
@click.option("--policy", metavar="NAME|FILE", help="Hold the results against this policy, not the specs' own.")
@click.option("--out", type=click.Path(path_type=Path), help="Also write the Markdown of all verdicts to this file.")
def gate(specs: tuple[Path, ...], settings: tuple[str, ...], store: Store, policy: str | None, out: Path | None) -> int:
    """Say whether each spec is fit to release, from results already there.

    Writes `verdict.json` and `verdict.md` per spec under the store. Exits with 0 when all pass, 1 when one fails,
    2 when it could not run, 3 when one is undecided or invalid.
    """
    from evalsuite import pipeline

    chosen = _policy(policy, beside=specs[0]) if policy else None
    found = pipeline.gate(specs, store, settings=settings, policy=chosen)
    return exit_code(write_verdicts(found, store, out=out))


def write_verdicts(found: Sequence[tuple[Plan, Verdict]], store: Store, *, out: Path | None = None) -> list[str]:
    """Print each verdict and write its files; returns the answers."""
    from evalsuite.cli.output import show_verdicts
    from evalsuite.report.verdict import markdown, sentences, verdict_file

    pages = []
    for plan, verdict in found:
        document = verdict_file(plan, verdict)
        folder = store.verdicts / plan.name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "verdict.json").write_text(document.model_dump_json(indent=2) + "\n", encoding="utf-8")
        pages.append(markdown(document))
        (folder / "verdict.md").write_text(pages[-1], encoding="utf-8")
        show_verdicts(sentences(document), document.answer)
    if out is not None:
        out.write_text("\n".join(pages), encoding="utf-8")
    return [verdict.answer for _, verdict in found]


def exit_code(answers: Sequence[str]) -> int:
    """0 when all pass, 1 when one fails, otherwise 3."""
    if "fail" in answers:
        return 1
    return 3 if {"undecided", "invalid"} & set(answers) else 0


def _policy(name: str, *, beside: Path) -> Policy:
    from evalsuite.errors import NotFound
    from evalsuite.spec.load import load_document
    from evalsuite.spec.policy import Policy
    from evalsuite.spec.project import find_document

    file = Path(name)
    if not file.suffix:
        lookup = find_document("gates", name, beside=beside)
        if lookup.found is None:
            raise NotFound(f"--policy {name}: looked for {', '.join(map(str, lookup.searched))}")
        file = lookup.found
    return load_document(Policy, file)
