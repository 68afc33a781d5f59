"""Ten patient-days of a real record, worked by hand, and what of that record can be graded at all.

The case file names rows and holds no number of the record; the hand-worked arithmetic is done here once more, from the
raw rows and without carac, so that a case that carac fails is not a slip of the case.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import math
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import pytest

from carac import api
from carac.cohort.cohort import Cohort
from carac.grading.run import Graded
from needs import requires_shared

RECORD = "data/mimic3demo_omop"
LIMITS = Path(__file__).parent / "data" / "intensive_care_limits.csv"
CONTENT = tomllib.loads((Path(__file__).parent / "cases_real" / "intensive_care.toml").read_text(encoding="utf-8"))
CASES: list[dict[str, Any]] = CONTENT["case"]
EACH_CASE = pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])

#: OMOP concepts of the catalogue, section 11.1.
CONCEPTS = {
    "platelets": 3024929, "haemoglobin": 3000963, "fibrinogen": 3016407, "fibrin_degradation_products": 3000401,
    "d_dimer": 3051714, "prothrombin_time": 3034426, "inr": 3022217, "aptt": 3018677,
    "lactate_dehydrogenase": 3016436, "creatinine": 3016723,
}  # fmt: skip
#: Of these the lowest value of the day counts, of the others the highest (section 0).
LOWEST_COUNTS = {"platelets", "haemoglobin", "fibrinogen"}
#: Two ways of writing one quotient may differ in the last bits of a float64.
TOLERANCE = 1e-9

#: Graded patient-days by person and day.
Days = dict[tuple[str, int], dict[str, Any]]

NUMBER = r"\d*\.?\d+"
CITED = re.compile(r"\b(?:m|low|high)(\d+)\b")


# ---- the raw rows, read without carac ----


@dataclass(frozen=True)
class Result:
    """A row of the table measurement."""

    row: Mapping[str, str]

    @property
    def patient_day(self) -> tuple[str, str]:
        return self.row["person_id"], self.row["measurement_date"]

    @property
    def concept(self) -> int:
        return int(self.row["measurement_concept_id"])

    @property
    def text(self) -> str:
        return self.row["value_source_value"]

    @property
    def ends(self) -> tuple[float, float] | None:
        """The two ends of the value: alike for a plain number, None for a text without number."""
        if re.fullmatch(NUMBER, self.text):
            return float(self.text), float(self.text)
        if found := re.fullmatch(rf"({NUMBER})-({NUMBER})", self.text):
            return float(found[1]), float(found[2])
        if found := re.fullmatch(rf"([<>])({NUMBER})", self.text):
            limit = float(found[2])
            return (0.0, math.nextafter(limit, 0)) if found[1] == "<" else (math.nextafter(limit, math.inf), math.inf)
        return None


@dataclass(frozen=True)
class Raw:
    """The files of the record as they lie there."""

    folder: Path

    @cached_property
    def results(self) -> dict[int, Result]:
        with gzip.open(self.folder / "measurement.csv.gz", "rt", encoding="utf-8") as file:
            return {int(row["measurement_id"]): Result(row) for row in csv.DictReader(file)}

    @cached_property
    def first_visits(self) -> dict[str, date]:
        found: dict[str, date] = {}
        with (self.folder / "visit_occurrence.csv").open(encoding="utf-8") as file:
            for row in csv.DictReader(file):
                start = date.fromisoformat(row["visit_start_datetime"][:10])
                found[row["person_id"]] = min(start, found.get(row["person_id"], start))
        return found

    def of_day(self, patient_day: tuple[str, str], analyte: str) -> list[Result]:
        """The readable results of an analyte on a patient-day."""
        wanted = (*patient_day, CONCEPTS[analyte])
        return [r for r in self.results.values() if (*r.patient_day, r.concept) == wanted and r.ends]

    def numbers(self, formula: str) -> dict[str, float]:
        """What the names of a formula stand for."""
        found = {"inf": math.inf}
        for row in {int(number) for number in CITED.findall(formula)}:
            ends = self.results[row].ends
            assert ends, f"measurement {row} is no number"
            found |= {f"low{row}": ends[0], f"high{row}": ends[1]}
            if ends[0] == ends[1]:
                found[f"m{row}"] = ends[0]
        return found

    def worked(self, formula: str) -> Any:
        """The result of a formula of the case file, which is this project's own and has nothing but arithmetic."""
        return eval(formula, {"__builtins__": {}}, self.numbers(formula))


