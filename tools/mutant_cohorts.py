"""Cohorts graded by the unchanged code, and single definitions graded on them again.

Grading a cohort anew takes seconds, most of them for the inputs of the day. A mutant changes one definition: its
columns alone are made again, from the inputs and from the results of what it uses, as the plan of a grading makes them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc

from carac.engine.duckdb_engine import DuckDB
from carac.vocabulary.types import Exposure, Grain

#: The tables of results by grain, and the keys of their rows.
RESULTS = {
    Grain.DAY.value: ("patient_days_full", ("patient_id", "infusion_number", "day")),
    Grain.INFUSION.value: ("infusion_results", ("patient_id", "infusion_number")),
    Grain.EVENT.value: ("event_results", ("patient_id", "infusion_number", "event_id")),
}


@dataclass(frozen=True)
class Kept:
    """A cohort with what the unchanged code makes of it.

    Parameters
    ----------
    parameters, present: it was graded with.
    inputs: what its patient-days hold.
    day_columns: the columns of the patient-day before any definition.
    tables: those of the cohort, the results by grain, and ``rows_NAME`` of each definition with rows of its own.
    """

    parameters: Any
    present: frozenset[str]
    inputs: frozenset[Any]
    day_columns: tuple[str, ...]
    tables: Mapping[str, pa.Table] = field(repr=False)

    def of(self, patients: Collection[str]) -> Kept:
        """The same of these patients alone."""
        wanted = pa.array(sorted(patients))
        made = {name: _of_patients(rows, wanted) for name, rows in self.tables.items()}
        events = made["events"]["event_id"].combine_chunks()
        features = made["event_features"]
        made["event_features"] = features.filter(pc.is_in(features["event_id"], events)).combine_chunks()
        return replace(self, tables=made)


@dataclass(frozen=True)
class Queries:
    """How definitions are made again.

    Parameters
    ----------
    steps: name and SQL, in order.
    views: the names of those that stay queries.
    result: the table with the results, by grain.
    """

    steps: tuple[tuple[str, str], ...]
    views: frozenset[str]
    result: Mapping[str, str]


def _of_patients(rows: pa.Table, patients: pa.Array[Any]) -> pa.Table:
    if "patient_id" not in rows.column_names:
        return rows
    return rows.filter(pc.is_in(rows["patient_id"], patients)).combine_chunks()


def known() -> dict[str, Any]:
    """The definitions of the present code."""
    from carac.definitions import all_definitions

    return all_definitions()


def with_used(names: Iterable[str]) -> set[str]:
    """The definitions, and all that they use."""
    found = set(names)
    for name in tuple(found):
        found |= with_used(known()[name].uses)
    return found


def kept(read: Any, names: Sequence[str], today: int | None = None) -> Kept:
    """Grade a cohort with the present code.

    Parameters
    ----------
    read: cohort tables, parameters and present tables.
    names: the definitions that will be made again.
    today: the only patient-day that is kept; None keeps all.
    """
    from carac.grading.plan import chosen_definitions

    grade = import_module("support.engines").grade
    with DuckDB(threads=1) as engine:
        graded = grade(engine, read, tuple(names))
        tables = dict(read.tables)
        ends = engine.fetch("SELECT min(first_day) AS low, max(last_day) AS high FROM infusions").to_pylist()[0]
        tables["day_numbers"] = pa.table({"day": pa.array(range(ends["low"], ends["high"] + 1), pa.int32())})
        used = {used for name in chosen_definitions(names, read.parameters) for used in known()[name].uses}
        for grain, (table, _) in RESULTS.items():
            # What no other definition reads is made again, or not looked at.
            extra = [c for n in used if known()[n].grain.value == grain for c in known()[n].columns]
            columns = [*engine.columns(f"{table}_inputs"), *extra]
            has = engine.columns(table)
            listed = ", ".join(f'"{column}"' for column in dict.fromkeys(columns) if column in has)
            where = f" WHERE day = {today}" if today is not None and grain == Grain.DAY.value else ""
            tables[table] = engine.fetch(f"SELECT {listed} FROM {table}{where}")
        for name in chosen_definitions(names, read.parameters):
            if known()[name].rows is not None:
                tables[f"rows_{name}"] = engine.fetch(f'SELECT * FROM "rows_{name}"')
    days = tuple(name for name, _ in graded.plan.day_columns)
    return Kept(read.parameters, read.present, frozenset(graded.plan.inputs), days, tables)


def reads_known_inputs(of: Kept, names: Iterable[str]) -> bool:
    """Whether the inputs of these definitions are among those that the cohort was made with."""
    return all(set(known()[n].inputs_with(of.parameters.scope(n))) <= of.inputs for n in names)


def queries(of: Kept, names: Sequence[str], inputs: Iterable[Any] = ()) -> Queries:
    """How these definitions are made again, each after those that it uses; all else is as it was kept.

    `inputs` that the cohort lacks are taken to be there: such queries can be compared, and not run.
    """
    return _Making(of, names, {column: kind for wanted in inputs for column, kind in _columns_of(wanted)}).made()


def _columns_of(wanted: Any) -> list[tuple[str, str]]:
    if isinstance(wanted, Exposure):
        return [(wanted.name, "boolean")]
    return [(column, "float64") for column in (wanted.low, wanted.high)]


#: What expressions became. A mutant changes few of them, and to compile the others again would be most of the work.
_SQL: dict[Hashable, Any] = {}


def _compiled(rows: ibis.Table) -> str:
    from carac.engine.base import compile_sql

    key = rows.op()
    if key not in _SQL:
        _SQL[key] = compile_sql(rows, "duckdb")
    sql: str = _SQL[key]
    return sql


def _beside(query: str, table: ibis.Table, columns: Mapping[str, ir.Value]) -> tuple[str, dict[str, str]]:
    from carac.engine.columns import with_columns

    key = (query, table.op(), *((name, value.op()) for name, value in columns.items()))
    if key not in _SQL:
        _SQL[key] = with_columns(query, table, columns, "duckdb")
    made: tuple[str, dict[str, str]] = _SQL[key]
    return made


#: What definitions became, each under its name and all that its queries depend on but its code. Most of the work of a
#: mutant would be to build the same expressions again, for each run of the cases and each definition that uses another.
_MADE: dict[tuple[Hashable, ...], tuple[str, dict[str, str]]] = {}
#: Stands for the table that layers are laid on.
_SOURCE = '"the source"'


def forget(names: Collection[str]) -> None:
    """Build these definitions anew: their code has changed."""
    for key in [key for key in _MADE if key[0] in names]:
        del _MADE[key]


def _once(key: tuple[Hashable, ...], build: Callable[[], tuple[str, dict[str, str]]]) -> tuple[str, dict[str, str]]:
    if key not in _MADE:
        _MADE[key] = build()
    return _MADE[key]


class _Making:
    """Queries while they are made."""

    def __init__(self, of: Kept, names: Sequence[str], more: Mapping[str, str]) -> None:
        self.of, self.names = of, names
        self.steps: list[tuple[str, str]] = []
        self.views: set[str] = set()
        self.source: dict[str, str] = {}
        self.columns: dict[str, dict[str, str]] = {}
        again = {column for name in names for column in known()[name].columns}
        for grain, (table, keys) in RESULTS.items():
            schema = _types(of.tables[table])
            has_rows = {n for n in names if known()[n].rows is not None and known()[n].grain.value == grain}
            gone = again | {c for n in has_rows for c in of.tables[f"rows_{n}"].column_names if c not in keys}
            left = {column: kind for column, kind in schema.items() if column not in gone}
            if grain != Grain.EVENT.value:
                left |= {column: kind for column, kind in more.items() if column not in left}
            self._view(grain, f"{table}_left", f"SELECT {_listed(left)} FROM {table}", left)
        days = {c: self.columns[Grain.DAY.value][c] for c in of.day_columns}
        self.steps.append(("day_inputs", f"SELECT {_listed(days)} FROM patient_days_full"))
        self.views.add("day_inputs")
        self.days = {**days, **{column: kind for column, kind in more.items() if column not in days}}

    def made(self) -> Queries:
        """All steps."""
        for name in self.names:
            if known()[name].rows is None:
                self._layers(name)
            else:
                self._rows(name)
        return Queries(tuple(self.steps), frozenset(self.views), dict(self.source))

    def _view(self, grain: str, name: str, sql: str, columns: dict[str, str]) -> None:
        self.steps.append((name, sql))
        self.views.add(name)
        self.source[grain], self.columns[grain] = name, columns

    def _layers(self, name: str) -> None:
        grain, values = known()[name].grain.value, self.of.parameters.scope(name)
        every = self.columns[grain]

        def made(columns: dict[str, str]) -> tuple[str, dict[str, str]]:
            return _once((name, _items(values), _items(columns)), lambda: _laid(name, values, columns))

        query, types = _of_fewest(made, self._read_by(name, every), every)
        source = _quoted(self.source[grain])
        self._view(grain, f"graded_{name}", query.replace(_SOURCE, source), every | types)

    def _read_by(self, name: str, columns: Mapping[str, str]) -> dict[str, str]:
        """Those of these columns that a definition says that it reads: then it is the same in most runs."""
        used = with_used([name]) - {name}
        inputs = known()[name].inputs_with(self.of.parameters.scope(name))
        read = {column for wanted in inputs for column, _ in _columns_of(wanted)}
        read |= {column for each in used for column in (*known()[each].columns, *self.columns.get(f"rows_{each}", ()))}
        read |= {key for _, keys in RESULTS.values() for key in keys}
        return {column: kind for column, kind in columns.items() if column in read}

    def _rows(self, name: str) -> None:
        from carac.grading.plan import tables_of

        definition = known()[name]
        grain = definition.grain.value
        # One that reads graded days is made after them.
        late = any(_stands_on_days(used) for used in definition.uses)
        source, every = (self.source["day"], self.columns["day"]) if late else ("day_inputs", self.days)
        used = {u: self._columns_of_rows(u) for u in definition.uses if known()[u].rows is not None}
        values, present = self.of.parameters.scope(name), self.of.present

        def built(days: dict[str, str]) -> tuple[str, dict[str, str]]:
            results = {u: ibis.table(columns, name=f"rows_{u}") for u, columns in used.items()}
            rows = definition.rows(replace(tables_of(days, present, source), results=results), values)
            return _compiled(rows), {column: str(kind) for column, kind in rows.schema().items()}

        def made(days: dict[str, str]) -> tuple[str, dict[str, str]]:
            read = (source, _items(days), *((u, _items(columns)) for u, columns in used.items()))
            return _once((name, _items(values), present, read), lambda: built(days))

        sql, columns = _of_fewest(made, self._read_by(name, every), every)
        self.steps.append((f"rows_{name}", sql))
        self.columns[f"rows_{name}"] = columns
        keys = RESULTS[grain][1]
        more = {column: kind for column, kind in columns.items() if column not in self.columns[grain]}
        joined = f'SELECT a.*, {", ".join(f"b.{_quoted(c)}" for c in more)} FROM "{self.source[grain]}" a '
        joined += f'LEFT JOIN "rows_{name}" b USING ({", ".join(keys)})'
        self._view(grain, f"graded_{name}", joined, self.columns[grain] | more)

    def _columns_of_rows(self, name: str) -> dict[str, str]:
        return self.columns.get(f"rows_{name}") or _types(self.of.tables[f"rows_{name}"])


def _laid(name: str, values: Any, columns: dict[str, str]) -> tuple[str, dict[str, str]]:
    """The query of a definition's layers on a table with these columns, and the columns that it adds."""
    query = _SOURCE
    added: dict[str, str] = {}
    for layer in known()[name].layers(values):
        table = ibis.table(columns | added, name="t")
        sql, types = _beside(query, table, layer(table))
        query, added = f"({sql})", added | types
    return query.removeprefix("(").removesuffix(")"), added


