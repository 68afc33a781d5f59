"""Expressions of the language on a few rows written by hand, run on DuckDB."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ibis
import pyarrow as pa

from carac.engine.base import compile_sql
from carac.engine.duckdb_engine import DuckDB

TYPES = {
    "int8": pa.int8(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "float64": pa.float64(),
    "boolean": pa.bool_(),
    "string": pa.string(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
}

#: A table: for each column its type, and its values from the first row to the last.
Columns = Mapping[str, tuple[str, Sequence[Any]]]


def rows_of(columns: Columns, made: Callable[[ibis.Table], ibis.Table]) -> list[dict[str, Any]]:
    """The rows of what is made of a table."""
    table = ibis.table({name: kind for name, (kind, _) in columns.items()}, name="given")
    arrow = pa.table({name: pa.array(values, TYPES[kind]) for name, (kind, values) in columns.items()})
    with DuckDB(threads=1) as engine:
        engine.load("given", arrow)
        found: list[dict[str, Any]] = engine.fetch(compile_sql(made(table), "duckdb")).to_pylist()
    return found


def values_of(columns: Columns, made: Callable[[ibis.Table], Mapping[str, ibis.Value]]) -> list[tuple[Any, ...]]:
    """The values of these expressions, a tuple for each row of the table in its order."""
    place = {"place": ("int32", list(range(len(next(iter(columns.values()))[1]))))}

    def selected(table: ibis.Table) -> ibis.Table:
        return table.select("place", **made(table)).order_by("place")

    return [tuple(row.values())[1:] for row in rows_of({**columns, **place}, selected)]
