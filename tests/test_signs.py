"""Signs recorded at moments, and what a clinician recorded of a day, apart from any definition."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import ibis
import pyarrow as pa

from carac.cohort.tables import COHORT_SCHEMAS
from carac.engine.base import compile_sql
from carac.engine.duckdb_engine import DuckDB
from carac.language.daily_grades import deaths, recorded_grades, with_records_and_deaths
from carac.language.signs import KEYS, Sign, filled, last_second, moments, seconds, worst
from carac.vocabulary.types import Worse
from event_tables import INFUSION, TABLES, as_arrow, at
from event_tables import KEYS as PATIENT
from small_tables import TYPES, Columns, rows_of, values_of

NOON = datetime(2024, 3, 2, 12)


def items(*rows: tuple[str, datetime, str, float | None, str | None]) -> Columns:
    """Recorded items: name, time, precision, number and text; all of one patient."""
    columns: Columns = {
        "patient_id": ("string", ["p"] * len(rows)),
        "infusion_number": ("int64", [1] * len(rows)),
        "day": ("int32", [(row[1] - datetime(2024, 3, 1)).days for row in rows]),
        "item": ("string", [row[0] for row in rows]),
        "time": ("timestamp", [row[1] for row in rows]),
        "time_precision": ("string", [row[2] for row in rows]),
        "number": ("float64", [row[3] for row in rows]),
        "text": ("string", [row[4] for row in rows]),
    }
    return columns


def test_a_date_spans_its_day_to_the_last_second() -> None:
    midnight = datetime(2024, 3, 2)
    table = items(("temperature", midnight, "day", 38, None), ("temperature", NOON, "minute", 38, None))

    def made(t: ibis.Table) -> dict[str, ibis.Value]:
        return {"span": last_second(t.time, t.time_precision) - seconds(t.time)}

    # 24 hours of 3600 seconds, and the next date starts a second later.
    assert values_of(table, made) == [(86399,), (0,)]


def test_of_several_values_at_once_the_worst_stands() -> None:
    signs = [
        Sign("temperature"),
        Sign("systolic_pressure", worse=Worse.LOWER),
        Sign("consciousness", {"awake": 0, "drowsy": 1, "coma": 2}),
    ]
    table = items(
        ("temperature", NOON, "minute", 38, None),
        ("temperature", NOON, "minute", 39, None),
        ("systolic_pressure", NOON, "minute", 80, None),
        ("systolic_pressure", NOON, "minute", 90, None),
        ("consciousness", NOON, "minute", None, "drowsy"),
        ("consciousness", NOON, "minute", None, "awake"),
        # A word that is not in the list says nothing.
        ("consciousness", NOON, "minute", None, "asleep"),
    )
    (found,) = rows_of(table, lambda t: moments(t, signs, ["temperature"]))
    assert [found[sign.name] for sign in signs] == [39, 80, 1]
    assert (found["assessed"], found["precise"]) == (True, True)


def test_a_moment_is_assessed_only_by_the_items_that_ask_for_it() -> None:
    table = items(("oxygen_flow", NOON, "minute", 2, None))
    (found,) = rows_of(table, lambda t: moments(t, [Sign("temperature")], ["temperature"]))
    assert (found["assessed"], found["temperature"]) == (False, None)


def test_the_worse_end_of_a_group() -> None:
    table: Columns = {"value": ("float64", [1.0, 3.0, 2.0])}
    (found,) = rows_of(
        table, lambda t: t.aggregate(lower=worst(t.value, Worse.LOWER), higher=worst(t.value, Worse.HIGHER))
    )
    assert (found["lower"], found["higher"]) == (1, 3)


def test_a_value_stands_in_for_some_hours_and_the_worst_of_a_date_for_the_date() -> None:
    table = items(
        ("temperature", datetime(2024, 3, 2), "day", 37.5, None),
        ("temperature", datetime(2024, 3, 2, 8), "minute", 39, None),
        ("temperature", datetime(2024, 3, 2, 9), "minute", 38, None),
        ("pulse", datetime(2024, 3, 2, 7), "minute", 80, None),
        ("pulse", datetime(2024, 3, 2, 12), "minute", 80, None),
        ("pulse", datetime(2024, 3, 2, 12, 1), "minute", 80, None),
        ("pulse", datetime(2024, 3, 3), "day", 80, None),
    )
    made = [Sign("temperature"), Sign("pulse")]

    def complete(t: ibis.Table) -> ibis.Table:
        at = moments(t, made, ["temperature"])
        return filled(at, {"temperature": Worse.HIGHER}, hours=3).order_by("earliest", "latest")

    found = [(row["temperature"], row["temperature__own"]) for row in rows_of(table, complete)]
    assert found == [
        # The whole date takes its own value.
        (37.5, 37.5),
        # At 7:00 nothing precedes it: the value of the date stands in.
        (37.5, None),
        (39, 39),
        (38, 38),
        # At 12:00 the last value, not the highest, is 3 hours old; a minute later it is too old.
        (38, None),
        (37.5, None),
        (None, None),
    ]


def test_the_worst_grade_that_a_clinician_recorded_on_a_day() -> None:
    table = items(
        ("recorded_grade:crs", NOON, "minute", 1, None),
        ("recorded_grade:crs", NOON.replace(hour=18), "minute", 3, None),
        ("recorded_grade:crs", NOON.replace(hour=20), "minute", 2, None),
        ("recorded_grade:icans", NOON, "minute", 4, None),
        ("recorded_grade:crs", NOON.replace(day=3), "minute", None, None),
    )
    found = rows_of(table, lambda t: recorded_grades(t, "crs"))
    assert found == [{"patient_id": "p", "infusion_number": 1, "day": 1, "recorded": 3}]


def test_a_death_is_one_of_this_toxicity_where_its_cause_names_it_as_a_word() -> None:
    causes: list[Any] = ["CRS", "grade 5 crs, sepsis", "icrs", "sepsis", None, "CRS"]
    table: Columns = {
        "patient_id": ("string", [str(number) for number in range(len(causes))]),
        "infusion_number": ("int64", [1] * len(causes)),
        "death_day": ("int32", [5, 6, 7, 8, 9, None]),
        "cause_of_death": ("string", causes),
    }
    found = rows_of(table, lambda t: deaths(t, ("crs", "cytokine release")).order_by("day"))
    assert [(row["patient_id"], row["day"], row["died"] is None) for row in found] == [("0", 5, False), ("1", 6, False)]
    assert set(found[0]) == {*KEYS, "day", "died"}


#: Day, lowest and highest grade of the assessments (None: none), the grade that a clinician recorded, and what stands:
#: lowest, highest, grade, and whether the record disagrees.
DAILY: list[tuple[int, Any, Any, tuple[Any, ...]]] = [
    (1, (2, 2), 2, (2, 2, 2, False)),
    (2, (2, 2), 3, (2, 2, 2, True)),
    (3, (2, 2), 1, (2, 2, 2, True)),
    # A record within the range agrees with it, at either end too.
    (4, (1, 3), 1, (1, 3, None, False)),
    (5, (1, 3), 3, (1, 3, None, False)),
    (6, (1, 3), 4, (1, 3, None, True)),
    (7, (2, 2), None, (2, 2, 2, None)),
    # A day of which only the clinician's grade is recorded, and the day of death: grade 5, whatever was assessed.
    (8, None, 2, (None, None, None, None)),
    (9, (3, 4), 4, (5, 5, 5, True)),
]


def test_records_of_a_clinician_and_death_stand_beside_the_grades_once_a_day() -> None:
    graded: Columns = {
        "patient_id": ("string", ["p"] * 8),
        "infusion_number": ("int64", [1] * 8),
        "day": ("int32", [day for day, ends, _, _ in DAILY if ends]),
        "lowest": ("int8", [ends[0] for _, ends, _, _ in DAILY if ends]),
        "highest": ("int8", [ends[1] for _, ends, _, _ in DAILY if ends]),
    }
    table = ibis.table({name: kind for name, (kind, _) in graded.items()}, name="graded")
    sql = compile_sql(with_records_and_deaths(table, TABLES, "crs", ("crs",)).order_by("day"), "duckdb")
    infusion = PATIENT | {**at("infusion_time", 0), "infusion_date": INFUSION.date()}
    records = [
        PATIENT | {"day": day, "item": "recorded_grade:crs", "number": recorded, **at("time", day)}
        for day, _, recorded, _ in DAILY
        if recorded is not None
    ]
    rows = {"infusions": [infusion | {"death_day": 9, "cause_of_death": "CRS"}], "assessments": records}
    with DuckDB(threads=1) as engine:
        for name in COHORT_SCHEMAS:
            engine.load(name, as_arrow(name, rows.get(name, [])))
        engine.load("graded", pa.table({name: pa.array(each, TYPES[kind]) for name, (kind, each) in graded.items()}))
        found = engine.fetch(sql).to_pylist()
    assert [row["day"] for row in found] == [day for day, _, _, _ in DAILY]
    stands = [(row["lowest"], row["highest"], row["grade"], row["disagrees"]) for row in found]
    assert stands == [expected for _, _, _, expected in DAILY]
