"""Explanations of the teaching cohort: does each say what a doctor has to know to read the case?"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from carac import api
from carac.findings import CaracError
from carac.grading.explanation import Explanation
from carac.grading.run import Graded


@pytest.fixture(scope="module")
def graded() -> Iterator[Graded]:
    """The teaching cohort, graded once."""
    cohort = api.grade(api.demo_cohort())
    yield cohort
    cohort.engine.close()


def lines(explanation: Explanation, heading: str) -> str:
    """The lines of the section whose heading begins so."""
    return "\n".join(
        line for section in explanation.sections if section.heading.startswith(heading) for line in section.lines
    )


#: Patient, day, section, and what it says there.
SAID = [
    ("T01", 3, "What stands out", "low blood pressure without vasopressor, given fluids"),
    ("T01", 3, "What could explain", "an acute-phase reaction"),
    ("T02", 13, "What stands out", "not compatible with overt DIC"),
    ("T02", 13, "What could explain", "Tocilizumab was given on day 4 and 5"),
    ("T02", 13, "What could explain", "C-reactive protein is 1.4 mg/L, suppressed"),
    ("T03", 8, "What could explain", "All four items of the DIC score have worsened"),
    ("T03", 8, "What could explain", "C-reactive protein is 118 mg/L, not suppressed"),
    ("T04", 29, "What stands out", "Platelets fall a second time: 31 on day 5, 104 on day 17, 25 today"),
    ("T05", 16, "What could explain", "ferritin is rising: 22000 ug/L, 28 times its value before treatment"),
    ("T06", 20, "What stands out", "catheter-related), with platelets 30: below 50"),
    ("T06", 20, "What was going on", "Central line from day −6 to day 21: PICC, brachial vein, right"),
    ("T07", 9, "What stands out", "no grade, because of the intracranial haemorrhage (day 8)"),
    ("T07", 9, "What stands out", "Without it they would be grade 4 (ICE 3, consciousness 2, weakness 4)"),
    ("T08", 52, "What stands out", "late T-ICAHT counts it (grade 2 in the end)"),
    ("T09", 9, "How the values stand", "Platelet count of day 8: 9 was corrected to 18"),
    ("T09", 9, "How the values stand", "D-dimer 480 ng/mL DDU is 0.96 mg/L FEU (1 DDU is taken as 2 FEU)"),
    ("T09", 9, "How the values stand", "No platelet count on day 4 and 5"),
    ("T10", 9, "What stands out", "Every point is from the platelets"),
    ("T11", 7, "What could explain", "still look normal to any absolute cut-off"),
    ("T12", 14, "What stands out", "the record says not because of CRS"),
    ("T12", 14, "What stands out", "CAR-HEMATOTOX before treatment was 7"),
    ("T13", 9, "What stands out", "INR 3.9 on warfarin, 1.6 times the 2.4 before treatment: CTCAE 5.0 grade 2"),
    ("T13", 9, "What stands out", "points may be those of warfarin"),
    ("T14", 5, "What stands out", "No fever today; graded because the last fever was within 24 hours"),
    ("T14", 6, "What stands out", "No fever today; graded because after tocilizumab (day 4)"),
    ("T14", 5, "What was going on", "in the next 3 days grade 3 (day 8)"),
]


@pytest.mark.parametrize(("patient", "day", "heading", "sentence"), SAID)
def test_what_a_case_teaches_is_said(graded: Graded, patient: str, day: int, heading: str, sentence: str) -> None:
    assert sentence in lines(api.explain(graded, patient, day), heading)


#: Patient, day, and what must not be said there.
UNSAID = [
    ("T07", 9, "Not graded: nothing was recorded"),
    ("T07", 9, "ICANS (ASTCT): 4"),
    ("T06", 20, "INR 1.07 on enoxaparin"),
    ("T13", 9, "INR increased, absolute 3"),
    ("T14", 5, "lowers fibrinogen"),
    ("T10", 9, "IEC-HS"),
    ("T12", 14, "CRS (ASTCT): grade"),
]


@pytest.mark.parametrize(("patient", "day", "sentence"), UNSAID)
def test_what_would_mislead_is_not_said(graded: Graded, patient: str, day: int, sentence: str) -> None:
    assert sentence not in api.explain(graded, patient, day).as_text()


def test_every_day_can_be_explained(graded: Graded) -> None:
    """Also days without any value, before day 0 and after the last assessment."""
    rows = graded.engine.fetch("SELECT patient_id, first_day, last_day FROM infusions").to_pylist()
    for row in rows:
        for day in (row["first_day"], -1, 0, 30, 31, row["last_day"]):
            if row["first_day"] <= day <= row["last_day"]:
                assert api.explain(graded, row["patient_id"], day).sections


def test_an_unknown_patient_is_told_which_there_are(graded: Graded) -> None:
    with pytest.raises(CaracError, match="There is no patient 'T99' with an infusion; the first ones are T01, T02"):
        api.explain(graded, "T99", 3)


def test_an_unknown_day_is_told_which_there_are(graded: Graded) -> None:
    with pytest.raises(CaracError, match=r"Patient T01 has no day 999; the grid runs from day -?\d+ to \d+\."):
        api.explain(graded, "T01", 999)


def test_an_unknown_infusion_is_told_which_there_are(graded: Graded) -> None:
    with pytest.raises(CaracError, match=r"Patient T01 has no infusion 2; there are 1\."):
        api.explain(graded, "T01", 3, infusion=2)


def test_json_holds_all_that_the_text_holds(graded: Graded) -> None:
    explanation = api.explain(graded, "T09", 9)
    read = json.loads(explanation.as_json())
    assert read["title"] == explanation.title
    assert [s["heading"] for s in read["sections"]] == [s.heading for s in explanation.sections]
    assert [tuple(s["lines"]) for s in read["sections"]] == [s.lines for s in explanation.sections]
    assert [[tuple(r) for r in s["rows"]] for s in read["sections"]] == [list(s.rows) for s in explanation.sections]
