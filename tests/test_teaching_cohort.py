"""The teaching cohort: is it whole, in closed words, made by its generator, and do the key days say what the notes say?

Read with the csv module alone and scored here by a few lines of plain Python: it holds carac, carac does not hold it.
"""

from __future__ import annotations

import csv
import subprocess
import sys
from collections import defaultdict
from datetime import date, datetime
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
COHORT = REPOSITORY / "src" / "carac" / "examples" / "teaching_cohort"
TEMPLATE = REPOSITORY / "src" / "carac" / "examples" / "template"
GENERATOR = REPOSITORY / "tools" / "make_teaching_cohort.py"
TABLES = ("infusions", "labs", "assessments", "treatments", "events", "event_features", "periods")
FOLDERS = pytest.mark.parametrize("folder", [COHORT, TEMPLATE], ids=lambda folder: folder.name)


def words(text: str) -> set[str]:
    return set(text.split())


# The words the examples use, a part of the closed lists of the vocabulary.
ANALYTES = words(
    "platelets leukocytes neutrophils haemoglobin c_reactive_protein ferritin lactate_dehydrogenase creatinine "
    "fibrinogen "
    "prothrombin_time inr aptt d_dimer alanine_aminotransferase aspartate_aminotransferase bilirubin triglycerides "
    "soluble_interleukin_2_receptor antithrombin fibrin_degradation_products schistocytes"
)
WORDS = {
    "oxygen_device": "none nasal_cannula high_flow_nasal_cannula bipap",
    "hypotension": "no yes",
    "hypotension_treatment": "none fluids",
    "hypotension_due_to_crs": "no yes",
    "hypoxia_due_to_crs": "no yes",
    "fever_due_to_other_cause": "no yes",
    "consciousness": "awake awakens_spontaneously awakens_to_voice awakens_to_touch unarousable",
    "seizure": "none resolving nonconvulsive_resolving prolonged repetitive",
    "weakness": "none deep_focal",
    "raised_intracranial_pressure": "none focal_oedema diffuse_oedema posturing sixth_nerve_palsy papilloedema "
    "cushing_triad",
    "spleen": "normal enlarged",
    "haemophagocytosis": "no yes",
}
NUMBERS = {
    "temperature": (25, 45), "systolic_pressure": (40, 250), "diastolic_pressure": (20, 150), "heart_rate": (30, 220),
    "oxygen_saturation": (50, 100), "oxygen_flow": (0, 70), "ice_total": (0, 10),
    "ice_year": (0, 1), "ice_month": (0, 1),
    "ice_city": (0, 1), "ice_hospital": (0, 1), "ice_naming": (0, 3), "ice_command": (0, 1), "ice_writing": (0, 1),
    "ice_attention": (0, 1), "capd_total": (0, 32), "recorded_grade:astct_icans": (0, 5),
}  # fmt: skip
AGENTS = words(
    "tocilizumab anakinra dexamethasone paracetamol norepinephrine epinephrine enoxaparin warfarin eltrombopag "
    "tranexamic_acid "
    "platelets red_cells plasma cryoprecipitate fibrinogen_concentrate vitamin_k filgrastim fludarabine "
    "cyclophosphamide "
    "bendamustine intravenous_fluids"
)
SITES = {
    "bleeding": "intracranial epistaxis oropharyngeal gastrointestinal_upper gastrointestinal_lower haematuria skin "
    "invasive_site",
    "venous": "deep_vein_upper",
    "infection": "",
}
FEATURES = words(
    "fatal symptomatic overt critical_site compartment_syndrome haemoglobin_fall red_cell_units units_beyond_routine "
    "medical_intervention invasive_intervention life_threatening haemodynamic_instability hospitalised_because "
    "level_of_care_raised evaluated_face_to_face dedicated_bleeding_evaluation minutes_in_24_h lesion_size deep "
    "petechiae "
    "occult visible visual_impairment neurological_signs cerebrospinal_fluid_blood bleeding_at_invasive_site_minutes "
    "organ_dysfunction tachycardia catheter_related catheter_in_vein fibrin_sheath incidental septic imaging_confirmed "
    "new_site anticoagulant_started urgent_intervention"
)
NUMERIC_FEATURES = {
    "haemoglobin_fall", "red_cell_units", "units_beyond_routine", "minutes_in_24_h", "lesion_size",
    "bleeding_at_invasive_site_minutes",
}  # fmt: skip

Rows = list[dict[str, str]]


