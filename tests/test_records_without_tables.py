"""Records that hold no table of treatments and none of events: what these would have said is unknown, not absent.

The case files have every table, if an empty one, which says that nothing was given and nothing happened.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from support.case_files import Case, record_rows, write_record
from support.engines import grade, open_engine, read_record, results

PRESENT = ("infusions", "labs", "assessments")
GRADED = (
    "astct_crs",
    "astct_icans",
    "platelet_recovery_20",
    "fibrinogen_course_proposal",
    "icaht_early_as_printed",
    "haemostatic_events_proposal",
    "carac_proposal",
    "platelet_refractoriness_proposal",
    "neutrophil_refractoriness_proposal",
    "platelet_independence_proposal",
    "recent_thrombosis_proposal",
    "platelet_nadirs_proposal",
)
#: Asked for, although nobody wrote down what was given.
PARAMETERS = {"icaht_early_as_printed": {"gcsf_handling": "flag"}}
FEVER = {"temperature": "39.0", "fever_due_to_other_cause": "no", "oxygen_device": "none"}


def signs(**said: str) -> list[dict[str, Any]]:
    """What was written down on day 2 at eight."""
    units = {"temperature": "degC"}
    return [{"day": 2, "item": item, "value": value, "unit": units.get(item)} for item, value in said.items()]


def counts(analyte: str, unit: str, **days: str) -> list[dict[str, Any]]:
    """Daily values; `day_3="9"` is the one of day 3."""
    return [
        {"day": int(day.removeprefix("day_")), "analyte": analyte, "value": value, "unit": unit}
        for day, value in days.items()
    ]


def coagulation(platelets: str, d_dimer: str) -> dict[str, Any]:
    """Day 2, all else normal."""
    values = {
        "platelets": ("10^9/L", platelets, None),
        "prothrombin_time": ("s", "13", 13),
        "aptt": ("s", "35", 35),
        "fibrinogen": ("g/L", "3.0", None),
        "d_dimer": ("mg/L{FEU}", d_dimer, 0.5),
    }
    labs = [
        {"day": 2, "analyte": analyte, "value": value, "unit": unit, "upper": upper}
        for analyte, (unit, value, upper) in values.items()
    ]
    return {"labs": labs, "assessments": signs(unexplained_shock="no", unexplained_embolism="no")}


#: Patient, what is known of them, and the columns that follow: of day 2 where signs were written down, else of the
#: infusion.
Patient = tuple[dict[str, Any], dict[str, Any]]


def crs(grade: int | None, lowest: int, highest: int, hypotension: int | None) -> dict[str, Any]:
    """Grade, bounds and axis of CRS."""
    columns = {"": grade, "__lowest": lowest, "__highest": highest, "__hypotension": hypotension}
    return {f"astct_crs{suffix}": value for suffix, value in columns.items()}


PATIENTS: dict[str, Patient] = {
    # Catalogue 1.1: hypotension without a vasopressor is 2, with one 3, with two 4; nobody knows of vasopressors.
    "hypotension": ({"assessments": signs(**FEVER, hypotension="yes")}, crs(None, 2, 4, None)),
    "fluids": (
        {"assessments": signs(**FEVER, hypotension="yes", hypotension_treatment="fluids")},
        crs(2, 2, 2, 2),
    ),
    "untreated": (
        {"assessments": signs(**FEVER, hypotension="yes", hypotension_treatment="none")},
        crs(2, 2, 2, 2),
    ),
    "no_hypotension": ({"assessments": signs(**FEVER, hypotension="no")}, crs(1, 1, 1, 0)),
    "no_hypotension_untreated": (
        {"assessments": signs(**FEVER, hypotension="no", hypotension_treatment="none")},
        crs(1, 1, 1, 0),
    ),
    "blood_pressure_unknown": ({"assessments": signs(**FEVER)}, crs(None, 1, 4, None)),
    # Whether a bleed kept the grade out is not known, so that a grade of a clinician alone differs from nothing.
    "recorded_grade_alone": (
        {"assessments": signs(**{"recorded_grade:astct_icans": "3"})},
        {
            "astct_icans": None,
            "astct_icans__recorded": 3,
            "astct_icans__in_intracranial_haemorrhage": None,
            "astct_icans__disagrees": None,
        },
    ),
    "recorded_grade_beside": (
        {"assessments": signs(ice_total="8", consciousness="awake", **{"recorded_grade:astct_icans": "3"})},
        {
            "astct_icans": 1,
            "astct_icans__in_intracranial_haemorrhage": None,
            "astct_icans__disagrees": True,
        },
    ),
    # Catalogue 2.4: the first of three values from 20 on; whether platelets were given in the 7 days before, who knows.
    "platelets_rose": (
        {"labs": counts("platelets", "10^9/L", day_3="10", day_5="25", day_6="26", day_7="27")},
        {
            "platelet_recovery_20": None,
            "platelet_recovery_20__lowest": 5,
            "platelet_recovery_20__highest": None,
            "platelet_recovery_20__status": None,
        },
    ),
    "platelets_stayed_low": (
        {"labs": counts("platelets", "10^9/L", day_3="10", day_5="15", day_6="16", day_7="17")},
        {"platelet_recovery_20": None, "platelet_recovery_20__status": "not_recovered"},
    ),
    "fibrinogen_fell": (
        {"labs": counts("fibrinogen", "g/L", day_2="6.0", day_5="4.0", day_8="1.8")},
        {
            "fibrinogen_course_proposal": 1.8,
            "fibrinogen_course_proposal__pattern": "masked_fall",
            "fibrinogen_course_proposal__replaced": None,
            "fibrinogen_course_proposal__after_tocilizumab": None,
        },
    ),
    # Catalogue 5.2: a bleed that nobody would have written down makes it CARAC with DIC; ISTH 2025 is 5 here.
    "overt_dic": (
        coagulation("40", "4.0"),
        {
            "carac_proposal": None,
            "carac_proposal__lowest": 1,
            "carac_proposal__highest": 3,
            "carac_proposal__laboratory_dic": None,
            "carac_proposal__linked_event": None,
            "haemostatic_events_proposal": None,
            "haemostatic_events_proposal__lowest": None,
            "haemostatic_events_proposal__highest": None,
            "haemostatic_events_proposal__worst_bleed": None,
        },
    ),
    "normal_coagulation": (
        coagulation("200", "0.4"),
        {
            "carac_proposal": 0,
            "carac_proposal__laboratory_dic": False,
            "carac_proposal__linked_event": None,
            "recent_thrombosis_proposal": None,
            "recent_thrombosis_proposal__days_before": None,
        },
    ),
    "neutropenia": (
        {"labs": counts("neutrophils", "/uL", **{f"day_{day}": "300" for day in range(3, 14)})},
        {
            "icaht_early_as_printed__gcsf": None,
            "neutrophil_refractoriness_proposal": None,
            "neutrophil_refractoriness_proposal__status": None,
            "platelet_refractoriness_proposal": None,
            "platelet_refractoriness_proposal__status": None,
            "platelet_refractoriness_proposal__transfusion_days": None,
            "platelet_independence_proposal": None,
            "platelet_independence_proposal__status": None,
            "platelet_independence_proposal__transfused_again": None,
        },
    ),
}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Mapping[str, Any]]:
    """The rows of day 2 beside those of the infusion, by patient."""
    cases = [Case(name, {"id": "p", **content}) for name, (content, _) in PATIENTS.items()]
    every = record_rows(cases)
    folder = write_record(tmp_path_factory.mktemp("record"), {name: every[name] for name in PRESENT})
    read = read_record(folder, PARAMETERS)
    assert read.set_aside == []
    made = [rows.to_pylist() for rows in results(grade(open_engine("duckdb"), read, GRADED)).values()]
    by_patient: dict[str, dict[str, Any]] = {name: {} for name in PATIENTS}
    for row in (row for rows in made for row in rows if row.get("day", 2) == 2):
        by_patient[row["patient_id"].partition("::")[0]] |= row
    return by_patient


@pytest.mark.parametrize("patient", PATIENTS)
def test_what_a_missing_table_would_have_said_is_unknown(patient: str, found: Mapping[str, Mapping[str, Any]]) -> None:
    expected = PATIENTS[patient][1]
    assert {column: found[patient][column] for column in expected} == expected
