"""`evalsuite import`: judgments that were made elsewhere, into the store."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evalsuite.cli.terminal import arguments
from evalsuite.store import Store

if TYPE_CHECKING:
    from evalsuite.imports.alpaca_eval import LengthAid
    from evalsuite.imports.imported import Imported

_FILES = click.Path(path_type=Path, exists=True)
_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


def _shared(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        arguments.table_format,
        arguments.store,
        click.option("--seed", default=7, show_default=True, help="Of the resampling behind intervals."),
        click.option("--rename", "names", multiple=True, metavar="OLD=NEW", help="Call a system by another name."),
        click.option("--name", metavar="NAME", help="What the metrics are called after; the format's name without it."),
        click.argument("files", nargs=-1, required=True, type=_FILES),
    ):
        command = option(command)
    return command


def _beside(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--answers", multiple=True, type=_FILES, help="Answer files of FastChat, or a folder of them; repeatable."
    )(click.option("--questions", multiple=True, type=_FILES, help="The question file.")(command))


@click.group("import", short_help="Read judgments made elsewhere: FastChat, MT-bench, AlpacaEval, PandaLM.")
def import_() -> None:
    """Read judgments that were made elsewhere into the store, each system as a spec of its own.

    vicuna: FastChat's reviews with two grades on the first line. mt-bench: single grades and pairs. alpaca-eval:
    annotations with a preference from 1 to 2. pandalm: pairs with human labels.

    Grades, win rates, Bradley-Terry ratings and their intervals are computed by the same code as for your own
    specs. What cannot be read is dropped and counted, never scored.
    """


@import_.command(short_help="FastChat reviews: two grades on the first line.")
@_shared
@_beside
def vicuna(files: tuple[Path, ...], answers: tuple[Path, ...], questions: tuple[Path, ...], **rest: Any) -> None:
    """Read FastChat reviews FILES (JSONL with answer1_id, answer2_id, text and perhaps score).

    Who answered is looked up by answer id in --answers, which is needed; file names are never trusted.
    """
    from evalsuite.imports.fastchat import read_reviews

    _keep(read_reviews(rest["name"] or "vicuna", files, answers=answers, questions=questions), **rest)


@import_.command("mt-bench", short_help="MT-bench judgments: single grades, and pairs in both orders.")
@_shared
@_beside
def mt_bench(files: tuple[Path, ...], answers: tuple[Path, ...], questions: tuple[Path, ...], **rest: Any) -> None:
    """Read MT-bench judgments FILES (JSONL with model and score, or model_1, model_2, g1_winner and g2_winner)."""
    from evalsuite.imports.fastchat import read_judgments

    _keep(read_judgments(rest["name"] or "mt-bench", files, answers=answers, questions=questions), **rest)


@import_.command("alpaca-eval", short_help="AlpacaEval annotations, weighted or not, with length control.")
@_shared
@click.option("--outputs", multiple=True, type=_FILES, help="Output files, where annotations hold no answers.")
@click.option("--difficulty", type=_FILE, help="Instruction difficulties (CSV or JSON): adds length control.")
@click.option("--instructions", type=_FILE, help="All instructions in order, where difficulties have an index only.")
@click.option("--gamed", type=_FILE, help="The regulariser: verbose and concise answers of the baseline (CSV).")
@click.option("--weights", type=_FILE, help="Stored weights of models (CSV), used in place of a fit.")
def alpaca_eval(files: tuple[Path, ...], outputs: tuple[Path, ...], difficulty: Path | None, **rest: Any) -> None:
    """Read AlpacaEval annotations FILES (JSON with instruction, generator_1, generator_2 and preference)."""
    from evalsuite.imports.alpaca_eval import read_annotations

    aid = _aid(difficulty, **{key: rest.pop(key) for key in ("instructions", "gamed", "weights")})
    _keep(read_annotations(rest["name"] or "alpaca-eval", files, outputs=outputs), aid=aid, **rest)


@import_.command(short_help="PandaLM pairs with human labels, and a judge's agreement with them.")
@_shared
@click.option("--judged", type=_FILE, help="A judge's verdicts on the same pairs (JSON).")
@click.option("--judge", default="judge", show_default=True, help="What to call that judge.")
def pandalm(files: tuple[Path, ...], judged: Path | None, judge: str, **rest: Any) -> None:
    """Read PandaLM's labelled pairs FILES (JSON with idx, cmp_key, responses and three annotators)."""
    from evalsuite.imports.pandalm import read_labels

    _keep(read_labels(rest["name"] or "pandalm", files, judged=judged, judge=judge), **rest)


def _keep(imported: Imported, *, store: Store, aid: LengthAid | None = None, **rest: Any) -> None:
    from evalsuite.cli.terminal.columns import printable
    from evalsuite.cli.terminal.output import show_table
    from evalsuite.pipeline.importing import record_import
    from evalsuite.report.answers import imported_table

    try:
        renamed = imported.renamed(dict(_pair(pair) for pair in rest["names"]))
    except ValueError as error:
        raise click.UsageError(f"--rename: {error}") from None
    found = record_import(renamed, store, aid=aid, seed=rest["seed"])
    show_table(imported_table(found), rest["form"])
    for note in renamed.notes:
        click.echo(printable(note), err=True)


def _aid(difficulty: Path | None, **files: Path | None) -> LengthAid | None:
    from evalsuite.imports.alpaca_eval import read_length_aid

    if difficulty is not None:
        return read_length_aid(difficulty, **files)
    if any(files.values()):
        raise click.UsageError("--instructions, --gamed and --weights need --difficulty beside them")
    return None


def _pair(text: str) -> tuple[str, str]:
    old, _, new = text.partition("=")
    if not old or not new:
        raise click.UsageError(f"--rename {text}: write OLD=NEW")
    return old, new
