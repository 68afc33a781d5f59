"""Runs the kept queries of a definition on the rows of a few cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from carac.engine.duckdb_engine import DuckDB
from carac.grading.by_hand.case import Case

Row = dict[str, Any]


def graded(queries: Mapping[str, Any], cases: Sequence[Case]) -> dict[str, Row]:
    """The result row of each case, by patient; one that has no row (no event, no day in the window) is left out.

    Parameters
    ----------
    queries: of `kept.queries`.
    cases: all with the tables that the queries were made for, each with a patient of its own.
    """
    engine = DuckDB(threads=1)
    try:
        engine.make_small()
        for name, columns in queries["tables"].items():
            made = ", ".join(f'"{column}" {kind}' for column, kind in columns.items())
            engine.connection.execute(f'CREATE TABLE "{name}" ({made})')
            rows = [row for case in cases for row in case.rows.get(name, [])]
            used = list(dict.fromkeys(column for row in rows for column in row))
            engine.insert(name, used, [[row.get(column) for column in used] for row in rows])
        infusions = [row for case in cases for row in case.rows["infusions"]]
        first, last = min(r["first_day"] for r in infusions), max(r["last_day"] for r in infusions)
        engine.connection.execute(
            f"CREATE TABLE day_numbers AS SELECT range::INTEGER AS day FROM range({int(first)}, {int(last) + 1})"
        )
        for name, sql, view in queries["steps"]:
            engine.create(name, sql, view)
        result = engine.connection.execute(queries["result"])
        columns = [column[0] for column in result.description or []]
        found = [dict(zip(columns, values, strict=True)) for values in result.fetchall()]
    finally:
        engine.close()
    days = {case.patient: case.day for case in cases}
    return {row["patient_id"]: row for row in found if "day" not in row or row["day"] == days[row["patient_id"]]}
