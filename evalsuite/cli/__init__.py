"""The command line: one file per verb; parse, call, print."""

from __future__ import annotations

import os
import sys
from difflib import get_close_matches
from importlib import import_module
from keyword import iskeyword
from typing import Any

import click

from evalsuite import __version__
from evalsuite.cli.terminal.columns import printable
from evalsuite.errors import EvalsuiteError

VERBS = (
    "init",
    "validate",
    "plan",
    "power",
    "run",
    "gate",
    "leaderboard",
    "show",
    "compare",
    "release",
    "registry",
    "judge",
    "data",
    "import",
    "dashboard",
    "ci",
    "schema",
)

COULD_NOT_RUN = 2
INTERRUPTED = 130
# Whoever read our output, head say, has gone: what a shell calls a program that was ended by SIGPIPE.
UNREAD = 141


class _Verbs(click.Group):
    """Finds the command of a verb in the module of that name, when it is wanted."""

    def list_commands(self, context: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in VERBS:
            return None
        word = f"{name}_" if iskeyword(name) else name
        command = getattr(import_module(f"evalsuite.cli.{word}"), word)
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, context: click.Context, arguments: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if arguments and arguments[0] not in VERBS and not arguments[0].startswith("-"):
            near = get_close_matches(arguments[0], VERBS, 1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise click.UsageError(f"No such command {arguments[0]!r}.{hint}", context)
        return super().resolve_command(context, arguments)


@click.group(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="evalsuite")
def evalsuite() -> None:
    """Declare an adapter in YAML, train it, score it, and learn whether it is fit to release.

    Start with `evalsuite init DIR`, then `evalsuite run specs/*.yaml`.

    Exit codes: 0 pass, 1 the gate says fail, 2 could not run, 3 undecided or invalid.
    """


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; what a person can mend is one message and exit code 2, never a traceback."""
    try:
        sys.exit(_run(arguments))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(UNREAD)


def _run(arguments: list[str] | None) -> int:
    try:
        # click leaves colours out of files and pipes by itself.
        plain = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
        result: Any = evalsuite.main(arguments, standalone_mode=False, color=False if plain else None)
        return result if isinstance(result, int) else 0
    except click.ClickException as error:
        error.show()
        return COULD_NOT_RUN
    except (KeyboardInterrupt, click.Abort):
        _say("stopped; what is done is kept, and the same command goes on from here")
        return INTERRUPTED
    except EvalsuiteError as error:
        _say(str(error))
        return COULD_NOT_RUN
    except BrokenPipeError:
        raise
    except SystemExit:
        # click ends so, with 1, when nobody reads; but 1 is the gate's word for fail.
        return UNREAD
    except Exception as error:
        if os.environ.get("EVALSUITE_TRACEBACK"):
            raise
        _say(f"{_cause(error)} (EVALSUITE_TRACEBACK=1 shows where)")
        return COULD_NOT_RUN


def _cause(error: Exception) -> str:
    if isinstance(error, MemoryError):
        return "out of memory"
    words = " ".join(str(error).split()) or type(error).__name__
    return words if isinstance(error, OSError) else f"unexpected {type(error).__name__}: {words}"


def _say(message: str) -> None:
    # Text out of documents and data may hold control characters; a terminal must not obey them.
    clean = printable(message)
    click.echo(f"evalsuite: {clean}" if "\n" not in clean else clean, err=True)
