"""Whether a class keeps what a protocol promises, seen before an instance of it is used."""

from __future__ import annotations

import inspect
from collections.abc import Callable

from pydantic import BaseModel


def lacks(document: type[BaseModel], protocol: type) -> list[str]:
    """What a document class lacks of a protocol, in words; nothing where it has all of it.

    Only names and parameters are looked at; what the functions return is for a type checker.
    """
    promised = members(protocol)
    missing = sorted(promised.keys() - dir(document) - document.model_fields.keys())
    if missing:
        return [f"has no {', '.join(map(repr, missing))}, which every {protocol.__name__} says"]
    calls = {name: value for name, value in promised.items() if inspect.isfunction(value)}
    return [
        f"has a {name!r} that cannot be called with ({', '.join(_parameters(value))})"
        for name, value in calls.items()
        if not _takes(document, name, value)
    ]


def members(protocol: type) -> dict[str, object]:
    """All that a protocol promises by name: functions, properties, and None for class variables."""
    found: dict[str, object] = {}
    for part in protocol.__mro__:
        if part.__module__ not in ("typing", "builtins"):
            found = {**dict.fromkeys(part.__annotations__), **vars(part), **found}
    return {name: value for name, value in found.items() if not name.startswith("_")}


def _takes(document: type[BaseModel], name: str, promised: Callable[..., object]) -> bool:
    own = inspect.getattr_static(document, name, None)
    if name in document.model_fields or not callable(getattr(document, name)):
        return False
    parameters = _parameters(promised)
    positional = [word for word, kind in parameters.items() if kind is not inspect.Parameter.KEYWORD_ONLY]
    named = {word: word for word, kind in parameters.items() if kind is inspect.Parameter.KEYWORD_ONLY}
    # What needs no instance is not given one.
    instance = [] if isinstance(own, staticmethod | classmethod) else ["self"]
    try:
        inspect.signature(getattr(document, name)).bind(*instance, *positional, **named)
    except TypeError:
        return False
    return True


def _parameters(promised: Callable[..., object]) -> dict[str, object]:
    """The kind of each parameter of a promised function, without the instance."""
    found = list(inspect.signature(promised).parameters.values())[1:]
    return {parameter.name: parameter.kind for parameter in found}
