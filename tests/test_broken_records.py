"""Broken records: each fault gets one clear sentence with file, row, value and what would be right; no traceback."""

from __future__ import annotations

import gzip
import json
import math
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from carac.cohort.checks import check_cohort
from carac.cohort.cohort import Cohort, make_cohort
from carac.engine.duckdb_engine import DuckDB
from carac.findings import CaracError, Finding, Severity
from carac.grading.parameters import resolved
from carac.sources.folder import read_folder

BROKEN = Path(__file__).parent / "broken"
FAULTS = sorted(folder.name for folder in BROKEN.iterdir() if folder.is_dir())
INFUSIONS = "patient_id,infusion_time\nP1,2024-03-05T11:00\n"
HEADER = "patient_id,time,analyte,value,unit"
ROW = "P1,2024-03-06T06:30,platelets,45,10^9/L"


def read(folder: Path) -> Cohort:
    return make_cohort(read_folder(DuckDB(), folder), resolved())


@cache
def told(folder: Path) -> list[str]:
    """What carac says of a record: the refusal, or severity, kind and sentence of each finding."""
    try:
        cohort = read(folder)
    except CaracError as refusal:
        return [f"error: {refusal}".replace(f"{BROKEN}/", "")]
    findings = [*cohort.findings, *check_cohort(cohort, thorough=True)]
    return [f"{finding.severity} {finding.kind}: {finding}" for finding in findings]


def record(folder: Path, labs: str | bytes, infusions: str = INFUSIONS, name: str = "labs.csv") -> Path:
    (folder / "infusions.csv").write_text(infusions)
    (folder / name).write_bytes(labs if isinstance(labs, bytes) else labs.encode())
    return folder


def parquet(folder: Path, **columns: Any) -> Path:
    (folder / "infusions.csv").write_text(INFUSIONS)
    pq.write_table(pa.table(columns), folder / "labs.parquet")
    return folder


def values(cohort: Cohort) -> list[tuple[object, ...]]:
    return cohort.engine.rows("SELECT patient_id, CAST(time AS VARCHAR), analyte, value_low FROM labs ORDER BY 1, 2, 3")


def kinds(findings: list[Finding]) -> set[str]:
    return {finding.kind for finding in findings}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_gets_its_sentence(fault: str) -> None:
    expected = (BROKEN / fault / "expected.txt").read_text().splitlines()
    assert sorted(told(BROKEN / fault)) == sorted(expected)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_sentence_names_the_file_and_ends(fault: str) -> None:
    for sentence in told(BROKEN / fault):
        assert ".csv" in sentence
        assert sentence.endswith((".", "?", '"'))
        for word in ("Traceback", "Error:", "None", "nan "):
            assert word not in sentence


def test_no_message_holds_a_patient() -> None:
    for fault in FAULTS:
        for sentence in told(BROKEN / fault):
            assert "P1" not in sentence or fault == "no_header", sentence


# ---- ways of writing a file that are right ----

SAME = [("P1", "2024-03-06 06:30:00", "platelets", 45.0)]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("labs.csv", f"\ufeff{HEADER}\n{ROW}\n".encode()),
        ("labs.csv", f"{HEADER}\r\n{ROW}\r\n".encode()),
        ("labs.csv", f"{HEADER}\r{ROW}\r".encode()),
        ("labs.csv", f"{HEADER}\r\n{ROW}\n\n".encode()),
        ("labs.csv", f"{HEADER}\n{ROW}".encode()),
        ("labs.csv", f"{HEADER}\n{ROW}\n".replace(",", ";").encode()),
        ("labs.csv", f"{HEADER}\n{ROW}\n".replace(",", "\t").encode()),
        ("labs.csv", f"{HEADER}\n{ROW}\n".encode("utf-16")),
        ("labs.csv", f"{HEADER},ward\n{ROW},Hämatologie\n".encode("latin-1")),
        ("labs.csv", f"{HEADER},ward\n{ROW},Hämatologie\n".encode()),
        ("LABS.CSV", f"{HEADER}\n{ROW}\n".encode()),
        ("labs.csv.gz", gzip.compress(f"{HEADER}\n{ROW}\n".encode(), mtime=0)),
        ("labs.csv", b'"Patient_ID", Date time,TEST,Result,unit\nP1,2024-03-06T06:30,platelets,45,10^9/L\n'),
        ("labs.csv", f"{HEADER}\n P1 ,2024-03-06 06:30:00,Platelets, 45 ,10^3/uL\n".encode()),
    ],
)
def test_every_usual_way_of_writing_a_file_is_read(tmp_path: Path, name: str, content: bytes) -> None:
    cohort = read(record(tmp_path, content, name=name))
    assert values(cohort) == SAME
    assert kinds(list(cohort.findings)) <= {"extra_columns"}


def test_identifiers_stay_as_they_are_written(tmp_path: Path) -> None:
    identifiers = ["007", "7", "A B", "1e5", "Ä-1", "3,4"]
    infusions = "patient_id,infusion_time\n" + "".join(f'"{name}",2024-03-05\n' for name in identifiers)
    labs = f"{HEADER}\n" + "".join(f'"{name}",2024-03-06,platelets,45,10^9/L\n' for name in identifiers)
    cohort = read(record(tmp_path, labs, infusions))
    assert {row[0] for row in values(cohort)} == set(identifiers)
    assert check_cohort(cohort, thorough=True) == []


