"""The sorting of coagulopathy: each teaching patient has its place, one fact moves a pair, bounds are exact.

Only the definitions of the sorting are graded. The rules themselves are held by tests/cases/sorting*.toml.
"""

from __future__ import annotations

import csv
import itertools
import math
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from carac import api, figures
from carac.analysis.sorting_recovery import Confusion
from carac.definitions.proposals.sorting.places import WORDS
from carac.grading.run import Graded
from carac.report.figures.places_by_day import COLOURS
from carac.report.material import gather
from carac.report.options import Options
from carac.report.sections import sorting as section
from carac.vocabulary.types import Grain
from needs import ROOT
from support.patients import Patient, Result, graded_rows, record

COHORT = ROOT / "src" / "carac" / "examples" / "sorting_cohort"
GENERATOR = ROOT / "tools" / "make_sorting_cohort.py"
NAMES = ("sorting_patient_proposal", "dic_and_death_proposal", "dic_agreement_proposal")
PLACE, PATIENT, DEATH = "sorting_proposal", "sorting_patient_proposal", "dic_and_death_proposal"


def read(table: str) -> list[dict[str, str]]:
    with (COHORT / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


CASES = {row["patient_id"]: row for row in read("cases")}
PAIRS = {name: row for name, row in CASES.items() if row["pair_of"]}


@pytest.fixture(scope="module")
def graded() -> Any:
    """The cohort of the sorting, graded once."""
    found = api.grade(str(COHORT), definitions=list(NAMES))
    yield found
    found.engine.close()


@pytest.fixture(scope="module")
def infusions(graded: Graded) -> Mapping[str, Mapping[str, Any]]:
    return {row["patient_id"]: row for row in graded.infusions.to_pylist()}


# ---- the shipped cohort


@pytest.mark.parametrize("patient", CASES)
def test_a_case_has_the_place_that_it_teaches(patient: str, infusions: Mapping[str, Mapping[str, Any]]) -> None:
    row = infusions[patient]
    assert row[f"{PATIENT}__word"] == CASES[patient]["place"]
    assert row[PATIENT] == WORDS.index(CASES[patient]["place"]), "nothing is missing in these courses"


def test_each_place_has_three_patients_and_a_pair() -> None:
    places = Counter(row["place"] for row in CASES.values())
    assert set(places) == set(WORDS)
    assert min(places.values()) >= 3
    in_pairs = {CASES[name]["place"] for pair in PAIRS.values() for name in (pair["patient_id"], pair["pair_of"])}
    assert in_pairs == set(WORDS)


def facts(patient: str, table: str) -> Counter[tuple[str, ...]]:
    """The rows of a patient without whose they are."""
    events = {row["event_id"] for row in read("events") if row["patient_id"] == patient}
    rows = [row for row in read(table) if row.get("patient_id") == patient or row.get("event_id") in events]
    return Counter(tuple(v for k, v in row.items() if k not in ("patient_id", "event_id")) for row in rows)


@pytest.mark.parametrize("patient", PAIRS)
def test_a_pair_differs_in_one_fact(patient: str) -> None:
    """One row of one table, or what one new event brings with it."""
    table, what = PAIRS[patient]["differs_in"].split(": ", 1)
    tables = ("infusions", "labs", "assessments", "treatments", "events", "event_features", "periods")
    changed = {
        name: (facts(patient, name) - facts(PAIRS[patient]["pair_of"], name)).total()
        for name in tables
        if facts(patient, name) != facts(PAIRS[patient]["pair_of"], name)
    }
    if table == "events":
        assert set(changed) == {"events", "event_features"} and changed["events"] == 1, what
    elif what.startswith("neutrophils"):
        # Leukocytes are neutrophils and others: both are printed.
        assert changed == {"labs": 2}
    else:
        assert changed == {table: 1}, what


@pytest.mark.parametrize(
    ("patient", "column"),
    [
        *((p, f"{PATIENT}__word") for p in ("P04", "P07", "P09", "P11", "P16")),
        ("P14", f"{PATIENT}__dic_reading"),
        ("P18", DEATH),
    ],
)
def test_the_one_fact_changes_it(patient: str, column: str, infusions: Mapping[str, Mapping[str, Any]]) -> None:
    assert infusions[patient][column] != infusions[PAIRS[patient]["pair_of"]][column]


def test_with_dic_from_dic_and_where_nobody_can_tell(infusions: Mapping[str, Mapping[str, Any]]) -> None:
    said = {name: infusions[name][DEATH] for name in ("P01", "P15", "P17", "P18", "P19")}
    assert said == {"P01": "no_dic", "P15": "alive", "P17": "from_dic", "P18": "adjudicate", "P19": "with_dic"}


def test_the_generator_writes_what_is_shipped(tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(GENERATOR), str(tmp_path)], check=True)
    assert {file.name for file in tmp_path.iterdir()} == {file.name for file in COHORT.iterdir()}
    for file in COHORT.iterdir():
        assert (tmp_path / file.name).read_bytes() == file.read_bytes(), file.name


# ---- what holds for every record

