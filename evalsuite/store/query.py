"""Rows out of the queries in `queries/`, and rows in bulk into tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalsuite.records import Metric
from evalsuite.store import Store
from evalsuite.store.connect import reading

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


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


# The types of each table's columns: all stores that are written have had the same migrations.
_TYPES: dict[str, dict[str, str]] = {}


METRIC_COLUMNS = (
    *("step_digest", "metric", "entry", "direction", "low", "high"),
    *("unit", "place", "about", "parent", "slice"),
)


def metric_rows(digest: str, metrics: Iterable[Metric]) -> list[tuple[Any, ...]]:
    """The declarations of a step's or a check's figures as rows of `METRIC_COLUMNS`."""
    return [
        (digest, m.name, m.entry, m.direction, m.low, m.high, m.unit, m.place, m.about, m.parent, m.slice)
        for m in metrics
    ]


def upsert(connection: DuckDBPyConnection, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows, replacing those with an equal key; `table` and `columns` come from the code, never from input."""
    if not rows:
        return
    import pyarrow as pa

    if table not in _TYPES:
        _TYPES[table] = {name: kind for name, kind, *_ in connection.execute(f"DESCRIBE {table}").fetchall()}
    types = _TYPES[table]
    arrays = {
        column: pa.array([row[index] for row in rows], type=_arrow(types[column]))
        for index, column in enumerate(columns)
    }
    incoming = pa.table(arrays)
    connection.register("incoming", incoming)
    names = ", ".join(f'"{column}"' for column in columns)
    connection.execute(f"INSERT OR REPLACE INTO {table} ({names}) SELECT {names} FROM incoming")
    connection.unregister("incoming")


def _arrow(kind: str) -> Any:
    import pyarrow as pa

    if kind.endswith("[]"):
        return pa.list_(_arrow(kind.removesuffix("[]")))
    kinds = {"DOUBLE": pa.float64(), "INTEGER": pa.int32(), "BIGINT": pa.int64()}
    return kinds.get(kind, pa.string())
