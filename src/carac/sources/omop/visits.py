"""Visits of an OMOP record as periods: ward, emergency, intensive care, outpatient."""

from __future__ import annotations

from carac.sources.omop.measurements import PERSONS
from carac.sources.omop.tables import OmopRecord, OmopTable

#: Visit concepts; 262 is a stay that began in the emergency room, 581379 inpatient critical care.
KINDS = {
    "9201": "ward",
    "262": "ward",
    "8717": "ward",
    "9203": "emergency",
    "32037": "intensive_care",
    "581379": "intensive_care",
    "9202": "outpatient",
}


def read_visits(record: OmopRecord) -> None:
    """Make the periods of the record, in `record_periods`."""
    found = [(name, table) for name in ("visit_occurrence", "visit_detail") if (table := record.get(name))]
    if not found:
        return
    record.source("periods", " UNION ALL ".join(_periods(name, table) for name, table in found), found[0][1])
    others = record.engine.rows(
        "SELECT text, count(*) FROM record_periods WHERE kind = 'other' GROUP BY text ORDER BY 2 DESC, 1"
    )
    if others:
        count = sum(int(str(row[1])) for row in others)
        shown = ", ".join(f"{row[0]} ({row[1]})" for row in others[:5])
        message = f"{count} visits are of no kind that carac knows, and were kept as other: {shown}."
        record.note("other_visits", found[0][0], message, count=count)
    record.note(
        "no_lines",
        found[0][0],
        "OMOP visits say nothing of central lines, ventilation or dialysis.",
        cost="A venous event may be counted as one without catheter, unless its code says otherwise.",
    )


def _periods(name: str, table: OmopTable) -> str:
    stem = name.split("_")[0] + ("_detail" if name == "visit_detail" else "")
    concept = table.identifier(f"{stem}_concept_id")
    kinds = " ".join(f"WHEN '{concept_id}' THEN '{kind}'" for concept_id, kind in KINDS.items())
    person = table.identifier("person_id")
    start = table.moment(f"{stem}_start_datetime", f"{stem}_start_date")
    end = table.moment(f"{stem}_end_datetime", f"{stem}_end_date")
    return (
        f'SELECT {person} AS patient_id, {start} AS start, {end} AS "end", '
        f"CASE {concept} {kinds} ELSE 'other' END AS kind, 'visit concept ' || coalesce({concept}, '0') AS text, "
        f"source_row FROM {table.relation} WHERE {person} IN ({PERSONS})"
    )
