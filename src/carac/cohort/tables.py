"""The tables of a cohort: their columns as a record gives them, and as carac works on them.

A *record table* has the columns that a user writes; every one but the keys may be absent. A *cohort table* is typed,
in canonical units, with words checked; the grid and the definitions read only these.
"""

from __future__ import annotations

from dataclasses import dataclass

import ibis


@dataclass(frozen=True)
class RecordTable:
    """One table as a user writes it.

    Parameters
    ----------
    name: name of the file without its ending.
    columns: its columns, in order.
    required: the columns without which it cannot be read.
    times: the columns that hold a date or date-time.
    purpose: one line for the template and the README.
    """

    name: str
    columns: tuple[str, ...]
    required: tuple[str, ...]
    times: tuple[str, ...]
    purpose: str


RECORD_TABLES: dict[str, RecordTable] = {
    table.name: table
    for table in (
        RecordTable(
            "infusions",
            (
                *(
                    "patient_id",
                    "infusion_number",
                    "infusion_time",
                    "product",
                    "target",
                    "disease",
                    "centre",
                    "age",
                    "sex",
                ),
                *("weight", "height", "lymphodepletion_start", "observation_start", "follow_up_end", "death"),
                *("cause_of_death", "progression", "next_therapy"),
            ),
            ("patient_id", "infusion_time"),
            (
                *("infusion_time", "lymphodepletion_start", "observation_start", "follow_up_end", "death"),
                *("progression", "next_therapy"),
            ),
            "one row per infusion: who, what, when, and how it ended",
        ),
        RecordTable(
            "labs",
            (
                *(
                    "patient_id",
                    "time",
                    "analyte",
                    "value",
                    "value_low",
                    "value_high",
                    "unit",
                    "lower_limit",
                    "upper_limit",
                ),
                *("normal_mean", "method", "fasting", "status"),
            ),
            ("patient_id", "time", "analyte"),
            ("time",),
            "one row per laboratory result, with its unit and limits of normal",
        ),
        RecordTable(
            "assessments",
            ("patient_id", "time", "item", "value", "unit"),
            ("patient_id", "time", "item", "value"),
            ("time",),
            "one row per sign: temperature, pressure, oxygen, ICE or CAPD items, consciousness …",
        ),
        RecordTable(
            "treatments",
            (
                *("patient_id", "start", "end", "agent", "dose", "unit", "route", "intent", "indication", "event_id"),
                "beyond_routine",
            ),
            ("patient_id", "start", "agent"),
            ("start", "end"),
            "one row per drug course, blood product or factor concentrate",
        ),
        RecordTable(
            "events",
            (
                *("event_id", "patient_id", "onset", "end", "kind", "site", "vessel", "side", "certainty", "code"),
                *("code_system", "code_position", "present_on_admission", "encounter"),
            ),
            ("event_id", "patient_id", "onset"),
            ("onset", "end"),
            "one row per bleed, thrombosis, infection or diagnosis code",
        ),
        RecordTable(
            "event_features",
            ("event_id", "feature", "value"),
            ("event_id", "feature", "value"),
            (),
            "one row per fact about an event that a scale asks for",
        ),
        RecordTable(
            "periods",
            ("patient_id", "start", "end", "kind", "text"),
            ("patient_id", "start", "kind"),
            ("start", "end"),
            "one row per time in hospital (kind: ward, intensive_care), as an outpatient, or with a central_line; "
            "from start to end, and an empty end means that it still lasts",
        ),
    )
}

#: What the name of a file that `carac synthesize` wrote begins with, before that of its table.
SYNTHETIC = "synthetic_"

#: Only these two are needed; without one of the others, what needs it is null.
NEEDED_TABLES = ("infusions", "labs")

_KEYS = {"patient_id": "string", "infusion_number": "int64"}

COHORT_SCHEMAS: dict[str, dict[str, str]] = {
    "infusions": _KEYS
    | {
        "infusion_time": "timestamp",
        "infusion_time_precision": "string",
        "infusion_date": "date",
        "product": "string",
        "target": "string",
        "disease": "string",
        "centre": "string",
        "age": "float64",
        "sex": "string",
        "weight": "float64",
        "height": "float64",
        "lymphodepletion_start": "timestamp",
        "lymphodepletion_start_precision": "string",
        "observation_start": "timestamp",
        "follow_up_end": "timestamp",
        "death": "timestamp",
        "cause_of_death": "string",
        "progression": "timestamp",
        "next_therapy": "timestamp",
        "infusion_index": "int64",
        "first_day": "int32",
        "last_day": "int32",
        "lymphodepletion_day": "int32",
        "follow_up_end_day": "int32",
        "death_day": "int32",
        "progression_day": "int32",
        "next_therapy_day": "int32",
    },
    "labs": {
        "patient_id": "string",
        "time": "timestamp",
        "time_precision": "string",
        "analyte": "string",
        "analyte_number": "int16",
        "exact": "boolean",
        "has_lower_limit": "boolean",
        "has_upper_limit": "boolean",
        "value_low": "float64",
        "value_high": "float64",
        "lower_limit": "float64",
        "upper_limit": "float64",
    },
    "assessments": _KEYS
    | {
        "day": "int32",
        "time": "timestamp",
        "time_precision": "string",
        "item": "string",
        "number": "float64",
        "text": "string",
    },
    "treatments": _KEYS
    | {
        "start_day": "int32",
        "end_day": "int32",
        "start": "timestamp",
        "start_precision": "string",
        "end": "timestamp",
        "end_precision": "string",
        "agent": "string",
        "agent_class": "string",
        "dose": "float64",
        "unit": "string",
        "route": "string",
        "intent": "string",
        "indication": "string",
        "event_id": "string",
        "beyond_routine": "boolean",
    },
    "events": _KEYS
    | {
        "event_id": "string",
        "day": "int32",
        "end_day": "int32",
        "onset": "timestamp",
        "onset_precision": "string",
        "end": "timestamp",
        "end_precision": "string",
        "kind": "string",
        "site": "string",
        "site_by": "string",
        "vessel": "string",
        "side": "string",
        "certainty": "string",
        "code": "string",
        "code_system": "string",
        "code_position": "string",
        "present_on_admission": "boolean",
        "encounter": "string",
        "code_domain": "string",
        "code_category": "string",
        "code_acuity": "string",
        "code_role": "string",
        "code_class": "string",
        "code_subclass": "string",
    },
    "event_features": {
        "event_id": "string",
        "feature": "string",
        "number": "float64",
        "text": "string",
        "flag": "boolean",
    },
    "periods": {
        "patient_id": "string",
        "start": "timestamp",
        "start_precision": "string",
        "end": "timestamp",
        "end_precision": "string",
        "kind": "string",
        "text": "string",
    },
}


def cohort_table(name: str) -> ibis.Table:
    """A cohort table as an unbound expression."""
    return ibis.table(COHORT_SCHEMAS[name], name=name)
