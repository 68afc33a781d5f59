"""Made-up patients with laboratory results of one day and of baseline, many in one cohort."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from carac.vocabulary.analytes import analytes
from carac.vocabulary.types import Grain
from support.case_files import Row, Rows, infusion_row, lab_rows, write_record
from support.engines import grade, open_engine, read_record

#: The day that is graded, and the one of the values before treatment.
TODAY = 5
BEFORE = -7
#: A grid that holds both and little else.
SMALL_GRID = {"grid": {"days_before": 10, "last_day": TODAY}}


@dataclass(frozen=True)
class Result:
    """One laboratory result as a record writes it; without unit it is in the canonical one."""

    analyte: str
    value: str
    lower: str | None = None
    upper: str | None = None
    day: int = TODAY
    unit: str | None = None

    @property
    def row(self) -> Row:
        """The row of a case file."""
        unit = self.unit if self.unit is not None else analytes()[self.analyte].canonical_unit
        limits = {"lower": self.lower, "upper": self.upper}
        return {"day": self.day, "analyte": self.analyte, "value": self.value, "unit": unit, **limits}


@dataclass(frozen=True)
class Patient:
    """The results of one patient, and whether a therapeutic anticoagulant is given today."""

    results: tuple[Result, ...]
    anticoagulated: bool = False
    says: str = field(default="", compare=False)


def record(patients: Sequence[Patient]) -> Rows:
    """The record of the patients, who are called by their place. Tables that nothing here needs take time to read."""
    rows: Rows = {name: [] for name in ("infusions", "labs", "treatments")}
    for place, patient in enumerate(patients):
        name = f"{place:06d}"
        rows["infusions"].append(infusion_row(name, {}))
        rows["labs"].extend(lab_rows(name, (result.row for result in patient.results)))
        if patient.anticoagulated:
            course = {"patient_id": name, "start": "2024-06-12", "end": "2024-06-20", "agent": "warfarin"}
            rows["treatments"].append(course | {"intent": "therapeutic"})
    return rows


_numbers = itertools.count()


def graded_rows(
    folder: Path,
    rows: Mapping[str, Sequence[Row]],
    names: Iterable[str],
    engine: str = "duckdb",
    parameters: Mapping[str, Mapping[str, Any]] | None = None,
) -> list[dict[str, Any]]:
    """The results of today, one row per patient in the order of their names: those of the day and of the infusion.

    Parameters
    ----------
    folder: where the record is written, in a folder of its own.
    rows: the record.
    names: the definitions to grade.
    """
    read = read_record(
        write_record(folder / f"record_{next(_numbers)}", rows), {**SMALL_GRID, **(parameters or {})}, implausible=True
    )
    assert read.set_aside == []
    graded = grade(open_engine(engine), read, tuple(names))
    days = graded.table(Grain.DAY, items=True, where=f"day = {TODAY}").to_pylist()
    infusions = graded.table(Grain.INFUSION, items=True).to_pylist()
    assert [row["patient_id"] for row in days] == [row["patient_id"] for row in infusions]
    return [infusion | day for day, infusion in zip(days, infusions, strict=True)]
