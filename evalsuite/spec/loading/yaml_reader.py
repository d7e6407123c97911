"""YAML text to plain data with the line of every value; `matrix:` and `--set` change it before it is validated."""

from __future__ import annotations

import copy
import itertools
import json
import math
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
_MOST_NODES = 20_000
_MOST_BYTES = 1_000_000
_DEEPEST = 40
# What a terminal would obey (all but tab and line break), and halves of characters that no file can hold.
_UNFIT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True)
class Raw:
    """A document as plain data, with the line on which each path begins and the paths that `--set` gave."""

    file: str
    data: Any
    lines: dict[Path_, int]
    given: frozenset[Path_] = frozenset()

    def line(self, path: Path_) -> int | None:
        """The line of a path, or of its nearest parent that stands in the file."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path)

    def where(self, path: Path_) -> tuple[str, int | None]:
        """The file and line of a path, for messages; `--set` for what stands in no file."""
        if any(path[:length] in self.given for length in range(1, len(path) + 1)):
            return "--set", None
        return self.file, self.line(path)


def read_file(path: Path) -> Raw:
    """The document in a file; raises DocumentError naming the file when it cannot be read as text."""
    shown = str(path)
    try:
        if path.is_dir():
            raise _error(shown, None, "is a folder; a YAML file is wanted here")
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
        if len(content) > _MOST_BYTES:
            raise _error(shown, None, "is larger than 1 MB; documents are small, data goes into JSONL files")
        text = content.decode("utf-8")
    except FileNotFoundError:
        raise _error(shown, None, "does not exist; check the path") from None
    except UnicodeDecodeError as error:
        raise _error(shown, None, f"is not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    except OSError as error:
        raise _error(shown, None, f"cannot be read: {error.strerror}") from None
    return read_text(text, file=shown)


def read_text(text: str, *, file: str) -> Raw:
    """The document in a text; raises DocumentError with the line of what is wrong."""
    node = _composed(text, file)
    if node is None:
        raise _error(file, None, "is empty; `evalsuite init DIR` writes examples")
    walker = _Walker(file)
    data = walker.value(node, ())
    if not isinstance(data, dict):
        raise _error(file, 1, "must be a mapping of keys to values")
    return Raw(file, data, walker.lines)


def read_value(text: str, *, file: str) -> Any:
    """The value of `--set`: a list, mapping or quoted text as YAML reads it, anything else as one plain word."""
    if not text.startswith(("[", "{", '"', "'")):
        return scalar(_fit(text, file, None))
    node = _composed(text, file)
    assert node is not None
    return _Walker(file).value(node, ())


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
        # A value under a key begins where its key stands.
        self.lines.setdefault(path, line)
        if isinstance(node, yaml.ScalarNode):
            text = _fit(node.value, self.file, line)
            return scalar(text) if node.style is None else text
        if isinstance(node, yaml.SequenceNode):
            return [self.value(child, (*path, index)) for index, child in enumerate(node.value)]
        return {key: self.value(child, (*path, key)) for key, child in self._pairs(node, path)}

    def _pairs(self, node: yaml.Node, path: Path_) -> Iterator[tuple[str, yaml.Node]]:
        seen: dict[str, int] = {}
        for key_node, child in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise _error(self.file, line, "has a key that is not a word")
            key = _fit(str(key_node.value), self.file, line)
            if key in seen:
                raise _error(self.file, line, f"has the key {key!r} twice (first on line {seen[key]}); remove one")
            seen[key] = line
            self.lines[(*path, key)] = line
            yield key, child


def _composed(text: str, file: str) -> yaml.Node | None:
    try:
        _refuse_early(text, file)
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        lines = [mark.line + 1 for mark in (error.problem_mark, error.context_mark) if mark is not None]
        raise _error(file, lines[0] if lines else None, f"is not valid YAML: {error.problem}") from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        # PyYAML lets Python's own errors through, for an escape beyond Unicode, say.
        raise _error(file, None, f"is not valid YAML: {' '.join(str(error).split())}") from None


def _refuse_early(text: str, file: str) -> None:
    raw = next((found for found in _UNFIT.finditer(text) if found[0] not in "\r\x85"), None)
    if raw is not None:
        _fit(raw[0], file, text.count("\n", 0, raw.start()) + 1)
    # Event by event, for PyYAML needs minutes for a few thousand open brackets or a million keys.
    documents = depth = 0
    for count, event in enumerate(yaml.parse(text, Loader=yaml.SafeLoader)):
        documents += isinstance(event, yaml.DocumentStartEvent)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        line = None if event.start_mark is None else event.start_mark.line + 1
        if depth > _DEEPEST:
            raise _error(file, line, f"is nested more than {_DEEPEST} levels deep; write it flatter")
        if count > _MOST_NODES:
            raise _error(file, line, f"has more than {_MOST_NODES} values; documents are small, data goes into JSONL")
        if documents > 1:
            raise _error(file, line, "holds more than one document; put each into a file of its own")
        tag = getattr(event, "tag", None)
        if tag is not None and not (isinstance(event, yaml.ScalarEvent) and tag == "!"):
            raise _error(file, line, f"has the YAML tag {tag!r}; tags are not allowed, write a plain value")


def _fit(text: str, file: str, line: int | None) -> str:
    unfit = _UNFIT.search(text)
    if unfit:
        raise _error(file, line, f"holds the control character {unfit[0]!r}; remove it")
    return text


def _error(file: str, line: int | None, what: str) -> DocumentError:
    return DocumentError([Problem(file, line, "", what)])


_MOST_VARIANTS = 1_000
_INDEX = re.compile(r"[0-9]{1,9}")


def override(raw: Raw, settings: tuple[str, ...]) -> Raw:
    """The document with each `path=value` applied; raises DocumentError for a path that leads nowhere."""
    for setting in settings:
        path, equals, value = setting.partition("=")
        if not equals or not path:
            raise DocumentError([Problem("--set", None, setting, "must read path=value, e.g. train.epochs=3")])
        data = _with(raw.data, path, read_value(value, file=f"--set {path}"), at=("--set", None))
        raw = Raw(raw.file, data, raw.lines, raw.given | {_keys(path)})
    return raw


def expand(raw: Raw) -> list[Raw]:
    """One document per combination of the matrix's values, named by them; the document itself without a matrix."""
    axes = raw.data.get("matrix")
    if axes is None:
        return [raw]
    _check_axes(raw, axes)
    places = itertools.product(*(range(len(values)) for values in axes.values()))
    return [_variant(raw, dict(zip(axes, chosen, strict=True))) for chosen in places]


