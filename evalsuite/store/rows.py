"""Rows out of the queries in `queries/`: several answers on one short connection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from evalsuite.store import Store
from evalsuite.store.connect import reading

_QUERIES = Path(__file__).parent / "queries"

Rows = list[dict[str, Any]]
# What a query asks for: by place (`?`) or by name (`$name`).
Parameters = Sequence[Any] | Mapping[str, Any]


def rows(store: Store, query: str, parameters: Parameters = ()) -> Rows:
    """The rows of one query."""
    return every(store, [(query, parameters)])[0]


def every(store: Store, asked: Sequence[tuple[str, Parameters]]) -> list[Rows]:
    """The rows of several queries as of one moment, for no run can write between them."""
    found = []
    with reading(store) as connection:
        for query, parameters in asked:
            cursor = connection.execute(
                _text(query), dict(parameters) if isinstance(parameters, Mapping) else list(parameters)
            )
            names = [column[0] for column in cursor.description or ()]
            found.append([dict(zip(names, row, strict=True)) for row in cursor.fetchall()])
    return found


@cache
def _text(query: str) -> str:
    return (_QUERIES / f"{query}.sql").read_text(encoding="utf-8")
