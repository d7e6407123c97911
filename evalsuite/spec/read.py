"""YAML text to plain data, with the line of every value; careful where YAML itself is careless.

Numbers such as `2e-5` are numbers; `no`, `on` and dates stay words; duplicate keys, tags and documents that grow
through aliases are refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from evalsuite.errors import DocumentError, Problem

Path_ = tuple[str | int, ...]

_INT = re.compile(r"[-+]?(0|[1-9][0-9]*)\Z")
_FLOAT = re.compile(r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))([eE][-+]?[0-9]+)?\Z")
_WORDS: dict[str, Any] = {"": None, "~": None, "null": None, "true": True, "false": False}
_MOST_NODES = 50_000
_MOST_BYTES = 4_000_000
_DEEPEST = 40


@dataclass(frozen=True)
class Raw:
    """A document as plain data, with the line on which each path begins."""

    file: str
    data: Any
    lines: dict[Path_, int]

    def line(self, path: Path_) -> int | None:
        """The line of a path, or of its nearest parent that stands in the file."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path)


def read_file(path: Path) -> Raw:
    """The document in a file; raises DocumentError naming the file when it cannot be read as text."""
    shown = str(path)
    try:
        if path.is_dir():
            raise _error(shown, None, "is a folder; a YAML file is wanted here")
        if path.stat().st_size > _MOST_BYTES:
            raise _error(shown, None, "is larger than 4 MB; documents are small, data goes into JSONL files")
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise _error(shown, None, "does not exist; check the path") from None
    except UnicodeDecodeError as error:
        raise _error(shown, None, f"is not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    except OSError as error:
        raise _error(shown, None, f"cannot be read: {error.strerror}") from None
    return read_text(text, file=shown)


def read_text(text: str, *, file: str) -> Raw:
    """The document in a text; raises DocumentError with the line of what is wrong."""
    try:
        _refuse_tags(text, file)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _error(file, mark.line + 1 if mark else None, f"is not valid YAML: {error.problem}") from None
    except yaml.YAMLError as error:
        raise _error(file, None, f"is not valid YAML: {' '.join(str(error).split())}") from None
    except RecursionError:
        raise _error(file, None, "is nested too deeply") from None
    if node is None:
        raise _error(file, None, "is empty; `evalsuite init DIR` writes examples")
    walker = _Walker(file)
    data = walker.value(node, ())
    if not isinstance(data, dict):
        raise _error(file, 1, "must be a mapping of keys to values")
    return Raw(file, data, walker.lines)


def scalar(text: str) -> Any:
    """The value of a plain YAML word: null, true/false, an integer, a number, or the word itself."""
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if _INT.match(text):
        return int(text) if len(text) < 40 else text
    if _FLOAT.match(text):
        return float(text)
    return text


class _Walker:
    """Builds plain data out of YAML nodes, noting lines, counting nodes and refusing repeated keys."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.lines: dict[Path_, int] = {}
        self.seen = 0

    def value(self, node: yaml.Node, path: Path_) -> Any:
        self.seen += 1
        line = node.start_mark.line + 1
        if self.seen > _MOST_NODES or len(path) > _DEEPEST:
            raise _error(self.file, line, "grows too large or too deep through its aliases; write it out")
        self.lines[path] = line
        if isinstance(node, yaml.ScalarNode):
            return scalar(node.value) if node.style is None else node.value
        if isinstance(node, yaml.SequenceNode):
            return [self.value(child, (*path, index)) for index, child in enumerate(node.value)]
        return {key: self.value(child, (*path, key)) for key, child in self._pairs(node)}

    def _pairs(self, node: yaml.Node) -> Iterator[tuple[str, yaml.Node]]:
        seen: dict[str, int] = {}
        for key_node, child in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise _error(self.file, line, "has a key that is not a word")
            key = str(key_node.value)
            if key in seen:
                raise _error(self.file, line, f"has the key {key!r} twice (first on line {seen[key]}); remove one")
            seen[key] = line
            yield key, child


def _refuse_tags(text: str, file: str) -> None:
    documents = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        documents += isinstance(event, yaml.DocumentStartEvent)
        line = event.start_mark.line + 1
        if documents > 1:
            raise _error(file, line, "holds more than one document; put each into a file of its own")
        tag = getattr(event, "tag", None)
        if tag is not None and not (isinstance(event, yaml.ScalarEvent) and tag == "!"):
            raise _error(file, line, f"has the YAML tag {tag!r}; tags are not allowed, write a plain value")


def _error(file: str, line: int | None, what: str) -> DocumentError:
    return DocumentError([Problem(file, line, "", what)])