def _variant(raw: Raw, chosen: dict[str, int]) -> Raw:
    """The document with the chosen value of each axis; a problem with one is reported where the matrix has it."""
    axes = raw.data["matrix"]
    data: Any = {key: item for key, item in raw.data.items() if key != "matrix"}
    lines = dict(raw.lines)
    for path, index in chosen.items():
        place = ("matrix", path, index)
        data = _with(data, path, axes[path][index], at=raw.where(place))
        lines = {key: line for key, line in lines.items() if key[: len(_keys(path))] != _keys(path)}
        lines[_keys(path)] = raw.line(place) or 1
    name = data.get("name")
    # A name that is missing or no text is reported as such, not as a strange name.
    if isinstance(name, str):
        data["name"] = "-".join([name, *(_word(axes[path][index]) for path, index in chosen.items())])
    return Raw(raw.file, data, lines, raw.given)


def _check_axes(raw: Raw, axes: Any) -> None:
    if not isinstance(axes, dict) or not all(isinstance(values, list) and values for values in axes.values()):
        raise _refused(raw, "must map paths to lists of values, e.g. train.adapter.r: [8, 16]")
    count = math.prod(len(values) for values in axes.values())
    if count > _MOST_VARIANTS:
        raise _refused(raw, f"makes {count} specs; at most {_MOST_VARIANTS}")
    if any(_keys(path)[0] == "matrix" for path in axes):
        raise _refused(raw, "cannot change itself; list all paths side by side")


def _refused(raw: Raw, what: str) -> DocumentError:
    return DocumentError([Problem(*raw.where(("matrix",)), "matrix", what)])


def _with(data: Any, path: str, value: Any, *, at: tuple[str, int | None]) -> Any:
    changed = copy.deepcopy(data)
    *parents, last = _keys(path)
    place: Any = changed
    for depth, key in enumerate(parents, 1):
        if isinstance(place, dict) and isinstance(key, str) and key:
            place = place.setdefault(key, {})
        elif isinstance(place, list) and isinstance(key, int) and key < len(place):
            place = place[key]
        else:
            where = ".".join(map(str, _keys(path)[:depth]))
            raise DocumentError([Problem(*at, path, f"leads nowhere: there is no {where}")])
    if isinstance(place, dict) and last != "":
        place[str(last)] = value
    elif isinstance(place, list) and isinstance(last, int) and last < len(place):
        place[last] = value
    else:
        raise DocumentError([Problem(*at, path, "leads nowhere; a path reads train.epochs or train.data.0.path")])
    return changed


def _keys(path: str) -> Path_:
    return tuple(int(part) if _INDEX.fullmatch(part) else part for part in path.split("."))


def _word(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return re.sub(r"[^a-z0-9.]+", "-", text.lower()).strip("-.") or "x"
