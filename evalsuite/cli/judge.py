"""`evalsuite judge`: which judges there are, and how far each can be believed."""

from __future__ import annotations

from pathlib import Path

import click

from evalsuite.cli.terminal import arguments
from evalsuite.report.tables import Format
from evalsuite.store import Store


@click.group(short_help="Measure judges against people's labels: check, list.")
def judge() -> None:
    """Measure judges against people's labels, and list what is known of them."""


@judge.command(short_help="Measure a judge against labels that people gave.")
@click.argument("judge")
@click.option(
    "--labels", required=True, type=click.Path(path_type=Path, dir_okay=False), help="JSONL: pairs or scores."
)
@click.option("--rubric", default="helpfulness", show_default=True, help="By which rubric it judges.")
@click.option("--repeats", default=1, show_default=True, type=click.IntRange(0, 20), help="How often to ask again.")
@click.option("--max-cost", type=click.FloatRange(min=0), metavar="DOLLARS", help="Stop before it costs more.")
@arguments.store
@arguments.table_format
def check(
    *, judge: str, labels: Path, rubric: str, repeats: int, max_cost: float | None, store: Store, form: Format
) -> None:
    """Measure JUDGE (a name, or a file) against labels that people gave, and keep what is found.

    Pairs are rows with question, a, b and label (a, b or tie) or labels (one per annotator); scores are rows with
    question, reply, scores (one for each criterion of the rubric) and annotator.
    """
    from evalsuite.cli.terminal.columns import printable
    from evalsuite.cli.terminal.output import TerminalWatcher, show_table
    from evalsuite.pipeline.judge_check import CheckRequest, check_judge
    from evalsuite.report.judging.judges_page import calls_made, head, health_figures, health_table

    asked = CheckRequest(judge, labels, rubric, repeats)
    found = check_judge(asked, store, TerminalWatcher().progress, max_cost=max_cost)
    if form == "table":
        click.echo(printable(head(found.check)))
        click.echo(f"this time: {calls_made(found.asked, found.paid)}")
    show_table(health_table(found.check), form, figures=health_figures(found.check))


@judge.command("list", short_help="List the judges that were measured, with their health.")
@arguments.store
@arguments.table_format
def list_(store: Store, form: Format) -> None:
    """List the judges that were measured, with the figures that matter first."""
    from evalsuite.cli.terminal.output import show_table
    from evalsuite.report.judging.judges_page import checks_figures, checks_table
    from evalsuite.store.judges import checks

    found = checks(store)
    if found or form != "table":
        show_table(checks_table(found), form, figures=checks_figures(found))
    else:
        click.echo("no judge was measured yet; `evalsuite judge check JUDGE --labels FILE` measures one")
