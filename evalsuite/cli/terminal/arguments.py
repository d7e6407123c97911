"""Arguments and options that several verbs share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from evalsuite.store import DEFAULT_FOLDER, Store

Command = Callable[..., Any]

DEFAULT_STORE = DEFAULT_FOLDER


def specs(command: Command) -> Command:
    """One or more spec files."""
    return click.argument("specs", nargs=-1, required=True, type=click.Path(path_type=Path))(command)


def settings(command: Command) -> Command:
    """`--set path=value`, repeatable."""
    option = click.option(
        "--set", "settings", multiple=True, metavar="PATH=VALUE", help="Change a value of every spec."
    )
    return option(command)


def store(command: Command) -> Command:
    """`--store DIR`, also from the environment; the command gets a `Store`."""
    option = click.option(
        "--store",
        default=DEFAULT_STORE,
        envvar="EVALSUITE_STORE",
        show_default=True,
        metavar="DIR",
        callback=lambda context, parameter, value: Store(Path(value)),
        help="Where results, replies and adapters are kept.",
    )
    return option(command)


def registry(command: Command) -> Command:
    """`--registry DIR`, also from the environment."""
    option = click.option(
        "--registry",
        default="adapters_registry",
        envvar="EVALSUITE_REGISTRY",
        show_default=True,
        metavar="DIR",
        type=click.Path(path_type=Path),
        help="Where the cards of released adapters are kept.",
    )
    return option(command)


def table_format(command: Command) -> Command:
    """`--format table|json|csv|md`."""
    choice = click.Choice(["table", "json", "csv", "md"])
    option = click.option("--format", "form", type=choice, default="table", show_default=True, help="How to print it.")
    return option(command)