@pytest.fixture(scope="module")
def raw() -> Raw:
    return Raw(requires_shared(RECORD))


def formulas(case: Mapping[str, Any]) -> Iterator[str]:
    yield from (step["holds"] for step in case["work"])
    yield from case.get("computed", {}).values()


@cache
def cited_rows() -> tuple[int, ...]:
    """Every measurement that the case file names."""
    found = {row for case in CASES for row in case["worst"].values()}
    found |= {int(row) for case in CASES for formula in formulas(case) for row in CITED.findall(formula)}
    return tuple(sorted(found))


def patient_day(raw: Raw, case: Mapping[str, Any]) -> tuple[str, str]:
    """Person and date of a case, as all its rows have them."""
    rows = {*case["worst"].values(), *(int(row) for text in formulas(case) for row in CITED.findall(text))}
    (found,) = {raw.results[row].patient_day for row in rows}
    return found


# ---- the case file against the raw rows ----


def test_there_are_ten_cases_of_ten_persons_or_days(raw: Raw) -> None:
    assert len({patient_day(raw, case) for case in CASES}) == len(CASES) == 10


def test_the_cited_rows_are_those_that_were_worked(raw: Raw) -> None:
    lines = [f"{row}|{raw.results[row].text}|{raw.results[row].row['unit_source_value']}" for row in cited_rows()]
    assert hashlib.sha256("\n".join(lines).encode()).hexdigest() == CONTENT["cited_rows_sha256"]


@EACH_CASE
def test_day_counts_from_the_first_visit(case: Mapping[str, Any], raw: Raw) -> None:
    person, day = patient_day(raw, case)
    assert (date.fromisoformat(day) - raw.first_visits[person]).days == case["day"]


@EACH_CASE
def test_no_other_result_of_the_day_is_worse(case: Mapping[str, Any], raw: Raw) -> None:
    for analyte in CONCEPTS:
        results = raw.of_day(patient_day(raw, case), analyte)
        assert bool(results) == (analyte in case["worst"]), analyte
        if not results:
            continue
        worst = raw.results[case["worst"][analyte]]
        assert worst.concept == CONCEPTS[analyte], analyte
        of_ends = min if analyte in LOWEST_COUNTS else max
        ends = [of_ends(r.ends[end] for r in results if r.ends) for end in (0, 1)]
        assert worst.ends == tuple(ends), analyte


@EACH_CASE
def test_the_arithmetic_holds(case: Mapping[str, Any], raw: Raw) -> None:
    for step in case["work"]:
        assert raw.worked(step["holds"]) is True, f"{step['says']}: {step['holds']} with {raw.numbers(step['holds'])}"


# ---- carac against the case file ----


@pytest.fixture(scope="module")
def with_limits() -> tuple[Cohort, Graded]:
    cohort = api.read(requires_shared(RECORD), api.Reading(limits=LIMITS))
    return cohort, api.grade(cohort)


@pytest.fixture(scope="module")
def without_limits() -> tuple[Cohort, Graded]:
    cohort = api.read(requires_shared(RECORD))
    return cohort, api.grade(cohort)


@pytest.fixture(scope="module")
def days_with_limits(with_limits: tuple[Cohort, Graded]) -> Days:
    return by_day(with_limits[1])


@pytest.fixture(scope="module")
def days_without_limits(without_limits: tuple[Cohort, Graded]) -> Days:
    return by_day(without_limits[1])