def read(folder: Path, table: str) -> Rows:
    with (folder / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def day_of(patient: str, moment: str) -> int:
    """Day after infusion; negative before."""
    zero = next(row for row in read(COHORT, "infusions") if row["patient_id"] == patient)["infusion_time"]
    return (datetime.fromisoformat(moment).date() - datetime.fromisoformat(zero).date()).days


@pytest.fixture(scope="module")
def results() -> dict[tuple[str, int, str], Rows]:
    """Laboratory rows by patient, day and analyte."""
    zero = {row["patient_id"]: date.fromisoformat(row["infusion_time"][:10]) for row in read(COHORT, "infusions")}
    found: dict[tuple[str, int, str], Rows] = defaultdict(list)
    for row in read(COHORT, "labs"):
        day = (date.fromisoformat(row["time"][:10]) - zero[row["patient_id"]]).days
        found[row["patient_id"], day, row["analyte"]].append(row)
    return found


@FOLDERS
def test_ids_agree_between_tables(folder: Path) -> None:
    patients = {row["patient_id"] for row in read(folder, "infusions")}
    for table in ("labs", "assessments", "treatments", "events", "periods"):
        assert {row["patient_id"] for row in read(folder, table)} <= patients, table
    events = {row["event_id"] for row in read(folder, "events")}
    assert len(events) == len(read(folder, "events"))
    assert {row["event_id"] for row in read(folder, "event_features")} <= events
    assert {row["event_id"] for row in read(folder, "treatments")} - {""} <= events


def test_every_case_is_described() -> None:
    cases = read(COHORT, "cases")
    assert {row["patient_id"] for row in cases} == {row["patient_id"] for row in read(COHORT, "infusions")}
    assert {row["explained_by"] for row in cases} == {"now", "later"}
    assert all("synthetic" in row["title"] and row["teaches"] for row in cases)
    assert all("synthetic" in row["centre"] for row in read(COHORT, "infusions"))


def test_courses_are_long_enough_to_read(results: dict[tuple[str, int, str], Rows]) -> None:
    days: dict[str, set[int]] = defaultdict(set)
    for patient, day, _ in results:
        days[patient].add(day)
    for case in read(COHORT, "cases"):
        patient = case["patient_id"]
        assert len(days[patient]) >= 20, patient
        assert min(days[patient]) == -7, patient
        assert max(days[patient]) >= 28, patient
        assert int(case["day_worth_reading"]) in days[patient], patient


@FOLDERS
def test_words_come_from_the_closed_lists(folder: Path) -> None:
    assert {row["analyte"] for row in read(folder, "labs")} <= ANALYTES
    assert {row["agent"] for row in read(folder, "treatments")} <= AGENTS
    assert {row["intent"] for row in read(folder, "treatments")} <= {"therapeutic", "prophylactic"}
    assert all(row["site"] in SITES[row["kind"]].split() or row["site"] == "" for row in read(folder, "events"))
    for row in read(folder, "assessments"):
        item, value = row["item"], row["value"]
        if item in WORDS:
            assert value in WORDS[item].split(), row
        elif row["unit"] != "degF":
            low, high = NUMBERS[item]
            assert low <= float(value) <= high, row
    for row in read(folder, "event_features"):
        feature, value = row["feature"], row["value"]
        assert feature in FEATURES
        if feature in NUMERIC_FEATURES:
            assert float(value) >= 0, row
        else:
            allowed = {"none", "moderate", "severe"} if feature == "haemodynamic_instability" else {"yes", "no"}
            assert value in allowed, row


@FOLDERS
def test_times_run_forwards(folder: Path) -> None:
    for table in ("treatments", "periods"):
        for row in read(folder, table):
            assert not row["end"] or row["start"] <= row["end"], row
    for row in read(folder, "events"):
        assert not row["end"] or row["onset"][:10] <= row["end"], row


def test_the_generator_writes_what_is_shipped(tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(GENERATOR), str(tmp_path)], check=True)
    assert {file.name for file in tmp_path.iterdir()} == {file.name for file in COHORT.iterdir()}
    for file in COHORT.iterdir():
        assert (tmp_path / file.name).read_bytes() == file.read_bytes(), file.name
    assert sum(file.stat().st_size for file in COHORT.iterdir()) < 1_500_000


def test_the_template_has_the_headers_of_the_cohort() -> None:
    for table in TABLES:
        assert read(TEMPLATE, table)[0].keys() == read(COHORT, table)[0].keys(), table
        assert 2 <= len(read(TEMPLATE, table)) <= 4, table


