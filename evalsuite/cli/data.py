"""`evalsuite data`: what is in training data, before anything is trained on it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from evalsuite.cli.terminal import arguments
from evalsuite.report.tables import Format
from evalsuite.store import Store

if TYPE_CHECKING:
    from evalsuite.data.synthesis.documents import Built
    from evalsuite.data.training.rows import Measure


@click.group(short_help="Make training rows and look at them: build, score, overlap.")
def data() -> None:
    """Make training rows and look at them, before anything is trained."""


@data.command(short_help="List test samples that stand in the training data.")
@arguments.specs
@arguments.settings
@arguments.table_format
def overlap(specs: tuple[Path, ...], settings: tuple[str, ...], form: Format) -> None:
    """List the test samples of each spec's suite that stand in the spec's own training data.

    item: question and answer; question: with another answer; part: half of its runs of words; near: almost the same.
    """
    from evalsuite.cli.terminal.columns import printable
    from evalsuite.cli.terminal.output import show_table
    from evalsuite.data.contamination import contamination
    from evalsuite.data.fetch import fetch_data
    from evalsuite.report.answers import contamination_table
    from evalsuite.spec.loading.load import load_specs

    found = {}
    for resolved in load_specs(specs, settings):
        fetch_data(resolved, download=True)
        found[resolved.spec.name] = contamination(resolved)
    if form == "table":
        for name, its in found.items():
            click.echo(printable(f"{name}: {its}"))
    if form != "table" or any(its.found for its in found.values()):
        show_table(contamination_table(found), form)


@data.command(short_help="Score each row: length, repeats, noise, and its difficulty for a model.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--with", "model", metavar="MODEL", help="Also ask this model: perplexity and IFD. Hub id or folder.")
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="Write the rows with their scores (JSONL)."
)
@arguments.table_format
def score(file: Path, model: str | None, out: Path | None, form: Format) -> None:
    """Score each row of FILE: words of the answer, share of broken characters, the earlier row it repeats.

    FILE may be a folder that `datasets` reads, of which the split `train` is scored.

    `--with MODEL` adds the answer's perplexity and IFD, which `filter: {by: ifd}` in a spec reads from the rows.
    """
    from evalsuite.cli.terminal.output import show_table
    from evalsuite.data.fetch import fetch
    from evalsuite.data.files import write_objects
    from evalsuite.data.training.rows import score_file
    from evalsuite.report.answers import scores_table
    from evalsuite.spec.source import TRAIN, FolderSplit

    if file.is_dir():
        split = FolderSplit(file.resolve(), None, TRAIN)
        fetch(split)
        file = split.file
    found = score_file(file, measure=_measure(model) if model else None)
    if out is not None:
        write_objects(out, found.objects())
    show_table(scores_table(found), form)


@data.command(short_help="Make training rows out of plain documents.")
@click.argument("sources", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="The JSONL file to write.")
@click.option("--tokens", default=400, show_default=True, type=click.IntRange(min=16), help="Size of a row, about.")
@click.option("--mask", "masks", is_flag=True, help="Mask e-mail addresses, phone numbers and card numbers.")
@click.option(
    "--write", "writing", type=click.Path(path_type=Path), metavar="YAML", help="Have a teacher write questions."
)
@arguments.store
def build(sources: tuple[Path, ...], out: Path, tokens: int, masks: bool, writing: Path | None, store: Store) -> None:
    """Make training rows out of documents or folders of them: Markdown, text, SRT and VTT.

    Rows are passages to be continued, cut within a document between paragraphs or sentences. Each names its document
    and the span of characters it was taken from, so that a split never parts a document.

    With `--write` the document names a teacher, who writes questions with answers about each passage; none is asked for
    twice.
    """
    from evalsuite.cli.terminal.columns import printable
    from evalsuite.data.files import write_objects
    from evalsuite.data.synthesis.documents import build as build_rows
    from evalsuite.errors import DataError

    made = build_rows(sources, tokens=tokens, masks=masks)
    if writing is not None:
        made = _written(made, writing, store)
    for item in made.dropped:
        place = str(item.file) if item.span is None else f"{item.file}:{item.span[0]}-{item.span[1]}"
        click.echo(printable(f"dropped  {place}  {item.reason}"))
    if not made.rows:
        raise DataError("no row is left; see the reasons above")
    write_objects(out, made.rows)
    count = len({row["document"] for row in made.rows})
    masked = f", {made.masked:,} pieces of personal data masked" if masks else ""
    click.echo(
        printable(f"{out}: {len(made.rows):,} rows from {count:,} documents, {len(made.dropped):,} dropped{masked}")
    )


def _written(made: Built, file: Path, store: Store) -> Built:
    """The rows that a teacher writes about the passages, in place of the passages."""
    from dataclasses import replace

    from evalsuite.cli.terminal.columns import printable
    from evalsuite.execute.teaching import write_rows
    from evalsuite.spec.loading.load import load_document
    from evalsuite.spec.teacher import Writing

    found = write_rows(made.rows, load_document(Writing, file), store.replies, beside=file)
    click.echo(printable(found.summary))
    return replace(made, rows=found.rows, dropped=(*made.dropped, *found.dropped))


def _measure(model: str) -> Measure:
    from functools import partial

    from evalsuite.evaluate.scoring.loglikelihood import difficulties
    from evalsuite.models.checkpoints.base import find_base
    from evalsuite.models.hf.hf_model import HfModel

    base = find_base(model, revision=None, dtype="float32", download=True)
    return partial(difficulties, model=HfModel(base))
