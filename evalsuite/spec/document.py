"""What all documents share: strict validation, problems in words with their line, digests that ignore prose."""

from __future__ import annotations

import difflib
import json
import re
from typing import Annotated, Any, TypeVar, Union

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, GetCoreSchemaHandler, ValidationError
from pydantic_core import CoreSchema

from evalsuite import plugins
from evalsuite.errors import DocumentError, Problem
from evalsuite.spec.hints import unknown_key
from evalsuite.spec.read import Path_, Raw

D = TypeVar("D", bound="Document")

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}\Z")


class Document(BaseModel):
    """A frozen, strict part of a document: unknown keys, wrong types and infinite numbers are refused."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False, ser_json_inf_nan="null")


def _checked_name(value: str) -> str:
    if not _NAME.match(value) or ".." in value:
        raise ValueError("a name has lower-case letters, digits, '.', '_' and '-' only, at most 100, and no '..'")
    return value


Name = Annotated[str, AfterValidator(_checked_name)]


class OneOf:
    """Annotation: the value is an instance of whichever plug-in of this kind its tag names."""

    def __init__(self, kind: plugins.Kind) -> None:
        self.kind = kind

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        classes = tuple(plugins.find(self.kind).values())
        if len(classes) == 1:  # pydantic knows discriminators for unions only
            return handler.generate_schema(classes[0])
        union: Any = Union[classes]  # noqa: UP007
        tagged = Annotated[union, Field(discriminator=plugins.TAGS[self.kind])]
        return handler.generate_schema(tagged)


def validate(document: type[D], raw: Raw) -> D:
    """The raw data as a typed document; raises DocumentError with every problem, each with its line."""
    try:
        # JSON mode: strict Python mode would refuse a list where a tuple is declared.
        return document.model_validate_json(json.dumps(raw.data))
    except ValidationError as error:
        problems = [_problem(document, raw, dict(detail)) for detail in error.errors(include_url=False)]
        raise DocumentError(problems) from None


def _problem(document: type[Document], raw: Raw, detail: dict[str, Any]) -> Problem:
    location: Path_ = tuple(detail["loc"])
    shown = ".".join(map(str, location))
    if detail["type"] == "extra_forbidden":
        return Problem(*raw.where(_written(raw, location)), shown, unknown_key(document, location))
    return Problem(*raw.where(_written(raw, location)), shown, _words(detail))


def _written(raw: Raw, location: Path_) -> Path_:
    """The location without the union tags that pydantic adds, as far as it stands in the file or was given."""
    path: Path_ = ()
    for part in location:
        if (*path, part) in raw.lines or (*path, part) in raw.given:
            path = (*path, part)
    return path


def _words(detail: dict[str, Any]) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    given = _short(detail.get("input"))
    if kind == "missing":
        return "is missing; add it"
    if kind == "union_tag_invalid":
        near = difflib.get_close_matches(str(context["tag"]), re.findall(r"'([^']*)'", context["expected_tags"]), 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        return f"{context['discriminator']} {str(context['tag'])!r} is not one of {context['expected_tags']}{hint}"
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
