"""Every command that the docs, the shipped documents or a message of ours shows exists, with each of its options."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from evalsuite.cli import evalsuite

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
DOCUMENTS = sorted(
    file for kind in ("specs", "suites", "gates", "judges", "rubrics") for file in ROOT.glob(f"{kind}/*.yaml")
)
MODULES = sorted(file for folder in ("evalsuite", "dashboard") for file in (ROOT / folder).rglob("*.py"))

# In a console block, as code within a sentence, and in the head of a document.
SHOWN = {
    ".md": (r"^\$ (?:.*&& )?(evalsuite (?:.*\\\n)*[^#\n]*)", r"`(evalsuite [^`]+)`"),
    ".yaml": (r"^#\s+(evalsuite .*)$", r"`(evalsuite [^`]+)`"),
    ".py": (r"`(evalsuite [^`]+)`",),
}


def named(file: Path) -> str:
    return str(file.relative_to(ROOT))


def texts(file: Path) -> Iterator[str]:
    """A page as it is; of a module its texts, with a word in place of what is filled in."""
    text = file.read_text(encoding="utf-8")
    if file.suffix != ".py":
        yield text
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.JoinedStr):
            yield "".join(part.value if isinstance(part, ast.Constant) else "X" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def commands(file: Path) -> list[list[str]]:
    """The words of each command shown, without comments, redirections and what a second command does."""
    found = [
        match[1]
        for text in texts(file)
        for pattern in SHOWN[file.suffix]
        for match in re.finditer(pattern, text, re.MULTILINE)
    ]
    return [shlex.split(re.split(r"\s(?:&&|\||>)", " ".join(one.replace("\\\n", " ").split()))[0]) for one in found]


def refusal(words: list[str]) -> str | None:
    """What the command line would say against a command's verbs and options; values and files may be anybody's."""
    command: click.Command = evalsuite
    # As the program makes it: click keeps the help option of the first context with the command.
    context = click.Context(command, **command.context_settings)
    rest = words[1:]
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        verb, rest = rest[0], rest[1:]
        deeper = command.get_command(context, verb)
        if deeper is None:
            return f"no command {verb!r}"
        command, context = deeper, click.Context(deeper, info_name=verb, parent=context)
    try:
        command.make_parser(context).parse_args(list(rest))
    except click.UsageError as error:
        # Within a sentence a command stands without its arguments.
        return None if isinstance(error, click.MissingParameter) else error.format_message()
    return None


@pytest.mark.parametrize("file", [*PAGES, *DOCUMENTS], ids=named)
def test_every_command_of_a_page_exists(file: Path) -> None:
    assert [(words, why) for words in commands(file) if (why := refusal(words))] == []


def test_every_command_that_a_message_or_docstring_names_exists() -> None:
    assert [(named(file), words, why) for file in MODULES for words in commands(file) if (why := refusal(words))] == []


def test_a_command_that_does_not_exist_would_be_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "Say `evalsuite rum specs/*.yaml` or:\n\n```console\n$ evalsuite gate a.yaml --polcy x  # so\n```\n"
    )
    wrong, unknown = (refusal(words) for words in commands(page))
    assert "--polcy" in str(wrong)
    assert unknown == "no command 'rum'"


def test_every_target_of_make_that_a_page_names_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    shown = {
        (named(page), name) for page in PAGES for name in re.findall(r"[`$] ?make ([a-z-]+)", page.read_text("utf-8"))
    }
    assert {one for one in shown if one[1] not in targets} == set()


def slugs(page: Path) -> set[str]:
    """What the headings of a page are called in links."""
    heads = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_link_within_the_repository_leads_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if not link.startswith(("http", "mailto")):
            place, _, head = link.partition("#")
            target = (page.parent / place).resolve() if place else page
            assert target.exists(), link
            assert not head or head in slugs(target), link