def test_a_wide_row_deep_in_a_long_file_is_found(tmp_path: Path) -> None:
    labs = f"{HEADER}\n" + f"{ROW}\n" * 40_000 + "P1,2024-03-07,fibrinogen,1,4,g/L\n" + f"{ROW}\n" * 10
    assert told(record(tmp_path, labs))[0].startswith("error: labs.csv, row 40002: 6 fields where the header has 5")


def test_no_row_is_lost_between_file_and_table(tmp_path: Path) -> None:
    lines = [f'P1,2024-03-06T06:{minute:02d},platelets,{minute},"10^9/L"' for minute in range(60)]
    cohort = read(record(tmp_path, f"{HEADER}\n" + "\n\n".join(lines) + "\n"))
    assert cohort.counts["labs"] == 60
    rows = cohort.engine.rows("SELECT source_row FROM parsed_labs ORDER BY 1")
    assert [row[0] for row in rows] == list(range(2, 122, 2))


# ---- Parquet ----


def test_parquet_of_many_types_is_read(tmp_path: Path) -> None:
    folder = parquet(
        tmp_path,
        patient_id=pa.array([17.0, None], pa.float64()),
        time=pa.array([datetime(2024, 3, 6, 6, 30)] * 2, pa.timestamp("ns")),
        analyte=pa.array(["inr", "inr"]).dictionary_encode(),
        value=pa.array([1.2, 1.3], pa.float32()),
        upper_limit=pa.array([math.nan, 1.15], pa.float64()),
        unit=pa.array([None, None], pa.null()),
        fasting=pa.array([True, None]),
    )
    (folder / "infusions.csv").write_text("patient_id,infusion_time\n17,2024-03-05\n")
    cohort = read(folder)
    assert values(cohort) == [("17", "2024-03-06 06:30:00", "inr", 1.2)]
    assert kinds(list(cohort.findings)) == {"missing_patient"}


def test_parquet_with_a_time_zone_is_told(tmp_path: Path) -> None:
    folder = parquet(
        tmp_path,
        patient_id=pa.array(["P1"]),
        time=pa.array([datetime(2024, 3, 6, 23, 30, tzinfo=UTC)], pa.timestamp("us", tz="Europe/Berlin")),
        analyte=pa.array(["platelets"]),
        value=pa.array([45], pa.uint16()),
        unit=pa.array(["10^9/L"]),
    )
    cohort = read(folder)
    assert values(cohort) == [("P1", "2024-03-06 23:30:00", "platelets", 45.0)]
    assert [finding.severity for finding in cohort.findings.of("time_zone")] == [Severity.WARNING]


def test_parquet_values_that_are_no_number_are_set_aside(tmp_path: Path) -> None:
    folder = parquet(
        tmp_path,
        patient_id=pa.array(["P1"] * 4),
        time=pa.array([date(2024, 3, day) for day in (6, 7, 8, 9)], pa.date32()),
        analyte=pa.array(["platelets"] * 4),
        value=pa.array([math.nan, math.inf, None, 20.0]),
        unit=pa.array(["10^9/L"] * 4),
    )
    cohort = read(folder)
    assert [row[3] for row in values(cohort)] == [20.0]
    assert [(f.kind, f.count) for f in cohort.findings] == [("missing_value", 3)]


def test_what_is_no_parquet_is_refused_in_one_sentence(tmp_path: Path) -> None:
    sentences = told(record(tmp_path, "patient_id,time\n", name="labs.parquet"))
    assert len(sentences) == 1
    assert sentences[0].startswith("error: labs.parquet could not be read as Parquet")
    assert "\n" not in sentences[0]


def test_no_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(CaracError, match="There is no folder"):
        read(tmp_path / "nowhere")


# ---- documentation ----

DOCS = Path(__file__).parents[1] / "docs"


def test_findings_are_as_their_schema_says() -> None:
    schema = json.loads((DOCS / "findings.schema.json").read_text())
    item = schema["properties"]["findings"]["items"]
    cohort = read(BROKEN / "text_in_a_number")
    written = json.loads(cohort.findings.as_json())
    assert set(written) == set(schema["required"])
    assert written["schema"] == schema["properties"]["schema"]["const"]
    types = {"string": str, "integer": int, "array": list}
    for finding in written["findings"]:
        assert set(finding) == set(item["required"]) == set(item["properties"])
        for name, value in finding.items():
            assert isinstance(value, types[item["properties"][name]["type"]])
        assert finding["severity"] in item["properties"]["severity"]["enum"]


def test_every_kind_that_is_told_is_documented() -> None:
    text = (DOCS / "findings.md").read_text()
    for fault in FAULTS:
        for sentence in told(BROKEN / fault):
            kind = sentence.split(":")[0].split(" ")[-1]
            assert kind == "error" or f"`{kind}`" in text, kind
