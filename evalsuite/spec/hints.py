"""What may stand at a place of a document, so that a typo gets the nearest key of that very place."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

Schema = dict[str, Any]

_MOST_LISTED = 16


def unknown_key(document: type[BaseModel], location: tuple[str | int, ...]) -> str:
    """What is wrong with the last part of a location, and what to write instead."""
    known, key = _keys_at(document, location[:-1]), str(location[-1])
    near = difflib.get_close_matches(key, known, 1) or [word for word in known if word.startswith(key)]
    if near:
        return f"unknown key; did you mean {near[0]!r}?"
    if 0 < len(known) <= _MOST_LISTED:
        return f"unknown key; known here are {', '.join(known)}"
    return "unknown key; remove it or check its spelling"


def _keys_at(document: type[BaseModel], location: tuple[str | int, ...]) -> list[str]:
    root = document.model_json_schema()
    places = list(_alternatives(root, root))
    if "discriminator" in root and location:
        # The whole document is one of several kinds; its kind comes first, and may be called as one of its keys.
        reference = root["discriminator"]["mapping"].get(location[0])
        places, location = list(_alternatives({"$ref": reference}, root)), location[1:]
    for part in location:
        places = [found for place in places for found in _below(place, part, root)]
    return sorted({key for place in places for key in place.get("properties", {})})


def _below(place: Schema, part: str | int, root: Schema) -> Iterator[Schema]:
    if isinstance(part, int):
        child = place.get("items")
    elif part in place.get("properties", {}):
        child = place["properties"][part]
    elif _is_tagged(place, part):
        # pydantic's locations name the chosen alternative of a union; that is no step down.
        child = place
    else:
        child = None
    if child is not None:
        yield from _alternatives(child, root)


def _alternatives(schema: Schema, root: Schema) -> Iterator[Schema]:
    if "$ref" in schema:
        yield from _alternatives(root["$defs"][schema["$ref"].rsplit("/", 1)[1]], root)
        return
    unions = [*schema.get("anyOf", ()), *schema.get("oneOf", ())]
    for option in unions:
        yield from _alternatives(option, root)
    if not unions:
        yield schema


def _is_tagged(place: Schema, tag: str) -> bool:
    # `with KEY` is the alternative that is recognised by having that key.
    by_key = tag.startswith("with ") and tag.removeprefix("with ") in place.get("required", ())
    return by_key or any(value.get("const") == tag for value in place.get("properties", {}).values())
