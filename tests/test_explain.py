"""Explanations of the teaching cohort: does each say what a doctor has to know to read the case?"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from carac import api
from carac.cohort.labs import LabOptions
from carac.commands import demonstrate, showing
from carac.findings import CaracError
from carac.grading.explanation import Explanation, anticoagulants, consumption, context, measures
from carac.grading.explanation.gathering import gather
from carac.grading.run import Graded
from carac.vocabulary.agents import agents

#: Each case with the day worth reading.
TAUGHT = [(patient, int(case["day_worth_reading"])) for patient, case in demonstrate.teaching_cases().items()]


@pytest.fixture(scope="module")
def graded() -> Iterator[Graded]:
    """The teaching cohort, graded once."""
    cohort = api.grade(api.demo_cohort())
    yield cohort
    cohort.engine.close()


_KEPT: dict[tuple[str, int], Explanation] = {}


def explained(graded: Graded, patient: str, day: int) -> Explanation:
    """The explanation of a patient-day, made once."""
    if (patient, day) not in _KEPT:
        _KEPT[patient, day] = api.explain(graded, patient, day)
    return _KEPT[patient, day]


def lines(explanation: Explanation, heading: str) -> str:
    """The lines of the section whose heading begins so."""
    return "\n".join(
        line for section in explanation.sections if section.heading.startswith(heading) for line in section.lines
    )


#: Patient, day, section, and what it says there.
SAID = [
    ("T01", 3, "What stands out", "low blood pressure without vasopressor, given fluids (lowest systolic 83 mmHg)"),
    ("T01", 3, "What stands out", "fit an acute-phase reaction"),
    ("T01", 3, "What stands out", "Every point is from the platelets"),
    ("T01", 3, "What could explain", "an acute-phase reaction"),
    ("T02", 13, "What stands out", "not compatible with overt DIC (from 5 points on)"),
    ("T02", 13, "What stands out", "Low fibrinogen (1.2 g/L) fits tocilizumab, last given 8 days ago"),
    ("T02", 13, "What stands out", "fibrinogen decreased 2 by its lower limit, 3 with the fall from baseline"),
    ("T02", 13, "What could explain", "Tocilizumab was given on day 4 and 5"),
    ("T02", 13, "What could explain", "which then no longer measure inflammation"),
    ("T02", 13, "What could explain", "C-reactive protein is 1.4 mg/L, suppressed"),
    ("T02", 13, "CTCAE", "fibrinogen is 31.6% of the 3.8 g/L before treatment: at most 50%, grade 3"),
    ("T03", 8, "What stands out", "Consumption fits"),
    ("T03", 8, "What stands out", "ICE grade 1 (ICE 7 of 10). Under positive-pressure ventilation"),
    ("T03", 8, "What could explain", "All four items of the DIC score have worsened"),
    ("T03", 8, "What could explain", "C-reactive protein is 118 mg/L, not suppressed"),
    ("T03", 8, "What could explain", "after that of day 7 and before that of today"),
    ("T04", 29, "What stands out", "Platelets fall a second time: 31 on day 5, 104 on day 17, 25 today"),
    ("T04", 29, "CTCAE", "below 50 (25 itself is not below 25), grade 3"),
    ("T05", 16, "What stands out", "Pattern of IEC-HS: ferritin rises to 22000 ug/L"),
    ("T05", 16, "What could explain", "ferritin is rising: 22000 ug/L, 28 times its value before treatment"),
    ("T05", 16, "What could explain", "All four items of the DIC score have worsened"),
    ("T05", 16, "What could explain", "but not fibrinogen, D-dimer or prothrombin time"),
    ("T06", 20, "What stands out", "catheter-related), with platelets 30: below 50"),
    ("T06", 20, "What stands out", "explains platelets of 30"),
    ("T06", 20, "What stands out", "The 2001 score disagrees: 5 points, compatible with overt DIC"),
    ("T06", 20, "What stands out", "D-dimer points may be those of the clot of day 20"),
    ("T06", 20, "What could explain", "Looked for: neutropenia (neutrophils 1.78 x10^9/L)"),
    ("T06", 20, "What could explain", "below 50 on every count since day 4, 17 days"),
    ("T06", 20, "What could explain", "so heparin did not begin the fall"),
    ("T06", 20, "What was going on", "Central line, since day −6: PICC, brachial vein, right"),
    ("T07", 9, "What stands out", "no grade, because of the intracranial haemorrhage (day 8)"),
    ("T07", 9, "What stands out", "grade 4 (ICE grade 3 (ICE 2 of 10), consciousness grade 2 (awakens to voice)"),
    ("T07", 9, "What stands out", "Platelets 52 are counted after transfusion (day 8)"),
    ("T07", 9, "What could explain", "C-reactive protein is 5.6 mg/L, suppressed"),
    ("T07", 9, "What could explain", "an acute phase that passes, or is blocked, lowers both"),
    ("T08", 52, "What stands out", "from here on late T-ICAHT counts"),
    ("T09", 9, "How the values stand", "Platelet count of day 8: 9 was corrected to 18"),
    ("T09", 9, "How the values stand", "D-dimer 480 ng/mL DDU is 0.96 mg/L FEU (1 DDU is taken as 2 FEU)"),
    ("T09", 9, "How the values stand", "No platelet count on day 4 and 5"),
    ("T09", 9, "CTCAE", "Known only within bounds: Platelet count"),
    ("T10", 9, "What stands out", "Every point is from the platelets"),
    (
        "T10",
        9,
        "What stands out",
        "A child of 7 years: ICANS is graded by CAPD, not ICE. Made for adults: ISTH overt DIC",
    ),
    ("T10", 9, "What stands out", "Low platelets fit suppressed marrow"),
    ("T10", 9, "ASTCT ICANS", "CAPD grade 0 (CAPD 0 of 32)"),
    ("T11", 7, "What stands out", "Consumption hidden by an acute phase: fibrinogen 3.8 g/L"),
    ("T11", 7, "What could explain", "still look normal to any absolute cut-off"),
    ("T11", 7, "What could explain", "There is fever today in spite of it"),
    ("T12", 14, "What stands out", "the record says not because of CRS"),
    ("T12", 14, "What stands out", "Without a recent fever it would not have counted either"),
    (
        "T12",
        14,
        "What stands out",
        "recorded since day 11: the low blood pressure may be from infection, from the bleed, or from more than one",
    ),
    ("T12", 14, "What stands out", "CAR-HEMATOTOX before treatment was 7"),
    ("T12", 14, "ASTCT ICANS", "ICE grade 0 (ICE 10 of 10)"),
    ("T12", 14, "Over the whole course", "Early T-ICAHT, by the authors' code (day 0 to 37): 3"),
    ("T13", 9, "What stands out", "INR 3.9 on warfarin, 1.6 times the 2.4 before treatment: CTCAE 5.0 grade 2"),
    ("T13", 9, "What stands out", "points may be those of warfarin"),
    ("T13", 9, "What could explain", "The record does not say why INR rose from 2.4 to 3.9 on warfarin"),
    (
        "T03",
        9,
        "Place in the sorting",
        "Overt DIC with a clinical event, with the pattern of consumption (place 5 of 0 to 5)",
    ),
    ("T03", 9, "Place in the sorting", "Could explain it, beside the place: suppressed marrow (platelets)."),
    ("T03", 9, "Place in the sorting", "ISTH 2025 is 6 as printed, 4 with explained points set aside"),
    ("T02", 13, "Place in the sorting", "tocilizumab (fibrinogen)"),
    ("T14", 5, "What stands out", "No fever today; graded because the last fever was within 24 hours"),
    ("T14", 6, "What stands out", "No fever today; graded because after tocilizumab (day 4)"),
    ("T14", 5, "Later, not known", "3 days later (day 8): ICANS grade 3"),
]


@pytest.mark.parametrize(("patient", "day", "heading", "sentence"), SAID)
def test_what_a_case_teaches_is_said(graded: Graded, patient: str, day: int, heading: str, sentence: str) -> None:
    assert sentence in lines(explained(graded, patient, day), heading)


#: Patient, day, and what must not be said there.
UNSAID = [
    ("T07", 9, "ICANS (ASTCT): 4"),
    ("T06", 20, "INR 1.07 on enoxaparin"),
    ("T13", 9, "INR increased, absolute 3"),
    ("T14", 5, "lowers fibrinogen"),
    ("T07", 9, "still look normal to any absolute cut-off"),
    ("T12", 14, "It goes with a bleed"),
    ("T12", 14, "ICE: 0"),
    ("T10", 9, "CAPD: 0"),
    ("T02", 13, "x baseline"),
    ("T09", 9, "Not recorded: Platelet count"),
    ("T11", 7, "fits tocilizumab"),
    ("T01", 3, "CRS (ASTCT): 0 to 4"),
    ("T10", 9, "Pattern of IEC-HS"),
    ("T12", 14, "CRS (ASTCT): grade"),
]


@pytest.mark.parametrize(("patient", "day", "sentence"), UNSAID)
def test_what_would_mislead_is_not_said(graded: Graded, patient: str, day: int, sentence: str) -> None:
    assert sentence not in explained(graded, patient, day).as_text()


def test_a_withheld_grade_is_not_among_those_that_nothing_was_recorded_for(graded: Graded) -> None:
    before, _, after = explained(graded, "T07", 9).as_text().partition("Not graded: nothing was recorded")
    assert "ICANS (ASTCT): excluded by an intracranial haemorrhage" in before
    assert after
    assert "ICANS (ASTCT)" not in after.split("\n\n")[0]


#: Patient, day, and what came later: it stands under its own heading and nowhere else in the short form.
LATER = [
    ("T05", 16, "On the next day (day 17): bleeding, haematuria"),
    ("T08", 52, "On the next day (day 53): bleeding, oropharyngeal"),
    ("T08", 52, "Over the whole late window: late T-ICAHT grade 2"),
    ("T10", 9, "On the next day (day 10): bleeding, skin"),
    ("T07", 9, "The bleeding of day 8 was recorded as over on day 30"),
    ("T06", 20, "On the next day (day 21): the central line was taken out"),
]


@pytest.mark.parametrize(("patient", "day", "sentence"), LATER)
def test_what_came_later_is_marked_as_later(graded: Graded, patient: str, day: int, sentence: str) -> None:
    assert sentence in lines(explained(graded, patient, day), "Later, not known on this day")


def test_no_later_day_is_named_before_the_section_of_what_came_later(graded: Graded) -> None:
    """Of every day of every case: a day after it is named only under headings that say so."""
    future = re.compile(r"day (\d+)(?: to (\d+))?")
    for patient, day in TAUGHT:
        for section in explained(graded, patient, day).short().sections:
            if section.heading.startswith("Later"):
                continue
            text = " ".join([*section.lines, *(cell for row in section.rows for cell in row)])
            text = text.replace("after day 30", "").replace("around day 30", "")
            named = [int(number) for pair in future.findall(text) for number in pair if number]
            assert all(number <= day for number in named), (patient, day, section.heading, named)


def test_an_item_that_is_a_grade_is_said_to_be_one(graded: Graded) -> None:
    """ICE 0 is the worst score and grade 0 the best: a bare number beside the item could be either."""
    bare = re.compile(r"\b(ICE|CAPD|consciousness|weakness|hypotension|hypoxia)(:| )\d+(?!\d| of)")
    for patient, day in TAUGHT:
        assert not bare.search(explained(graded, patient, day).as_text()), patient


def test_infection_is_named_in_neutropenia_with_fever_or_low_pressure(graded: Graded) -> None:
    """Also where none is recorded, and never without fever or low pressure."""
    for patient, day in (("T03", 8), ("T11", 7), ("T14", 5), ("T01", 3)):
        assert "no infection is recorded, which does not exclude one" in lines(
            explained(graded, patient, day), "What stands out"
        )
    for patient, day in (("T10", 9), ("T13", 9), ("T08", 52)):
        assert "may be from infection" not in explained(graded, patient, day).as_text()


def test_equal_facts_have_equal_sentences(graded: Graded) -> None:
    """Every score whose points are all from the platelets says so, and no other does."""
    for patient, day in TAUGHT:
        facts = gather(graded, patient, day, None)
        points = {item: measures.points(facts, item) for item in measures.ITEMS}
        alone = bool(points.pop("platelets")) and set(points.values()) == {0}
        headline = lines(explained(graded, patient, day), "What stands out")
        assert ("Every point is from the platelets" in headline) == alone, patient
        moved = len(consumption.moved(facts)) == 4
        assert ("All four items" in lines(explained(graded, patient, day), "What could explain")) == moved, patient


def test_classes_that_explanations_look_for_are_words_of_the_vocabulary() -> None:
    known = {agent.agent_class for agent in agents().values()}
    assert set(anticoagulants._MOVES) | set(anticoagulants.PROLONGS) <= known
    assert known >= context._WITH_PURPOSE


def test_no_title_ends_in_a_comma(graded: Graded) -> None:
    """Where a grade of the whole course has one computation, nothing is said of it."""
    for patient, day in TAUGHT:
        said = lines(explained(graded, patient, day), "Over the whole course")
        assert not re.search(r", *:|, \(", said), said


def test_points_of_each_score_add_up(graded: Graded) -> None:
    """The 2001 scores print every item, so that a reader can add them."""
    for patient, day in TAUGHT:
        for line in lines(explained(graded, patient, day), "ISTH overt DIC").splitlines():
            found = re.match(r"ISTH overt DIC 2001: (\d+) — .*?; (.*?)\. By", line)
            if found:
                assert sum(int(n) for n in re.findall(r" (\d)(?:,|$)", found[2])) == int(found[1]), line


def test_every_grade_shown_has_its_source(graded: Graded) -> None:
    text = lines(explained(graded, "T12", 14), "Sources")
    for source in ("CAR-HEMATOTOX", "ICAHT EHA/EBMT", "T-ICAHT", "ISTH bleeding", "WHO bleeding"):
        assert f"\n{source}" in f"\n{text}", source
    assert "Perl M" in lines(explained(graded, "T02", 13), "Sources")
    assert "Hines MR" in lines(explained(graded, "T05", 16), "Sources")
    assert "Samuelson Bannow" in lines(explained(graded, "T06", 20), "Sources")


def test_a_choice_that_changes_the_day_is_said_and_one_that_cannot_is_not(graded: Graded) -> None:
    """Against a second grading with the other setting: days that change say the choice."""
    names = [d.name for d in graded.plan.definitions if any(p.name == "fib_abnormal" for p in d.parameters)]
    other = api.grade(api.demo_cohort(), {name: {"fib_abnormal": "baseline"} for name in names}, names)
    ours, theirs = (
        {(row["patient_id"], row["day"]): [row[name] for name in names] for row in cohort.patient_days.to_pylist()}
        for cohort in (graded, other)
    )
    other.engine.close()
    for patient, day in TAUGHT:
        said = "fib_abnormal" in lines(explained(graded, patient, day), "Open choices")
        assert said or ours[patient, day] == theirs[patient, day], patient
    assert ours["T02", 13] != theirs["T02", 13]
    assert "haemorrhage_days" not in explained(graded, "T12", 14).as_text()


def test_the_short_form_is_the_first_part_of_the_full_one(graded: Graded) -> None:
    full = explained(graded, "T02", 13)
    short = full.short()
    assert short.sections == full.sections[: len(short.sections)]
    assert [section.heading.split(" (")[0] for section in short.sections] == [
        "What stands out",
        "Place in the sorting of coagulopathy",
        "Values",
        "What could explain them",
        "What was going on",
    ]
    assert len(short.as_text()) < len(full.as_text()) / 2


def test_the_command_prints_the_short_form_unless_asked(capsys: pytest.CaptureFixture[str], graded: Graded) -> None:
    explanation = explained(graded, "T02", 13)
    showing.show_explanation(explanation)
    short = capsys.readouterr().out
    showing.show_explanation(explanation, full=True)
    full = capsys.readouterr().out
    assert "Sources, and how sure they are" in full
    assert "Sources, and how sure they are" not in short
    assert "--full" in short


def test_the_table_has_the_value_before_treatment(graded: Graded) -> None:
    values = next(s for s in explained(graded, "T02", 13).sections if s.heading == "Values")
    place = values.header.index("before treatment")
    assert {row[0]: row[place] for row in values.rows}["Fibrinogen, functional (Clauss) (g/L)"] == "3.8"


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
    explanation = explained(graded, "T09", 9)
    read = json.loads(explanation.as_json())
    assert read["title"] == explanation.title
    assert [s["heading"] for s in read["sections"]] == [s.heading for s in explanation.sections]
    assert [tuple(s["lines"]) for s in read["sections"]] == [s.lines for s in explanation.sections]
    assert [[tuple(r) for r in s["rows"]] for s in read["sections"]] == [list(s.rows) for s in explanation.sections]


def test_a_unit_that_an_option_gave_is_said(tmp_path: Path) -> None:
    """A record without a column for units: the number as written, what it was read as, and where the unit is from."""
    (tmp_path / "infusions.csv").write_text("patient_id,infusion_time\nP1,2024-03-05T11:00\n")
    results = ("platelets,45000", "fibrinogen,95", "inr,1.3")
    rows = "".join(f"P1,2024-03-06T06:30,{result}\n" for result in results)
    (tmp_path / "labs.csv").write_text(f"patient_id,time,analyte,value\n{rows}")
    labs = LabOptions({"platelets": "/uL", "fibrinogen": "mg/dL"})
    graded = api.grade(api.read(tmp_path, api.Reading(labs=labs)), definitions=["isth_overt_dic_2025"])
    said = lines(api.explain(graded, "P1", 1), "How the values stand")
    graded.engine.close()
    assert "Unit taken from the option --unit, the record gives none: Platelet count 45000 is 45 10^9/L" in said
    assert "Clauss) 95 is 0.95 g/L" in said
    assert "INR" not in said, "an INR has no unit"
