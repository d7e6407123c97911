"""What all documents share: strict validation, problems in words with their line, digests that ignore prose."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Iterator
from typing import Annotated, Any, Literal, TypeVar, Union

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    GetCoreSchemaHandler,
    RootModel,
    Tag,
    ValidationError,
)
from pydantic_core import CoreSchema

from evalsuite import plugins
from evalsuite.errors import DocumentError, EvalsuiteError, Problem
from evalsuite.spec.loading.yaml_reader import Path_, Raw

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
    # `a THING` is told by its form alone, and any alternative may be it.
    by_form = tag.startswith("a ")
    # `KEY VALUE` is the alternative whose key has that value, unless another is written.
    key, _, value = tag.partition(" ")
    by_default = place.get("properties", {}).get(key, {}).get("const") == value
    return by_form or by_default or any(its.get("const") == tag for its in place.get("properties", {}).values())


D = TypeVar("D", bound=BaseModel)

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}\Z")


class Document(BaseModel):
    """A frozen, strict part of a document: unknown keys, wrong types and infinite numbers are refused."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False, ser_json_inf_nan="null")


def is_name(value: str) -> bool:
    """Whether a text can be a name in documents and results."""
    return bool(_NAME.match(value)) and ".." not in value


def _checked_name(value: str) -> str:
    if not is_name(value):
        raise ValueError("a name has lower-case letters, digits, '.', '_' and '-' only, at most 100, and no '..'")
    return value


Name = Annotated[str, AfterValidator(_checked_name)]


def _whole(value: object) -> object:
    # 1.0 and true equal 1, and pydantic takes them for it.
    if type(value) is not int:
        raise ValueError("write 1")
    return value


Version = Annotated[Literal[1], BeforeValidator(_whole)]


class OneOf:
    """Annotation: the value is an instance of whichever plug-in of this kind its tag names.

    `by` says the tag of a value where a document may leave it out.
    """

    def __init__(self, kind: plugins.Kind, *, by: Callable[[Any], str] | None = None) -> None:
        self.kind = kind
        self.by = by

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        found, key = plugins.find(self.kind), plugins.TAGS[self.kind]
        if self.by is not None:
            # A place says `backend endpoint`, for the word alone may be a key of the document as well.
            members: Any = Union[tuple(Annotated[one, Tag(f"{key} {name}")] for name, one in found.items())]  # noqa: UP007
            return handler.generate_schema(Annotated[members, Discriminator(_telling(key, self.by))])
        classes = tuple(found.values())
        if len(classes) == 1:  # pydantic knows discriminators for unions only
            return handler.generate_schema(classes[0])
        union: Any = Union[classes]  # noqa: UP007
        tagged = Annotated[union, Field(discriminator=key)]
        return handler.generate_schema(tagged)


def _telling(key: str, by: Callable[[Any], str]) -> Callable[[Any], str]:
    def tag(value: Any) -> str:
        return f"{key} {by(value)}"

    # Messages call the discriminator by the function's name.
    tag.__name__ = key
    return tag


def validate(document: type[D], raw: Raw) -> D:
    """The raw data as a typed document; raises DocumentError with every problem, each with its line."""
    try:
        # JSON mode: strict Python mode would refuse a list where a tuple is declared.
        return document.model_validate_json(json.dumps(raw.data))
    except ValidationError as error:
        details = [dict(detail) for detail in error.errors(include_url=False)]
        problems = [_problem(document, raw, detail) for detail in details if not _follows(detail, details)]
        raise DocumentError(problems) from None


def said(value: BaseModel, kind: type[D], *, by: str) -> D:
    """What a plug-in says as the document that it must be; raises EvalsuiteError where it is another one."""
    if not isinstance(value, kind):
        raise EvalsuiteError(f"{by} says a {type(value).__name__} where a {kind.__name__} is wanted; mend the plug-in")
    return value


def _follows(detail: dict[str, Any], details: list[dict[str, Any]]) -> bool:
    # pydantic counts only the valid items of a list, so that one wrong item makes it "too short" as well.
    place: Path_ = detail["loc"]
    inside = (other["loc"][: len(place)] == place and len(other["loc"]) > len(place) for other in details)
    return detail["type"] == "too_short" and any(inside)


def _problem(document: type[BaseModel], raw: Raw, detail: dict[str, Any]) -> Problem:
    # A document of several kinds has its kind as the first part of every place.
    place = tuple(detail["loc"])[1 if issubclass(document, RootModel) else 0 :]
    path = _written(raw, place, missing=detail["type"] == "missing")
    unknown = detail["type"] == "extra_forbidden"
    what = unknown_key(document, tuple(detail["loc"])) if unknown else _words(detail)
    return Problem(*raw.where(path), ".".join(map(str, path)), what)


def _written(raw: Raw, location: tuple[Any, ...], *, missing: bool) -> Path_:
    """The path as `--set` would give it: without the names that pydantic's locations have for members of a union."""
    path: Path_ = ()
    place = raw.data
    for depth, part in enumerate(location, 1):
        if (isinstance(place, dict) and part in place) or (isinstance(place, list) and part in range(len(place))):
            path, place = (*path, part), place[part]
        elif depth == len(location) and missing:
            path = (*path, part)
    return path


def _words(detail: dict[str, Any]) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    given = _short(detail.get("input"))
    if kind == "missing":
        return "is missing; add it"
    if kind == "union_tag_invalid":
        # A tag that may be left out is told by a function, which is called as the key and says it before the tag.
        key = str(context["discriminator"]).strip("'").removesuffix("()")
        tag = str(context["tag"]).removeprefix(f"{key} ")
        expected = context["expected_tags"].replace(f"'{key} ", "'")
        near = difflib.get_close_matches(tag, re.findall(r"'([^']*)'", expected), 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        return f"{key} {tag!r} is not one of {expected}{hint}"
    if kind == "union_tag_not_found":
        return f"needs the key {context['discriminator']}"
    if kind == "value_error":
        # A whole section shown in part helps nobody; its line does.
        whole = isinstance(detail.get("input"), dict | list)
        return str(context["error"]) if whole else f"{given}: {context['error']}"
    return f"{given}: {detail['msg'][0].lower()}{detail['msg'][1:]}"


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=True, default=str)
    return text if len(text) <= 60 else f"{text[:57]}..."
