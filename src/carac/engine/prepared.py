"""Queries prepared once and run for one small cohort after another, without being planned anew.

DuckDB keeps the plan of a prepared query, but not that of an optimised query that reads a table. So no query here reads
one: the rows of each table are a variable, a list of structs, and the query takes them as a parameter. What is left is
running it, and that costs by columns and operators, whatever the number of rows; so the optimiser leaves out columns
that nothing reads and puts layers together. Two lanes (connections to the same database) run side by side.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType

import duckdb
import pyarrow as pa

from carac.engine.base import Step, quoted
from carac.engine.duckdb_engine import DuckDB

LANES = 2
#: What makes a plan smaller; other rules help with many rows only, or write a query out where it is read twice.
OPTIMISERS = (
    *("unused_columns", "column_lifetime", "projection_pullup"),
    *("expression_rewriter", "common_subexpressions"),
)


class PreparedSteps:
    """The steps of a plan, prepared in an engine whose tables exist already.

    Parameters
    ----------
    engine: holds the tables; it must have run the steps once, so that every table is there.
    stages: steps that depend on nothing within their stage.
    queries: name and SQL of what is handed back.
    given: tables whose rows are handed over anew each time; other tables that no step makes stay as they are.
    """

    def __init__(
        self,
        engine: DuckDB,
        stages: Sequence[Sequence[Step]],
        queries: Mapping[str, str],
        given: Collection[str],
    ) -> None:
        # Each lane works in its own thread; workers that share the work of one query would only wait for each other.
        engine.connection.execute("SET threads = 1")
        steps = [step for stage in stages for step in stage]
        views = {step.name: step.sql for step in steps if step.is_view(engine.plans_deep)}
        tables = {str(row[0]) for row in engine.rows("SELECT table_name FROM duckdb_tables()")}
        types = {name: engine.columns(name) for name in sorted(tables)}
        made = {step.name for step in steps}
        self._lanes = [_Lane(engine.connection.cursor(), types, views, made, given) for _ in range(LANES)]
        self._pool = ThreadPoolExecutor(LANES)
        restored = _only(engine, OPTIMISERS)
        self._stages = [self._prepared([s for s in stage if s.name not in views]) for stage in stages]
        for lane, names in zip(self._lanes, _dealt(queries), strict=True):
            lane.prepare_queries({name: queries[name] for name in names})
        engine.connection.execute(f"SET disabled_optimizers = '{restored}'")

    def __enter__(self) -> PreparedSteps:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown()
        for lane in self._lanes:
            lane.close()

    def _prepared(self, steps: Sequence[Step]) -> list[list[str]]:
        """Prepare the steps of a stage; their names by lane."""
        by_name = {step.name: step for step in steps}
        dealt = _dealt({name: step.sql for name, step in by_name.items()})
        for lane, names in zip(self._lanes, dealt, strict=True):
            for name in names:
                lane.prepare_step(by_name[name])
        return dealt

    def run(self, rows: Mapping[str, pa.Table], without: Collection[str] = ()) -> dict[str, pa.Table]:
        """Run all stages on these rows; the rows of each query.

        Parameters
        ----------
        rows: of the tables that are given; one that is absent is empty.
        without: steps known to give no row; their tables are emptied.
        """
        list(self._pool.map(lambda lane: lane.take(rows), self._lanes))
        for stage in self._stages:
            list(self._pool.map(lambda lane, names: lane.run_steps(names, without), self._lanes, stage))
        found: dict[str, pa.Table] = {}
        for part in self._pool.map(_Lane.run_queries, self._lanes):
            found |= part
        return found


def _dealt(queries: Mapping[str, str]) -> list[list[str]]:
    """The names of queries by lane: the longest first, each to the lane with less to do."""
    names: list[list[str]] = [[] for _ in range(LANES)]
    load = [0] * LANES
    for name in sorted(queries, key=lambda name: -len(queries[name])):
        place = load.index(min(load))
        load[place] += len(queries[name])
        names[place].append(name)
    return names


def _only(engine: DuckDB, wanted: Collection[str]) -> str:
    """Leave on these rules of the optimiser only; the setting before."""
    before = str(engine.rows("SELECT current_setting('disabled_optimizers')")[0][0])
    known = [str(row[0]) for row in engine.rows("SELECT name FROM duckdb_optimizers()")]
    engine.connection.execute(f"SET disabled_optimizers = '{','.join(n for n in known if n not in wanted)}'")
    return before


@dataclass(frozen=True)
class _TableFree:
    """A query whose tables are parameters, and their names."""

    sql: str
    parameters: tuple[str, ...]


def _table_free(sql: str, types: Mapping[str, Mapping[str, str]], views: Mapping[str, str]) -> _TableFree:
    """The query with its views written out and its tables as parameters; views stand after those that they read."""
    read, known = set(_named_in(sql, [*types, *views])), list(views)
    for place in reversed(range(len(known))):
        if known[place] in read:
            read.update(_named_in(views[known[place]], [*types, *known[:place]]))
    tables = tuple(name for name in types if name in read and name not in views)
    parts = [f'"{name}" AS (SELECT unnest(${name}::{_rows_type(types[name])}, max_depth := 2))' for name in tables]
    parts += [f'"{name}" AS ({view})' for name, view in views.items() if name in read]
    return _TableFree(f"WITH {', '.join(parts)} SELECT * FROM ({sql})", tables)


def _named_in(sql: str, names: Iterable[str]) -> list[str]:
    return [name for name in names if re.search(rf"\b{re.escape(name)}\b", sql)]


def _rows_type(columns: Mapping[str, str]) -> str:
    fields = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
    return f"STRUCT({fields})[]"


class _Lane:
    """One connection with its prepared statements, and the tables that they read as variables.

    Parameters
    ----------
    connection: of this lane alone: variables and prepared statements belong to a connection.
    types: the columns of each table and their types.
    views: SQL of each view, in order.
    made, given: names of tables that steps make, and of those handed over anew each time.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        types: Mapping[str, Mapping[str, str]],
        views: Mapping[str, str],
        made: Collection[str],
        given: Collection[str],
    ) -> None:
        self._connection = connection
        self._types = types
        self._views = views
        self._made = made
        self._given = given
        self._parameters: dict[str, tuple[str, ...]] = {}
        self._queries: list[str] = []
        self._known: set[str] = set()
        # Given tables that stand as null already, and made ones that hold no row: neither is emptied a second time.
        self._given_empty: set[str] = set()
        self._made_empty: set[str] = set()

    def prepare_step(self, step: Step) -> None:
        self._prepare(step.name, f'"step_{step.name}" AS INSERT INTO "{step.name}"', step.sql)

    def prepare_queries(self, queries: Mapping[str, str]) -> None:
        for name, sql in queries.items():
            self._prepare(name, f'"query_{name}" AS', sql)
            self._queries.append(name)

    def _prepare(self, name: str, head: str, sql: str) -> None:
        query = _table_free(sql, self._types, self._views)
        self._connection.execute(f"PREPARE {head} {query.sql}")
        self._parameters[name] = query.parameters
        for table in query.parameters:
            if table not in self._made and table not in self._given and table not in self._known:
                self._read_table(table)

    def take(self, rows: Mapping[str, pa.Table]) -> None:
        """Take the given rows, as far as a query of this lane reads them; what was made before is forgotten."""
        self._known -= set(self._made)
        read = {table for tables in self._parameters.values() for table in tables}
        for name in sorted(read & set(self._given)):
            table = rows.get(name)
            if table is not None and table.num_rows:
                self._read_rows(name, table)
                self._given_empty.discard(name)
            elif name not in self._given_empty:
                self._connection.execute(f'SET VARIABLE "{name}" = NULL::{_rows_type(self._types[name])}')
                self._given_empty.add(name)

    def _read_rows(self, name: str, table: pa.Table) -> None:
        columns = ", ".join(
            f'{quoted(column, "duckdb") if column in table.column_names else "NULL"}::{kind} AS "{column}"'
            for column, kind in self._types[name].items()
        )
        self._connection.register("rows_to_load", table)
        self._connection.execute(
            f'SET VARIABLE "{name}" = (SELECT list(t) FROM (SELECT {columns} FROM rows_to_load) AS t)'
        )
        self._connection.unregister("rows_to_load")

    def _read_table(self, name: str) -> None:
        self._connection.execute(f'SET VARIABLE "{name}" = (SELECT list(t) FROM "{name}" AS t)')
        self._known.add(name)

    def _ready(self, name: str) -> None:
        """Have what a statement reads of the tables that steps have made."""
        for table in self._parameters[name]:
            if table in self._made and table not in self._known:
                self._read_table(table)

    def run_steps(self, names: Sequence[str], without: Collection[str]) -> None:
        for name in names:
            if name not in self._made_empty:
                self._connection.execute(f'DELETE FROM "{name}"')
                self._made_empty.add(name)
            if name not in without:
                self._ready(name)
                self._connection.execute(f'EXECUTE "step_{name}"')
                self._made_empty.discard(name)

    def run_queries(self) -> dict[str, pa.Table]:
        return {name: self._fetched(name) for name in self._queries}

    def _fetched(self, name: str) -> pa.Table:
        self._ready(name)
        result = self._connection.execute(f'EXECUTE "query_{name}"')
        columns = [column[0] for column in result.description or []]
        rows = result.fetchall()
        return pa.table({column: [row[place] for row in rows] for place, column in enumerate(columns)})

    def close(self) -> None:
        self._connection.close()
