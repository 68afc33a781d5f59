"""Stays in hospital, made of periods of care, and which events lie within one."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from typing import Any

import pytest

from carac.cohort.tables import COHORT_SCHEMAS
from carac.engine.base import compile_sql
from carac.engine.duckdb_engine import DuckDB
from carac.language.stays import stays, with_stay
from event_tables import INFUSION, TABLES, Row, as_arrow, event, period


@cache
def _sql(what: str) -> str:
    if what == "stays":
        return compile_sql(stays(TABLES).order_by("stay_start"), "duckdb")
    found = with_stay(TABLES, TABLES.events)
    return compile_sql(found.select("event_id", "inpatient", "stay_start", "stays_known"), "duckdb")


def _rows(what: str, periods: list[Row], events: tuple[Row, ...] = ()) -> list[dict[str, Any]]:
    with DuckDB(threads=1) as engine:
        for name in COHORT_SCHEMAS:
            engine.load(name, as_arrow(name, {"periods": periods, "events": list(events)}.get(name, [])))
        found: list[dict[str, Any]] = engine.fetch(_sql(what)).to_pylist()
    return found


def _day(day: int) -> date:
    return (INFUSION + timedelta(days=day)).date()


WARD, INTENSIVE_CARE = "ward", "intensive_care"
#: Periods by kind, first and last day (None still runs), and the stays that they are, first and last day each.
STAYS = [
    ([], []),
    ([(WARD, 0, 10)], [(0, 10)]),
    # A transfer, written on one day or on two days that follow each other.
    ([(WARD, 0, 10), (INTENSIVE_CARE, 10, 14)], [(0, 14)]),
    ([(WARD, 0, 10), (INTENSIVE_CARE, 11, 14)], [(0, 14)]),
    # A day at home between them: discharged, and admitted again.
    ([(WARD, 0, 10), (WARD, 12, 14)], [(0, 10), (12, 14)]),
    # Intensive care within the period of the ward: what comes after it still touches the ward.
    ([(WARD, 0, 10), (INTENSIVE_CARE, 2, 4), (WARD, 11, 14)], [(0, 14)]),
    ([(WARD, 0, 10), (INTENSIVE_CARE, 2, 4), (WARD, 12, 14)], [(0, 10), (12, 14)]),
    # A day in a day clinic is no stay.
    ([("outpatient", 0, 10)], []),
    ([(WARD, 0, 10), ("outpatient", 11, 11), (WARD, 12, 14)], [(0, 10), (12, 14)]),
    # Of one that still runs, and of several.
    ([(WARD, 0, None)], [(0, None)]),
    ([(WARD, 0, 1), (WARD, 3, 4), (WARD, 6, 7), (INTENSIVE_CARE, 8, None)], [(0, 1), (3, 4), (6, None)]),
]


@pytest.mark.parametrize(("periods", "expected"), STAYS)
def test_a_transfer_is_one_stay(periods: list[tuple[str, int, int | None]], expected: list[Any]) -> None:
    found = _rows("stays", [period(*each) for each in periods])
    ends = [(row["stay_start"], row["stay_end"]) for row in found]
    assert ends == [(_day(first), date.max if last is None else _day(last)) for first, last in expected]
    assert [row["stay_number"] for row in found] == list(range(1, len(expected) + 1))


#: Day of an event of one who is on the ward from day 0 to day 10, and whether the patient was in hospital at it.
INPATIENT = [(-1, False), (0, None), (1, True), (9, True), (10, None), (11, False)]


@pytest.mark.parametrize(("day", "inpatient"), INPATIENT)
def test_on_the_day_of_admission_or_discharge_nobody_knows(day: int, inpatient: bool | None) -> None:
    (found,) = _rows("events", [period(WARD, 0, 4), period(INTENSIVE_CARE, 5, 10)], (event("e", day),))
    assert found["inpatient"] is inpatient
    assert found["stay_start"] == (_day(0) if 0 <= day <= 10 else None)
    assert found["stays_known"] is True


def test_a_stay_that_still_runs_holds_every_later_event() -> None:
    (found,) = _rows("events", [period(WARD, 0)], (event("e", 400),))
    assert (found["inpatient"], found["stay_start"]) == (True, _day(0))


def test_without_any_period_of_care_the_patient_is_an_outpatient_of_whom_nothing_is_known() -> None:
    (found,) = _rows("events", [period("central_line", 0, 20)], (event("e", 5),))
    assert (found["inpatient"], found["stay_start"], found["stays_known"]) == (False, None, False)
    (found,) = _rows("events", [period("outpatient", 0, 20)], (event("e", 5),))
    assert (found["inpatient"], found["stay_start"], found["stays_known"]) == (False, None, True)


def test_periods_of_care_leave_an_event_one_row() -> None:
    periods = [period(WARD, 0, 3), period("outpatient", 5, 6), period(WARD, 8, 12)]
    found = _rows("events", periods, (event("a", 2), event("b", 10)))
    assert {row["event_id"]: row["stay_start"] for row in found} == {"a": _day(0), "b": _day(8)}
    assert len(found) == 2


def test_the_stay_of_another_patient_says_nothing() -> None:
    (found,) = _rows("events", [period(WARD, 0, 10) | {"patient_id": "other"}], (event("e", 5),))
    assert (found["inpatient"], found["stays_known"]) == (False, False)