def _of_fewest(
    made: Callable[[dict[str, str]], tuple[str, dict[str, str]]], few: dict[str, str], every: dict[str, str]
) -> tuple[str, dict[str, str]]:
    """What is made of the columns that a definition says that it reads; of all, where it reads others too."""
    try:
        return made(few)
    except Exception:
        return made(every)


def _items(mapping: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    return tuple(mapping.items())


def _stands_on_days(name: str) -> bool:
    """Whether a definition is made from graded days."""
    definition = known()[name]
    return definition.layers is not None or any(_stands_on_days(used) for used in definition.uses)


#: Types of Arrow that Ibis calls otherwise.
_TYPES = {"double": "float64", "bool": "boolean", "date32[day]": "date", "timestamp[us]": "timestamp"}


def _types(rows: pa.Table) -> dict[str, str]:
    """The columns of a table, in the types of Ibis."""
    return {column.name: _TYPES.get(str(column.type), str(column.type)) for column in rows.schema}


def _quoted(column: str) -> str:
    return f'"{column}"'


def _listed(columns: Iterable[str]) -> str:
    return ", ".join(map(_quoted, columns))


def results(of: Kept, how: Queries, grain: str, columns: Sequence[str], where: str = "") -> pa.Table:
    """Rows of one grain, with their keys and these columns."""
    mentioned = " ".join(sql for _, sql in how.steps)
    made = {name for name, _ in how.steps}
    with DuckDB(threads=1) as engine:
        for name, rows in of.tables.items():
            if name in mentioned and name not in made:
                engine.connection.register(name, rows)
        for name, sql in how.steps:
            engine.create(name, sql, name in how.views)
        return engine.fetch(f'SELECT {_listed([*RESULTS[grain][1], *columns])} FROM "{how.result[grain]}"{where}')