#: Values on both sides of every cut of the five items and of ISTH 2025.
FILLING = {
    "platelets": [Result("platelets", value) for value in ("20", "75", "150")],
    "d_dimer": [Result("d_dimer", value, upper="0.5") for value in ("0.4", "2", "4", "6")],
    "prothrombin_time": [Result("prothrombin_time", value, upper="13") for value in ("14", "17", "20")],
    "fibrinogen": [Result("fibrinogen", value) for value in ("0.9", "1.2", "2")],
    "aptt": [Result("aptt", value, upper="35") for value in ("35", "50")],
}
QUIET = [
    Patient(tuple(known.values()))
    for known in (
        {"platelets": FILLING["platelets"][0]},
        {"platelets": FILLING["platelets"][2], "fibrinogen": FILLING["fibrinogen"][1]},
        {"d_dimer": FILLING["d_dimer"][3], "aptt": FILLING["aptt"][1]},
        {name: options[-1] for name, options in FILLING.items() if name != "d_dimer"},
        {name: options[0] for name, options in FILLING.items() if name != "prothrombin_time"},
    )
]


def with_event_table(patients: list[Patient]) -> dict[str, Any]:
    """The record with a table of events in which nobody of them bled."""
    rows: dict[str, Any] = dict(record(patients))
    rows["events"] = [{"event_id": "e9", "patient_id": "000000", "onset": "2025-06-01", "kind": "bleeding"}]
    return rows


def test_bounds_are_the_extremes_of_all_completions(tmp_path: Path) -> None:
    flat: list[Patient] = []
    for patient in QUIET:
        known = {result.analyte: [result] for result in patient.results}
        options = [known.get(name, filling) for name, filling in FILLING.items()]
        flat += [patient, *(Patient(completion) for completion in itertools.product(*options))]
    rows = iter(graded_rows(tmp_path, with_event_table(flat), [PLACE]))
    for patient in QUIET:
        known_names = {result.analyte for result in patient.results}
        number = 1
        for name, filling in FILLING.items():
            number *= 1 if name in known_names else len(filling)
        found, places = next(rows), [next(rows)[PLACE] for _ in range(number)]
        assert None not in places
        assert (found[f"{PLACE}__lowest"], found[f"{PLACE}__highest"]) == (min(places), max(places)), patient
        assert found[PLACE] == (min(places) if min(places) == max(places) else None)


def test_an_unrelated_patient_changes_nothing(tmp_path: Path) -> None:
    alone = graded_rows(tmp_path, record(QUIET), [PLACE])
    beside = graded_rows(tmp_path, record([*QUIET, Patient(tuple(o[0] for o in FILLING.values()))]), [PLACE])
    assert beside[: len(alone)] == alone


def test_without_a_table_of_events_an_abnormal_day_may_be_carac(tmp_path: Path) -> None:
    full = Patient(tuple(options[-1] for options in FILLING.values()))
    low = Patient((FILLING["platelets"][1], *(options[-1] for options in list(FILLING.values())[1:])))
    quiet, abnormal = graded_rows(tmp_path, record([full, low]), [PLACE])
    assert quiet[f"{PLACE}__highest"] > quiet[f"{PLACE}__lowest"]
    assert abnormal[PLACE] is None
    assert abnormal[f"{PLACE}__highest"] >= 3


# ---- the pages of the proof


def test_the_pages_are_what_the_stored_figures_make(tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(ROOT / "tools" / "make_sorting_docs.py"), str(tmp_path)], check=True)
    for page in ("sorting_truth.md", "versions.md"):
        assert (tmp_path / page).read_text(encoding="utf-8") == (ROOT / "docs" / page).read_text(encoding="utf-8")


def test_kappa_of_a_worked_table() -> None:
    # 40 + 35 of 100 agree; by chance 0.5 * 0.55 + 0.5 * 0.45 = 0.5 would: (0.75 - 0.5) / 0.5.
    assert Confusion(found=40, missed=15, false=10, right=35).kappa == pytest.approx(0.5)
    assert math.isnan(Confusion(found=0, missed=0, false=0, right=9).kappa), (
        "all alike: agreement by chance is complete"
    )


# ---- the report


def test_the_report_counts_what_was_graded(graded: Graded, infusions: Mapping[str, Mapping[str, Any]]) -> None:
    made = section.section(gather(graded, Options(), True))
    table = next(table for table in made.tables() if table.name == "sorting")
    counted = {row[0]: row[1].split(" ")[0] for row in table.rows}
    expected = Counter(row["place"] for row in CASES.values())
    assert counted == {section.TITLES[WORDS.index(word)]: str(n) for word, n in expected.items()}
    assert "Not confirmed by any opened source" in " ".join(str(block) for block in made.blocks)
    calls = next(table for table in made.tables() if table.name == "dic_printed_and_adjusted")
    assert calls.rows[0][1:5] == ("7 (37)", "6 (86)", "1 (14)", "0 (0)")


def test_a_bar_of_a_day_shows_the_places_of_that_day(graded: Graded) -> None:
    chart = figures.places_by_day(graded).to_dict()
    values = [row for rows in chart["datasets"].values() for row in rows if row.get("place")]
    days = graded.table(Grain.DAY, where="day = 7").to_pylist()
    expected = Counter(COLOURS[row[PLACE]][0] for row in days)
    assert {row["place"]: row["n"] for row in values if row["day"] == 7} == expected
    tops = [max(row["high"] for row in values if row["day"] == day) for day in range(15)]
    assert tops == pytest.approx([100.0] * 15)
