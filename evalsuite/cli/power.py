"""`evalsuite power`: which rules can be settled at all, before anything is spent."""

from __future__ import annotations

from pathlib import Path

import click

from evalsuite.cli.terminal import arguments
from evalsuite.report.tables import Format
from evalsuite.store import Store

_UNSETTLED = 3


@click.command(short_help="Say which rules of a gate can be settled at all.")
@arguments.specs
@arguments.settings
@arguments.store
@click.option("--policy", metavar="NAME|FILE", help="This policy, not the specs' own.")
@click.option(
    "--gap", default=0.1, show_default=True, type=click.FloatRange(0, 1, min_open=True),
    help="How far from its limit the truth is supposed to lie.",
)  # fmt: skip
@click.option(
    "--flips", default=0.1, show_default=True, type=click.FloatRange(0, 1, min_open=True),
    help="Share of answers that training is supposed to change.",
)  # fmt: skip
@arguments.table_format
def power(
    specs: tuple[Path, ...], settings: tuple[str, ...], store: Store, policy: str | None, form: Format, **truth: float
) -> int:
    """Say which rules of each spec's gate its suite can settle, and how many samples each needs.

    Nothing is trained or asked. Exits with 3 when a rule that blocks has too few samples, whatever the truth is.
    """
    from evalsuite.cli.terminal.output import show_table
    from evalsuite.gate.decide import foresee_plans
    from evalsuite.pipeline import flow as pipeline
    from evalsuite.records import Suppose
    from evalsuite.report.progress import power_figures, power_table
    from evalsuite.spec.loading.load import named_policy

    chosen = named_policy(policy, beside=specs[0]) if policy else None
    plans = pipeline.plan(specs, store, settings=settings)
    found = foresee_plans(plans, Suppose(**truth), policy=chosen)
    show_table(power_table(found), form, figures=power_figures(found))
    hopeless = any(seen.outlook == "too few samples" and seen.severity == "block" for _, seen in found)
    return _UNSETTLED if hopeless else 0
