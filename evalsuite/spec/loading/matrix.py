"""`matrix:` and `--set`: changes to a raw document before it is validated."""

from __future__ import annotations

import copy
import itertools
import json
import math
import re
from typing import Any

from evalsuite.errors import DocumentError, Problem
from evalsuite.spec.loading.yaml_reader import Path_, Raw, read_value

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
