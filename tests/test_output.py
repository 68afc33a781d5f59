"""The output folder: whole or not at all, described column by column, traceable."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.csv as arrow_csv
import pyarrow.parquet as parquet
import pytest

from carac import api
from carac.findings import CaracError
from carac.grading.output import write_output
from carac.grading.run import Graded
from carac.manifest import MANIFEST, file_hash, whole_folder
from needs import ROOT

TEACHING = ROOT / "src" / "carac" / "examples" / "teaching_cohort"
NAMES = ["ctcae_v5_platelets", "isth_overt_dic_2025", "icaht_early_as_in_authors_code", "car_hematotox"]


@pytest.fixture(scope="module")
def graded() -> Graded:
    return api.grade(api.read(TEACHING), definitions=NAMES)


@pytest.fixture(scope="module")
def output(graded: Graded, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("output") / "graded"
    write_output(graded, folder, {"labs.csv": file_hash(TEACHING / "labs.csv")}, items=True)
    return folder


def test_every_column_is_in_the_dictionary_and_the_other_way_round(output: Path) -> None:
    listed = arrow_csv.read_csv(output / "dictionary.csv").to_pylist()
    for table in ("patient_days", "infusions", "events"):
        columns = parquet.read_schema(output / f"{table}.parquet").names
        assert [row["column"] for row in listed if row["table"] == table] == columns
    for row in listed:
        assert row["meaning"], row
    items = {row["table"] for row in listed if row["table"].startswith("items/")}
    for table in items:
        columns = set(parquet.read_schema(output / f"{table}.parquet").names)
        assert {row["column"] for row in listed if row["table"] == table} <= columns


def test_the_manifest_traces_the_output(output: Path, graded: Graded) -> None:
    manifest = json.loads((output / MANIFEST).read_text())
    assert manifest["schema"] == 1
    assert manifest["versions"]["carac"] and manifest["versions"]["duckdb"]
    assert manifest["parameters"] == graded.parameters.as_dict()
    assert set(manifest["definitions"]) == set(NAMES)
    assert manifest["input"]["labs.csv"] == file_hash(TEACHING / "labs.csv")
    for table in ("patient_days", "infusions", "events"):
        assert manifest["rows"][table] == parquet.read_metadata(output / f"{table}.parquet").num_rows


def test_findings_are_written_twice_alike(output: Path) -> None:
    as_json = json.loads((output / "findings.json").read_text())["findings"]
    assert [row["message"] for row in as_json] == parquet.read_table(output / "findings.parquet")["message"].to_pylist()


def test_a_folder_with_other_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.docx").write_text("precious")
    with pytest.raises(CaracError, match="holds other files"), whole_folder(tmp_path):
        pass
    assert (tmp_path / "thesis.docx").read_text() == "precious"


def test_an_error_leaves_the_previous_output_whole(output: Path) -> None:
    before = {path.name: file_hash(path) for path in output.glob("*.*")}
    with pytest.raises(RuntimeError), whole_folder(output) as fresh:
        (fresh / "patient_days.parquet").write_text("half")
        raise RuntimeError
    assert {path.name: file_hash(path) for path in output.glob("*.*")} == before
    assert not list(output.parent.glob(".*.new-*"))


def test_a_killed_run_leaves_the_previous_output_whole(tmp_path: Path) -> None:
    """A process is killed outright while it writes; the output before it is untouched."""
    target = tmp_path / "graded"
    with whole_folder(target) as folder:
        (folder / "patient_days.parquet").write_text("previous")
        (folder / MANIFEST).write_text("{}")
    code = f"""
import time
from pathlib import Path
from carac.manifest import whole_folder
with whole_folder(Path({str(target)!r})) as folder:
    (folder / "patient_days.parquet").write_text("half")
    print("writing", flush=True)
    time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline().strip() == "writing"
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert (target / "patient_days.parquet").read_text() == "previous"
    with whole_folder(target) as folder:
        (folder / "patient_days.parquet").write_text("next")
        (folder / MANIFEST).write_text("{}")
    assert (target / "patient_days.parquet").read_text() == "next"


def test_a_killed_grade_leaves_the_previous_output_whole(output: Path, tmp_path: Path) -> None:
    """The same through the command line, killed as soon as its unfinished folder shows."""
    target = tmp_path / "graded"
    target.mkdir()
    for path in output.glob("*.*"):
        (target / path.name).write_bytes(path.read_bytes())
    before = {path.name: file_hash(path) for path in target.glob("*.*")}
    command = [sys.executable, "-m", "carac", "grade", str(TEACHING), "-o", str(target), "--items"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while not list(tmp_path.glob(".graded.new-*/*")) and process.poll() is None:
            time.sleep(0.01)
        assert process.poll() is None, "the run ended before it could be killed"
        process.kill()
        process.wait()
    assert {path.name: file_hash(path) for path in target.glob("*.*")} == before


def test_a_recorded_grade_that_differs_is_a_finding() -> None:
    """In the teaching cohort a ward recorded ICANS 4 on a day after an intracranial bleed, which is no ICANS."""
    graded = api.grade(api.read(TEACHING), definitions=["astct_icans"])
    found = graded.findings.of("recorded_grade_differs")
    days = graded.engine.fetch("SELECT patient_id, day FROM rows_astct_icans WHERE astct_icans__disagrees").to_pylist()
    assert sum(finding.count for finding in found) == len(days)
    assert {"patient_id": "T07", "day": 9} in days


def test_compare_finds_what_a_parameter_changed_and_nothing_else(output: Path, graded: Graded, tmp_path: Path) -> None:
    """The same run twice is the same; another tie rule of CAR-HEMATOTOX shows as a setting."""
    again = tmp_path / "again"
    write_output(graded, again, {"labs.csv": file_hash(TEACHING / "labs.csv")})
    same = api.compare(output, again)
    assert same.same and not same.settings
    shorter = api.parameters({"grid": {"last_day": 20}})
    fewer = api.grade(api.read(TEACHING, parameters=shorter), shorter, NAMES)
    write_output(fewer, again, {})
    found = api.compare(output, again)
    assert ("parameters.grid.last_day", "100", "20") in found.settings
    assert {change.column for change in found.changes} <= {
        column for d in graded.plan.definitions if d.name.startswith("icaht") for column in d.columns
    }
    assert next(only for table, _, only, _ in found.rows if table == "patient_days") > 0
