"""A record without a table of treatments: what may have been given leaves a range (catalogue 3.1, 4.4)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from carac.vocabulary.types import Grain
from support.case_files import Case, record_rows, write_record
from support.engines import grade, open_engine, read_record

DAY = 5
#: No point of the lung, the liver, the kidney or the blood pressure; no vasopressor whose rate is written down.
WELL = {"pao2_fio2_ratio": "450", "mean_arterial_pressure": "75", "norepinephrine_rate": "0", "dopamine_rate": "0"}
LABS = [
    {"analyte": "bilirubin", "value": "0.8", "unit": "mg/dL", "upper": 1.2},
    {"analyte": "creatinine", "value": "0.9", "unit": "mg/dL", "upper": 1.2},
]
UNITS = {"pao2_fio2_ratio": "mmHg", "mean_arterial_pressure": "mmHg"}
SOFA = {
    "labs": [{"day": DAY, **lab} for lab in LABS],
    "assessments": [
        {"day": DAY, "item": item, "value": value, "unit": UNITS.get(item, "ug/kg/min")} for item, value in WELL.items()
    ]
    + [{"day": DAY, "item": "oxygen_device", "value": "none"}],
}


def inr(now: str) -> dict[str, Any]:
    """An INR of 2.4 before lymphodepletion, and one of today."""
    both = ((-6, "2.4"), (DAY, now))
    rows = [{"day": day, "analyte": "inr", "value": value, "upper": 1.2} for day, value in both]
    return {"infusion": {"lymphodepletion_day": -5}, "labs": rows}


CASES = {"sofa": SOFA, "inr 3.0": inr("3.0"), "inr 2.4": inr("2.4"), "inr 6.1": inr("6.1")}
NAMES = ("sofa_4", "ctcae_v5_inr_with_baseline", "ctcae_v4_inr_with_baseline")


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """The results of the day by patient, of a record of laboratory values and assessments alone."""
    return graded(tmp_path_factory.mktemp("without"), ("infusions", "labs", "assessments"))


def graded(folder: Path, tables: Sequence[str]) -> dict[str, dict[str, Any]]:
    cases = [Case("without", {"id": name, **content}) for name, content in CASES.items()]
    record = {name: rows for name, rows in record_rows(cases).items() if name in tables}
    read = read_record(write_record(folder / "record", record))
    assert "treatments" not in read.present
    found = grade(open_engine("duckdb"), read, NAMES).table(Grain.DAY, items=True, where=f"day = {DAY}").to_pylist()
    return {row["patient_id"].removeprefix("without::"): row for row in found}


def bounds(row: dict[str, Any], column: str) -> tuple[int | None, int, int]:
    return row[column], row[f"{column}__lowest"], row[f"{column}__highest"]


def test_dobutamine_may_have_been_given(rows: dict[str, dict[str, Any]]) -> None:
    # 2 points at any rate; the rates of the other vasopressors are 0.
    assert bounds(rows["sofa"], "sofa_4") == (None, 0, 2)


@pytest.mark.parametrize(
    ("case", "of_5", "of_4"),
    [
        # 3.0: 3 by the value (2.5 x ULN in 4.03 is no more than 2.5: 2), 1 against the baseline (1.25 x).
        ("inr 3.0", (None, 1, 3), (None, 1, 2)),
        # As before: no grade against the baseline; 2 by the value (2.0 x ULN in 4.03: 2).
        ("inr 2.4", (None, 0, 2), (None, 0, 2)),
        # 2.54 x the baseline and 5.1 x ULN.
        ("inr 6.1", (3, 3, 3), (3, 3, 3)),
    ],
)
def test_an_anticoagulant_may_have_been_given(
    rows: dict[str, dict[str, Any]], case: str, of_5: tuple[int | None, int, int], of_4: tuple[int | None, int, int]
) -> None:
    found = [bounds(rows[case], f"ctcae_{version}_inr_with_baseline") for version in ("v5", "v4")]
    assert found == [of_5, of_4]
