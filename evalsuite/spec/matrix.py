"""`matrix:` and `--set`: changes to a raw document before it is validated."""

from __future__ import annotations

import copy
import itertools
import json
import re
from typing import Any

from evalsuite.errors import DocumentError, Problem
from evalsuite.spec.read import Path_, Raw, scalar

_MOST_VARIANTS = 1_000


def override(raw: Raw, settings: tuple[str, ...]) -> Raw:
    """The document with each `path=value` applied; raises DocumentError for a path that leads nowhere."""
    for setting in settings:
        path, equals, value = setting.partition("=")
        if not equals or not path:
            raise DocumentError([Problem("--set", None, setting, "must read path=value, e.g. train.epochs=3")])
        raw = _with(raw, path, scalar(value), source="--set")
    return raw


def expand(raw: Raw) -> list[Raw]:
    """One document per combination of the matrix's values, named by them; the document itself without a matrix."""
    axes = raw.data.get("matrix")
    if axes is None:
        return [raw]
    _check_axes(raw, axes)
    paths = list(axes)
    variants = []
    for values in itertools.product(*axes.values()):
        variant = Raw(raw.file, {key: item for key, item in raw.data.items() if key != "matrix"}, raw.lines)
        for path, value in zip(paths, values, strict=True):
            variant = _with(variant, path, value, source=f"{raw.file} matrix")
        suffix = "-".join(_word(value) for value in values)
        variants.append(_with(variant, "name", f"{raw.data.get('name')}-{suffix}", source=raw.file))
    return variants


def _check_axes(raw: Raw, axes: Any) -> None:
    line = raw.line(("matrix",))
    if not isinstance(axes, dict) or not all(isinstance(values, list) and values for values in axes.values()):
        what = "must map paths to lists of values, e.g. train.adapter.r: [8, 16]"
        raise DocumentError([Problem(raw.file, line, "matrix", what)])
    count = 1
    for values in axes.values():
        count *= len(values)
    if count > _MOST_VARIANTS:
        raise DocumentError([Problem(raw.file, line, "matrix", f"makes {count} specs; at most {_MOST_VARIANTS}")])


def _with(raw: Raw, path: str, value: Any, *, source: str) -> Raw:
    data = copy.deepcopy(raw.data)
    keys: Path_ = tuple(int(part) if part.isdigit() else part for part in path.split("."))
    place: Any = data
    for depth, key in enumerate(keys[:-1]):
        if isinstance(place, dict) and isinstance(key, str):
            place = place.setdefault(key, {})
        elif isinstance(place, list) and isinstance(key, int) and key < len(place):
            place = place[key]
        else:
            where = ".".join(map(str, keys[: depth + 1]))
            raise DocumentError([Problem(source, None, path, f"leads nowhere: there is no {where}")])
    last = keys[-1]
    if isinstance(place, dict):
        place[str(last)] = value
    elif isinstance(place, list) and isinstance(last, int) and last < len(place):
        place[last] = value
    else:
        raise DocumentError([Problem(source, None, path, "leads nowhere")])
    return Raw(raw.file, data, raw.lines)


def _word(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return re.sub(r"[^a-z0-9.]+", "-", text.lower()).strip("-.") or "x"
