"""Conditions on the rows of a table, each told in one finding with its count, its file and its first rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from carac.cohort.cohort import Cohort
from carac.cohort.setting_aside import ROWS, counted_rows
from carac.cohort.tables import SYNTHETIC
from carac.findings import Finding, Severity

#: Time column of each table of a patient, and what one row is called.
TIMES = {
    "labs": ("time", "result"),
    "assessments": ("time", "assessment"),
    "treatments": ("start", "course"),
    "events": ("onset", "event"),
    "periods": ("start", "period"),
}


@dataclass(frozen=True)
class RowCheck:
    """A condition on the rows of a query, and what is said where it holds.

    `message` takes the number of rows at ``{rows}``.
    """

    kind: str
    severity: Severity
    condition: str
    message: str
    remedy: str = ""
    cost: str = ""


def file_of(cohort: Cohort, table: str) -> str:
    """Name of the file of a table; empty where the record is no folder of files."""
    names = [name for name in cohort.files if name.split(".")[0].lower().removeprefix(SYNTHETIC) == table]
    return names[0] if names else ""


def found(cohort: Cohort, table: str, query: str, checks: Sequence[RowCheck]) -> list[Finding]:
    """The findings of several conditions on one query, in one pass over it."""
    measures = ", ".join(
        f"count(*) FILTER (WHERE {check.condition}), min(source_row, {ROWS}) FILTER (WHERE {check.condition})"
        for check in checks
    )
    values = cohort.engine.rows(f"SELECT {measures} FROM ({query})")[0]
    findings = []
    for place, check in enumerate(checks):
        count, first = int(str(values[2 * place])), values[2 * place + 1]
        if count:
            rows = tuple(int(row) for row in first) if isinstance(first, list) else ()
            message = check.message.replace("{rows}", counted_rows(count))
            file = file_of(cohort, table)
            findings.append(
                Finding(check.kind, check.severity, table, message, check.remedy, check.cost, count, file, rows)
            )
    return findings
