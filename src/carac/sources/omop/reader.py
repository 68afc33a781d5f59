"""An OMOP record as the tables of carac, with findings of what it cannot say."""

from __future__ import annotations

from pathlib import Path

from carac.cohort.records import Records
from carac.engine.duckdb_engine import DuckDB
from carac.sources.omop.conditions import read_conditions
from carac.sources.omop.index import OmopOptions, read_infusions
from carac.sources.omop.measurements import read_labs
from carac.sources.omop.tables import OmopRecord, open_omop
from carac.sources.omop.treatments import read_treatments
from carac.sources.omop.visits import read_visits

VERSIONS = ("5.3", "5.4")

#: What it costs that a table of the data model is not there.
_ABSENT = {
    "visit_occurrence": "Stays in hospital are not known; days cannot be counted from a visit.",
    "drug_exposure": "Treatments are not known: tocilizumab, steroids, anticoagulants, vasopressors, blood products.",
    "condition_occurrence": "Events are not known: no bleeding and no thrombosis.",
    "death": "Deaths are not known, and do not end the days of a patient.",
    "observation_period": "The end of follow-up is not known: patients count as followed to the last day of the grid.",
}


def read_omop(engine: DuckDB, path: Path, options: OmopOptions | None = None) -> Records:
    """The tables of an OMOP CDM 5.3 or 5.4 record.

    Parameters
    ----------
    engine: the session that will hold them.
    path: folder of CSV, CSV.gz or Parquet files named as the tables, in any case; or a DuckDB file.
    options: what day 0 is.

    Raises
    ------
    CaracError: person or measurement is absent, a needed column is, the index cannot be had, or a file cannot be read.
    """
    records = Records(engine, kind="omop")
    record = open_omop(records, path)
    _tell_version(record)
    day_zero = read_infusions(record, options or OmopOptions())
    infusions = record.number('SELECT count(*) FROM "record_infusions"')
    record.note("index", "run", f"day 0 is {_DAY_ZERO.get(day_zero, day_zero)}, in {infusions} rows.")
    read_labs(record)
    read_treatments(record)
    read_conditions(record)
    read_visits(record)
    _tell_absent(record)
    return records


_DAY_ZERO = {
    "infusion": "the CAR-T infusion of the record",
    "first-visit": "the start of the first visit",
    "every-visit": "the start of each visit, one infusion per visit",
}


def _tell_version(record: OmopRecord) -> None:
    table = record.get("cdm_source")
    if table is None:
        return
    for row in record.engine.rows(f"SELECT DISTINCT {table.text('cdm_version')} FROM {table.relation}"):
        version = str(row[0] or "").lower().removeprefix("v").removeprefix("cdm ").removeprefix("v")
        if version and not version.startswith(VERSIONS):
            message = f"the data model is of version {row[0]}; carac was made for {' and '.join(VERSIONS)}."
            record.warn("other_version", "cdm_source", message, "Check that the counts of rows are what you expect.")


def _tell_absent(record: OmopRecord) -> None:
    for name, cost in _ABSENT.items():
        if record.get(name) is None:
            record.note("absent_table", "run", f"the record has no {name}.", f"Add {name} if there is one.", cost)
    record.note(
        "not_in_omop",
        "run",
        "signs (temperature, pressure, oxygen, ICE items), disease, weight, height, progression, next therapy and "
        "lymphodepletion are not read from OMOP.",
        "What belongs to an infusion can be given with --index-table.",
        "CRS and ICANS grades are null, and what looks back from lymphodepletion looks back from day 0.",
    )