def by_day(graded: Graded) -> Days:
    """The rows of a graded record; each person has one first visit."""
    return {(row["patient_id"], row["day"]): row for row in graded.patient_days.to_pylist()}


def disagreements(row: Mapping[str, Any], expected: Mapping[str, Any]) -> list[str]:
    """What was expected and is not there, one sentence each."""
    found = []
    for column, wanted in expected.items():
        if column not in row:
            found.append(f"there is no column {column}")
        elif wanted == "null":
            if row[column] is not None:
                found.append(f"{column} is {row[column]!r}, expected null")
        elif row[column] is None or row[column] != pytest.approx(wanted, rel=TOLERANCE):
            found.append(f"{column} is {row[column]!r}, expected {wanted!r}")
    return found


@EACH_CASE
def test_patient_day_is_graded_as_by_hand(case: Mapping[str, Any], raw: Raw, days_with_limits: Days) -> None:
    row = days_with_limits[patient_day(raw, case)[0], case["day"]]
    computed = {column: raw.worked(formula) for column, formula in case.get("computed", {}).items()}
    found = disagreements(row, case["expect"] | computed)
    assert not found, f"{case['says']}: {'; '.join(found)}"


@EACH_CASE
def test_patient_day_without_limits_of_normal(case: Mapping[str, Any], raw: Raw, days_without_limits: Days) -> None:
    row = days_without_limits[patient_day(raw, case)[0], case["day"]]
    found = disagreements(row, case.get("expect_without_limits", {}))
    assert not found, "; ".join(found)


# ---- how much of the record can be graded ----


def persons_graded(days: Days, column: str) -> int:
    """Persons with a grade on at least one day."""
    return len({person for (person, _), row in days.items() if row[column] is not None})


def number(cohort: Cohort, sql: str) -> int:
    return int(str(cohort.engine.rows(sql)[0][0]))


def test_with_a_site_file_every_person_is_graded(days_with_limits: Days) -> None:
    found = {name: persons_graded(days_with_limits, f"ctcae_v5_{name}") for name in ("platelets", "fibrinogen", "inr")}
    assert found == {"platelets": 100, "fibrinogen": 32, "inr": 99}


def test_without_limits_only_rules_that_need_none_give_a_grade(days_without_limits: Days) -> None:
    found = {name: persons_graded(days_without_limits, f"ctcae_v5_{name}") for name in ("platelets", "inr")}
    assert found == {"platelets": 20, "inr": 99}


def test_missing_limits_are_told_and_a_site_file_heals_them(
    with_limits: tuple[Cohort, Graded], without_limits: tuple[Cohort, Graded]
) -> None:
    lacking = [finding.message for finding in without_limits[0].findings.of("missing_limits")]
    healed = [finding.message for finding in with_limits[0].findings.of("missing_limits")]
    for analyte in ("platelets", "fibrinogen", "aptt", "prothrombin_time", "d_dimer"):
        assert any(re.search(rf"\b{analyte}\b", message) for message in lacking), analyte
        assert not any(re.search(rf"\b{analyte}\b", message) for message in healed), analyte
    assert not without_limits[0].findings.of("site_limits")
    assert with_limits[0].findings.of("site_limits")[0].count > 0


def test_degradation_products_are_intervals(with_limits: tuple[Cohort, Graded]) -> None:
    fdp = "FROM labs WHERE analyte = 'fibrin_degradation_products'"
    assert number(with_limits[0], f"SELECT count(DISTINCT patient_id) {fdp} AND value_low < value_high") == 13
    assert number(with_limits[0], f"SELECT count(*) {fdp} AND value_low = value_high") == 0


def test_conditions_of_an_older_coding_are_told_and_make_no_event(with_limits: tuple[Cohort, Graded]) -> None:
    cohort, graded = with_limits
    (told,) = cohort.findings.of("icd9_conditions")
    assert "ICD-9-CM" in told.message and told.count > 0
    assert "events" not in cohort.present
    assert graded.events.num_rows == 0
