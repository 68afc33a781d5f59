"""Case files as records: each case becomes one patient of a folder of CSV files.

The format is that of tests/cases/README.md. Cases with the same parameters share one folder and so one run.
"""

from __future__ import annotations

import csv
import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from carac.cohort.tables import RECORD_TABLES

CASES = Path(__file__).resolve().parent.parent / "cases"
#: Day 0 of every case; the infusion is at eight in the morning.
INFUSION_DATE = date(2024, 6, 10)
INFUSION_TIME = "08:00"
LAB_TIME = "06:00"
ASSESSMENT_TIME = "08:00"

Row = Mapping[str, Any]
Rows = dict[str, list[Row]]


@dataclass(frozen=True)
class Case:
    """One worked example of the catalogue.

    Parameters
    ----------
    file: name of the case file without its ending.
    content: the case as it stands in the file.
    """

    file: str
    content: Row

    @property
    def name(self) -> str:
        """File and id; also the identifier of its patient."""
        return f"{self.file}::{self.content['id']}"

    @property
    def last_day(self) -> int:
        """The last day that it says anything about; at least the day of infusion."""
        rows = [row for table in self.content.values() if isinstance(table, list) for row in table]
        ends = [row[key] for row in rows for key in ("day", "end_day") if key in row]
        return max([0, *ends, *(int(row["days"].split("-")[1]) for row in rows if "days" in row)])

    @property
    def parameters(self) -> dict[str, dict[str, Any]]:
        """The parameters it asks for, by scope and name."""
        scopes: dict[str, dict[str, Any]] = {}
        for full_name, value in self.content.get("parameters", {}).items():
            scope, _, name = full_name.partition(".")
            scopes.setdefault(scope, {})[name] = value
        return scopes

    @property
    def parameters_key(self) -> str:
        """The parameters as one text; empty where it asks for none."""
        return json.dumps(self.parameters, sort_keys=True) if self.parameters else ""


@cache
def all_cases() -> tuple[Case, ...]:
    """Every case of every file."""
    return tuple(
        Case(path.stem, content)
        for path in sorted(CASES.glob("*.toml"))
        for content in tomllib.loads(path.read_text(encoding="utf-8"))["case"]
    )


def by_parameters(cases: Iterable[Case]) -> dict[str, list[Case]]:
    """The cases by the parameters they ask for."""
    groups: dict[str, list[Case]] = {}
    for case in cases:
        groups.setdefault(case.parameters_key, []).append(case)
    return groups


def _date(day: int) -> str:
    return (INFUSION_DATE + timedelta(days=day)).isoformat()


def _moment(day: int, time: str | None) -> str:
    """Date and time; the date alone where no time is written: it is then not known."""
    return f"{_date(day)}T{time}" if time else _date(day)


def infusion_row(patient: str, infusion: Row) -> Row:
    """The infusion of a patient, from the table ``infusion`` of a case."""
    days = {
        "lymphodepletion_start": "lymphodepletion_day",
        "death": "death_day",
        "progression": "progression_day",
        "next_therapy": "next_therapy_day",
        "follow_up_end": "follow_up_end_day",
    }
    dates = {column: _date(infusion[key]) for column, key in days.items() if key in infusion}
    words = {key: infusion[key] for key in ("age", "sex", "cause_of_death", "weight", "height") if key in infusion}
    return {"patient_id": patient, "infusion_time": _moment(0, INFUSION_TIME), **dates, **words}


def lab_rows(patient: str, labs: Iterable[Row]) -> Iterator[Row]:
    """The laboratory rows of a patient; ``days = "0-30"`` gives one for every day, both ends included."""
    for lab in labs:
        first, last = (int(end) for end in lab["days"].split("-")) if "days" in lab else (lab["day"], lab["day"])
        for day in range(first, last + 1):
            yield {
                "patient_id": patient,
                "time": _moment(day, lab.get("time", LAB_TIME)),
                "analyte": lab["analyte"],
                "value": lab["value"],
                "unit": lab.get("unit"),
                "lower_limit": lab.get("lower"),
                "upper_limit": lab.get("upper"),
                "normal_mean": lab.get("mean"),
            }


def _other_rows(patient: str, content: Row) -> Rows:
    rows: Rows = {name: [] for name in ("assessments", "treatments", "events", "event_features", "periods")}
    for sign in content.get("assessments", []):
        time = _moment(sign["day"], sign.get("time", ASSESSMENT_TIME))
        kept = {key: sign.get(key) for key in ("item", "value", "unit")}
        rows["assessments"].append({"patient_id": patient, "time": time, **kept})
    for course in content.get("treatments", []):
        kept = {key: course.get(key) for key in ("agent", "intent", "indication", "dose", "unit", "beyond_routine")}
        if "event" in course:
            kept["event_id"] = f"{patient}::{course['event']}"
        start = _moment(course["day"], course.get("time"))
        rows["treatments"].append({"patient_id": patient, "start": start, "end": _end(course), **kept})
    for event in content.get("events", []):
        name = f"{patient}::{event['id']}"
        words = ("kind", "site", "side", "certainty", "code", "code_system", "present_on_admission", "encounter")
        kept = {key: event.get(key) for key in words}
        onset = _moment(event["day"], event.get("time"))
        rows["events"].append({"event_id": name, "patient_id": patient, "onset": onset, "end": _end(event), **kept})
        for feature, value in event.get("features", {}).items():
            rows["event_features"].append({"event_id": name, "feature": feature, "value": value})
    for period in content.get("periods", []):
        kept = {"kind": period["kind"], "start": _date(period["day"]), "end": _end(period), "text": period.get("text")}
        rows["periods"].append({"patient_id": patient, **kept})
    return rows


def _end(row: Row) -> str | None:
    return _moment(row["end_day"], row.get("end_time")) if "end_day" in row else None


def record_rows(cases: Sequence[Case]) -> Rows:
    """The rows of a record whose patients are the cases."""
    rows: Rows = {name: [] for name in RECORD_TABLES}
    for case in cases:
        rows["infusions"].append(infusion_row(case.name, case.content.get("infusion", {})))
        rows["labs"].extend(lab_rows(case.name, case.content.get("labs", [])))
        for name, more in _other_rows(case.name, case.content).items():
            rows[name].extend(more)
    return rows


def folder_rows(folder: Path) -> Rows:
    """The rows of a record folder of CSV files, as text."""
    rows: Rows = {}
    for name in RECORD_TABLES:
        with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            rows[name] = list(csv.DictReader(file))
    return rows


def write_record(folder: Path, rows: Mapping[str, Sequence[Row]]) -> Path:
    """A record folder with one CSV file for each of the tables; a table without rows has its header alone."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in rows.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, RECORD_TABLES[name].columns)
            writer.writeheader()
            writer.writerows({key: _text(value) for key, value in row.items()} for row in table)
    return folder


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    # repr keeps a float to its last bit, which tests of ties rely on.
    return repr(value) if isinstance(value, float) else str(value)
