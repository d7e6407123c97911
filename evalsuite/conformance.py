"""Whether a class keeps what a protocol promises, before it is used; the classes that other packages name."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from importlib.metadata import EntryPoint
from typing import Any, get_args

from pydantic import BaseModel

from evalsuite.errors import EvalsuiteError


def faults(plugin: object, tags: Mapping[str, str], protocol: type) -> list[str]:
    """What a class lacks to be a document with these tags that keeps a protocol, in words; nothing for a whole one.

    Only names and parameters are looked at; what the functions return is for a type checker.
    """
    found = plugin if isinstance(plugin, type) and issubclass(plugin, BaseModel) else None
    if found is None or not found.model_config.get("frozen") or found.model_config.get("extra") != "forbid":
        return ["is no frozen document that forbids unknown keys; inherit its kind's options class"]
    for tag, name in tags.items():
        if tag not in found.model_fields or get_args(found.model_fields[tag].annotation) != (name,):
            return [f"needs the field `{tag}: Literal[{name!r}]`, by which documents name it"]
    promised = members(protocol)
    missing = sorted(promised.keys() - dir(found) - found.model_fields.keys())
    if missing:
        return [f"has no {', '.join(map(repr, missing))}, which every {protocol.__name__} says"]
    calls = {name: value for name, value in promised.items() if inspect.isfunction(value)}
    return [
        f"has a {name!r} that cannot be called with ({', '.join(_parameters(value))})"
        for name, value in calls.items()
        if not _takes(found, name, value)
    ]


def loaded(entry: EntryPoint, problems: Callable[[object], list[str]]) -> type[Any]:
    """The class that an entry point names; raises EvalsuiteError with its package where it cannot be used."""
    of = f" of the package {entry.dist.name} {entry.dist.version}" if entry.dist is not None else ""
    where = f"plug-in {entry.name!r} ({entry.value}, {entry.group}){of}"
    mend = "mend or uninstall it; EVALSUITE_PLUGINS=builtin goes on without the plug-ins of all packages"
    try:
        plugin = entry.load()
    except Exception as error:
        raise EvalsuiteError(f"{where} cannot be loaded: {type(error).__name__}: {error}; {mend}") from error
    wrong = problems(plugin)
    if wrong:
        raise EvalsuiteError(f"{where} {'; it '.join(wrong)}; {mend}")
    assert isinstance(plugin, type)
    return plugin


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
