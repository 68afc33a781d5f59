"""Rows that say the same twice, results that contradict each other, and times that are only dates.

Each of these compares all rows of a table with each other, which takes a while on a large record.
"""

from __future__ import annotations

from carac.cohort.cohort import Cohort
from carac.cohort.row_checks import TIMES, RowCheck, file_of, found
from carac.findings import Finding, Severity

#: So many times at midnight, and no other, look like dates.
_MIDNIGHTS = 20

_SAME = {
    "labs": "patient_id, time, analyte, value_low, value_high, coalesce(status, '')",
    "assessments": "patient_id, time, item, number, text",
    "treatments": 'patient_id, start, "end", agent, dose, unit, route, event_id',
    "event_features": "event_id, feature, number, text, flag",
    "periods": 'patient_id, start, "end", kind, text',
}


def repeated_rows(cohort: Cohort) -> list[Finding]:
    """Rows that repeat an earlier one, events that share an event_id, and results that contradict each other."""
    findings: list[Finding] = []
    for table, same in _SAME.items():
        if table in cohort.present:
            findings.extend(_repeated(cohort, table, same))
    findings.extend(_contradictory_results(cohort))
    if "events" in cohort.present:
        query = """
            SELECT source_row, row_number() OVER (PARTITION BY event_id ORDER BY source_row) AS place
            FROM parsed_events WHERE problem IS NULL"""
        check = RowCheck(
            "duplicate_event",
            Severity.WARNING,
            "place > 1",
            "the event_id of another row stands again in {rows}.",
            "Give each event an event_id of its own.",
            "The features of one are counted to all of that event_id.",
        )
        findings.extend(found(cohort, "events", query, [check]))
    return findings


def _repeated(cohort: Cohort, table: str, same: str) -> list[Finding]:
    """Rows that say exactly what an earlier row says."""
    day = "time_precision = 'day'" if table == "labs" else "false"
    query = f"""
        SELECT source_row, {day} AS day, row_number() OVER (PARTITION BY {same} ORDER BY source_row) AS place
        FROM parsed_{table} WHERE problem IS NULL"""
    checks = [
        RowCheck(
            "duplicate",
            Severity.WARNING,
            "place > 1 AND NOT day",
            "an earlier row is repeated exactly in {rows}.",
            "Export each row once.",
            "No grade changes, but counts of rows are too high.",
        ),
        RowCheck(
            "duplicate",
            Severity.NOTE,
            "place > 1 AND day",
            "an earlier row of the same date, without time of day, is repeated in {rows}.",
            "Write the time of day; then two equal results of a day can be told from one exported twice.",
        ),
    ]
    return found(cohort, table, query, checks)


def _contradictory_results(cohort: Cohort) -> list[Finding]:
    """Different results of one analyte at one minute, of which none replaces the other."""
    query = """
        SELECT source_row, count(*) OVER result > 1 AND (min(value_low) OVER result <> max(value_low) OVER result
            OR min(value_high) OVER result <> max(value_high) OVER result) AS different
        FROM parsed_labs WHERE problem IS NULL AND time_precision = 'minute'
        WINDOW result AS (PARTITION BY patient_id, time, analyte, coalesce(status, ''))"""
    check = RowCheck(
        "contradictory_result",
        Severity.NOTE,
        "different",
        "different values of one analyte at one time in {rows}.",
        "Mark the one that holds as corrected, or the other as preliminary.",
        "Both are kept, and the worse one counts.",
    )
    return found(cohort, "labs", query, [check])


def only_midnights(cohort: Cohort) -> list[Finding]:
    """Tables whose times of day are all midnight."""
    findings = []
    for table in TIMES:
        if table not in cohort.present:
            continue
        column, _ = TIMES[table]
        timed, midnight = cohort.engine.rows(
            f"SELECT count(*), count(*) FILTER (WHERE {column} = date_trunc('day', {column})) "
            f"FROM parsed_{table} WHERE problem IS NULL AND {column}_precision = 'minute'"
        )[0]
        count = int(str(timed))
        if count >= _MIDNIGHTS and count == midnight:
            message = f"all {count} times are at midnight and look like dates."
            cost = "Rules in hours take midnight for the time of day."
            remedy = "Write dates without a time of day."
            file = file_of(cohort, table)
            findings.append(Finding("only_midnight", Severity.WARNING, table, message, remedy, cost, count, file))
    return findings
