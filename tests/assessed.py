"""Tiny records for definitions that read assessments: what is written down, graded in DuckDB, day by day."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb
import ibis
import pyarrow as pa

from carac.cohort.tables import COHORT_SCHEMAS, cohort_table
from carac.engine.base import compile_sql
from carac.language.definition import Definition, Tables
from carac.vocabulary.agents import agents

DIALECTS = ("duckdb", "postgres", "databricks")
ALL = frozenset(COHORT_SCHEMAS)
ARROW: dict[str, pa.DataType] = {
    "string": pa.string(),
    "int64": pa.int64(),
    "int16": pa.int16(),
    "int32": pa.int32(),
    "float64": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
}
INFUSED = dt.datetime(2024, 3, 1)
CASES = Path(__file__).parent / "cases"
Row = dict[str, Any]


def tables(present: frozenset[str] = ALL) -> Tables:
    """The cohort tables, unbound."""
    days = ibis.table({"patient_id": "string", "infusion_number": "int64", "day": "int32"}, name="days")
    return Tables(**{name: cohort_table(name) for name in COHORT_SCHEMAS}, days=days, present=present)


@lru_cache
def sql(
    definition: Definition,
    values: tuple[tuple[str, Any], ...] = (),
    present: frozenset[str] = ALL,
    dialect: str = "duckdb",
) -> str:
    """The SQL of a definition; kept, as compiling takes longer than running."""
    assert definition.rows is not None
    return compile_sql(definition.rows(tables(present), dict(values)), dialect)


def moment(day: int, time: str | None) -> tuple[dt.datetime, str]:
    """A time of a day after infusion and its precision."""
    clock = dt.time.fromisoformat(time) if time else dt.time()
    return dt.datetime.combine(INFUSED.date() + dt.timedelta(days=day), clock), "minute" if time else "day"


def assessment(day: int, time: str | None, **items: float | str) -> list[Row]:
    """Items recorded at once; ``time`` None where only the date is known."""
    at, precision = moment(day, time)
    return [
        {
            "day": day,
            "time": at,
            "time_precision": precision,
            "item": item,
            "number": float(value) if isinstance(value, int | float) else None,
            "text": value if isinstance(value, str) else None,
        }
        for item, value in items.items()
    ]


def course(agent: str, day: int, time: str | None, end_day: int | None = None, end_time: str | None = None) -> Row:
    """A course of treatment."""
    start, precision = moment(day, time)
    end, end_precision = moment(end_day, end_time) if end_day is not None else (None, None)
    return {
        "agent": agent,
        "agent_class": agents()[agent].agent_class,
        "start": start,
        "start_day": day,
        "start_precision": precision,
        "end": end,
        "end_day": end_day,
        "end_precision": end_precision,
    }


def bleed(day: int, time: str | None = None, end_day: int | None = None, **columns: str) -> Row:
    """A bleeding event."""
    onset, precision = moment(day, time)
    return {
        "event_id": "e",
        "kind": "bleeding",
        "day": day,
        "onset": onset,
        "onset_precision": precision,
        "end_day": end_day,
    } | columns


def grade(
    definition: Definition,
    *assessments: Iterable[Row],
    treatments: Iterable[Row] = (),
    events: Iterable[Row] = (),
    infusion: Mapping[str, Any] | None = None,
    present: frozenset[str] = ALL,
    **values: Any,
) -> dict[int, Row]:
    """The rows of the result by day, with the name of the definition taken off the columns ("grade" is the grade)."""
    records = {
        "infusions": [{"age": 50.0} | dict(infusion or {})],
        "assessments": [row for rows in assessments for row in rows],
        "treatments": list(treatments),
        "events": list(events),
    }
    connection = duckdb.connect()
    for name, schema in COHORT_SCHEMAS.items():
        rows = [{"patient_id": "p", "infusion_number": 1} | row for row in records.get(name, [])]
        arrow = pa.schema([(column, ARROW[kind]) for column, kind in schema.items()])
        connection.register(name, pa.Table.from_pylist(rows, schema=arrow))
    result = connection.execute(sql(definition, tuple(sorted(values.items())), present))
    columns = [column[0] for column in result.description]
    assert columns == ["patient_id", "infusion_number", "day", *definition.columns]
    short = [column.removeprefix(definition.name).removeprefix("__") or "grade" for column in columns]
    named = [dict(zip(short, row, strict=True)) for row in result.fetchall()]
    by_day = {row["day"]: row for row in named}
    assert len(by_day) == len(named)
    return by_day


def cases(file: str) -> list[Any]:
    """The worked examples of the catalogue in one case file."""
    return list(tomllib.loads((CASES / file).read_text(encoding="utf-8"))["case"])


def check_case(definition: Definition, case: Mapping[str, Any]) -> None:
    """Grade a worked example and compare every expected column."""
    assessments = [
        assessment(row["day"], row.get("time"), **{row["item"]: _value(row["value"])})
        for row in case.get("assessments", [])
    ]
    treatments = [
        course(row["agent"], row["day"], row.get("time"), row.get("end_day")) for row in case.get("treatments", [])
    ]
    parameters = {name.partition(".")[2]: value for name, value in case.get("parameters", {}).items()}
    days = grade(
        definition, *assessments, treatments=treatments, infusion={"age": case["infusion"].get("age")}, **parameters
    )
    for expected in case["expect"]:
        name = expected["column"].removeprefix(definition.name).removeprefix("__") or "grade"
        row = days.get(expected["day"], {})
        assert row.get(name) == (None if expected["value"] == "null" else expected["value"])
        for end in ("lowest", "highest"):
            assert end not in expected or row.get(end) == expected[end]


def _value(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text