def isth_2025(results: dict[tuple[str, int, str], Rows], patient: str, day: int) -> tuple[int, int, int, int]:
    """Points of platelets, D-dimer, PT, fibrinogen: the catalogue, section 4.2, on the worst value of the day."""

    def worst(analyte: str, lowest: bool) -> tuple[float, float]:
        rows = results[patient, day, analyte]
        row = (min if lowest else max)(rows, key=lambda row: float(row["value"]))
        return float(row["value"]), float(row["upper_limit"])

    platelets, _ = worst("platelets", lowest=True)
    d_dimer, d_dimer_limit = worst("d_dimer", lowest=False)
    seconds, seconds_limit = worst("prothrombin_time", lowest=False)
    fibrinogen, _ = worst("fibrinogen", lowest=True)
    prolonged = round(seconds - seconds_limit, 6)
    return (
        2 if platelets < 50 else 1 if platelets < 100 else 0,
        3 if d_dimer > 7 * d_dimer_limit else 2 if d_dimer > 3 * d_dimer_limit else 0,
        2 if prolonged >= 6 else 1 if prolonged >= 3 else 0,
        1 if fibrinogen < 1.0 else 0,
    )


@pytest.mark.parametrize(
    ("patient", "day", "points"),
    [
        ("T01", 3, (1, 0, 0, 0)),
        ("T02", 13, (1, 0, 0, 0)),
        ("T02", 14, (0, 0, 0, 1)),
        ("T03", 5, (1, 2, 0, 0)),
        ("T03", 6, (2, 2, 1, 0)),
        ("T03", 7, (2, 3, 1, 0)),
        ("T03", 8, (2, 3, 2, 1)),
        ("T04", 29, (2, 0, 0, 0)),
        ("T05", 16, (2, 2, 0, 0)),
        ("T06", 20, (2, 2, 0, 0)),
        ("T07", 8, (2, 0, 0, 0)),
        ("T08", 52, (2, 0, 0, 0)),
        ("T10", 9, (2, 0, 0, 0)),
        ("T11", 6, (2, 2, 0, 0)),
        ("T11", 7, (2, 3, 1, 0)),
        ("T11", 8, (2, 3, 1, 0)),
        ("T13", 9, (1, 0, 2, 0)),
    ],
)
def test_points_of_the_key_days(
    results: dict[tuple[str, int, str], Rows], patient: str, day: int, points: tuple[int, int, int, int]
) -> None:
    assert isth_2025(results, patient, day) == points


def counts(results: dict[tuple[str, int, str], Rows], patient: str, analyte: str) -> dict[int, float]:
    """Lowest count of each day."""
    return {
        d: min(float(row["value"]) for row in rows)
        for (p, d, a), rows in results.items()
        if (p, a) == (patient, analyte)
    }


def test_lengths_of_low_counts(results: dict[tuple[str, int, str], Rows]) -> None:
    neutrophils = counts(results, "T12", "neutrophils")
    assert [day for day in range(31) if neutrophils[day] <= 0.5] == list(range(1, 24))
    assert [day for day in range(31) if neutrophils[day] <= 0.1] == list(range(5, 14))
    biphasic = counts(results, "T04", "platelets")
    assert [day for day in biphasic if day >= 0 and biphasic[day] < 50] == [*range(3, 9), *range(26, 39)]
    late = counts(results, "T08", "platelets")
    assert [day for day in late if day > 30 and late[day] < 50] == [35, 38, 42, 45, 48, 52, 53, 56, 60, 63, 67, 70, 72]
    assert min(late.values()) == 24
    marrow = counts(results, "T10", "platelets")
    assert [day for day in marrow if marrow[day] < 20] == list(range(9, 16))


def test_inr_on_warfarin_against_its_baseline(results: dict[tuple[str, int, str], Rows]) -> None:
    inr = counts(results, "T13", "inr")
    assert {inr[day] for day in (-7, -6, -5)} == {2.40}
    assert [inr[day] for day in (3, 6, 9, 12)] == [2.40, 3.00, 3.90, 2.50]
    assert min(counts(results, "T13", "platelets").values()) > 50


def test_how_the_two_laboratories_print(results: dict[tuple[str, int, str], Rows]) -> None:
    printed = {
        day: [(row["value"], row["unit"], row["status"]) for row in results["T09", day, "platelets"]]
        for day in (3, 6, 7, 8, 9)
    }
    assert printed == {
        3: [("31000", "/uL", "final")],
        6: [("14", "K/uL", "final")],
        7: [("<10", "10^9/L", "final")],
        8: [("9", "10^9/L", "preliminary"), ("18", "10^9/L", "corrected")],
        9: [("20-25", "10^9/L", "final")],
    }
    d_dimer = results["T09", 9, "d_dimer"][0]
    assert (d_dimer["value"], d_dimer["unit"], d_dimer["upper_limit"]) == ("480", "ng/mL{DDU}", "250")
    assert results["T09", 9, "fibrinogen"][0]["value"] == "310"
    assert not any(("T09", day, "platelets") in results for day in (-3, -2, 4, 5, 11, 12))
