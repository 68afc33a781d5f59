"""Events written by hand: a few rows as plain dictionaries, run through a definition on DuckDB.

Days count from the infusion, on 1 March 2024; a float adds the time of day (12.5 is noon of day 12), an int has none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa

from carac.cohort.tables import COHORT_SCHEMAS, cohort_table
from carac.engine.base import compile_sql
from carac.engine.duckdb_engine import DuckDB
from carac.language.definition import Definition, Tables
from carac.parameters import resolve
from carac.vocabulary.event_classes import class_of
from carac.vocabulary.event_features import feature_of
from carac.vocabulary.icd10cm import code_of

Row = dict[str, Any]

TYPES = {
    "string": pa.string(),
    "int64": pa.int64(),
    "int16": pa.int16(),
    "int32": pa.int32(),
    "float64": pa.float64(),
    "boolean": pa.bool_(),
    "timestamp": pa.timestamp("us"),
    "date": pa.date32(),
}
INFUSION = datetime(2024, 3, 1)
KEYS: Row = {"patient_id": "p", "infusion_number": 1}

TABLES = Tables(
    **{name: cohort_table(name) for name in COHORT_SCHEMAS},
    days=cohort_table("infusions"),
    present=frozenset(COHORT_SCHEMAS),
)


def at(name: str, day: float) -> Row:
    """A time and its precision under the names of a cohort table."""
    timed = isinstance(day, float)
    precision = "time_precision" if name == "time" else f"{name}_precision"
    return {name: INFUSION + timedelta(days=day), precision: "minute" if timed else "day"}


def event(event_id: str, day: float = 12, code: str | None = None, **more: Any) -> Row:
    """An event; a code brings its class, as the canonical table does."""
    row = KEYS | {"event_id": event_id, "day": int(day // 1), **at("onset", day), "code": code}
    known = code_of(code)
    if known is not None:
        found = class_of(known)
        row |= {
            "code_domain": known.domain,
            "code_category": known.category,
            "code_acuity": known.acuity,
            "code_role": known.role,
            "code_class": found.level_1,
            "code_subclass": found.level_2,
            "side": known.side,
            "vessel": known.vessel,
        }
        if found.site:
            row |= {"site": found.site, "site_by": "code"}
    if more.get("site"):
        more = {"site_by": "record"} | more
    return row | more


def features(event_id: str, values: Mapping[str, Any]) -> list[Row]:
    """The features of an event, one row each; None leaves one out."""
    column = {"bool": "flag", "number": "number", "word": "text"}
    rows = []
    for name, value in values.items():
        known = feature_of(name)
        assert known is not None, name
        if value is not None:
            rows.append({"event_id": event_id, "feature": name, column[known.kind]: value})
    return rows


def haemoglobin(day: float, low: float, high: float | None = None) -> Row:
    """A haemoglobin value in g/dL, or the interval of one."""
    high = low if high is None else high
    return {"patient_id": "p", "analyte": "haemoglobin", "value_low": low, "value_high": high, **at("time", day)}


def red_cells(day: int, dose: float | None, event_id: str | None = None, **more: Any) -> Row:
    """A transfusion of red cells."""
    return KEYS | {"agent": "red_cells", "start_day": day, "dose": dose, "event_id": event_id} | more


def period(kind: str, start: int, end: int | None = None, text: str | None = None) -> Row:
    """A period from day to day."""
    ends: Row = {} if end is None else at("end", end)
    return {"patient_id": "p", "kind": kind, "text": text, **at("start", start), **ends}


def run(
    definition: Definition, parameters: Mapping[str, Any] | None = None, absent: Sequence[str] = (), **tables: list[Row]
) -> dict[str, Row]:
    """The rows of a definition by event, its columns without the name of the definition in front."""
    found = _fetched(definition, parameters or {}, absent, tables)
    assert all(set(row) == {*KEYS, "event_id", *definition.columns} for row in found)
    assert len({row["event_id"] for row in found}) == len(found)
    return {row["event_id"]: {_short(definition, name): value for name, value in row.items()} for row in found}


def rows_of(definition: Definition, **tables: list[Row]) -> dict[tuple[int, str], Any]:
    """The grade by infusion and event, where an event belongs to several infusions."""
    found = _fetched(definition, {}, (), tables)
    return {(row["infusion_number"], row["event_id"]): row[definition.name] for row in found}


def _present(absent: Sequence[str]) -> frozenset[str]:
    """The tables of a record that records central lines, unless its periods are absent."""
    lines = set() if {"periods", "central_lines"} & set(absent) else {"central_lines"}
    return frozenset(COHORT_SCHEMAS) - set(absent) | lines


def _fetched(
    definition: Definition, parameters: Mapping[str, Any], absent: Sequence[str], tables: dict[str, list[Row]]
) -> list[Row]:
    values = resolve({"it": definition.parameters}, {"it": parameters}).scope("it")
    sql = _sql(definition.name, tuple(sorted(values.items())), _present(absent), definition)
    tables.setdefault("infusions", [KEYS | {**at("infusion_time", 0), "infusion_date": INFUSION.date()}])
    with DuckDB(threads=1) as engine:
        for name in COHORT_SCHEMAS:
            engine.load(name, as_arrow(name, tables.get(name, [])))
        return engine.fetch(sql).to_pylist()


_COMPILED: dict[tuple[object, ...], str] = {}


def _sql(name: str, values: tuple[tuple[str, Any], ...], present: frozenset[str], definition: Definition) -> str:
    # Compiling takes a second, and most cases run under the same parameters.
    key = (name, values, present)
    if key not in _COMPILED:
        assert definition.rows is not None
        _COMPILED[key] = compile_sql(definition.rows(replace(TABLES, present=present), dict(values)), "duckdb")
    return _COMPILED[key]


def _short(definition: Definition, name: str) -> str:
    return name.removeprefix(definition.name).removeprefix("__") or "grade"


def as_arrow(name: str, rows: list[Row]) -> pa.Table:
    """Rows as a cohort table; what they lack is null, what it lacks is refused."""
    schema = pa.schema([(column, TYPES[kind]) for column, kind in COHORT_SCHEMAS[name].items()])
    assert all(set(row) <= set(schema.names) for row in rows), name
    return pa.Table.from_pylist([{column: row.get(column) for column in schema.names} for row in rows], schema=schema)
