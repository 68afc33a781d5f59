"""check, grade and explain: a record goes in."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from carac import api
from carac.cohort.cohort import Cohort
from carac.cohort.labs import LabOptions
from carac.cohort.tables import RECORD_TABLES
from carac.commands import showing
from carac.definitions import definitions_from as definitions_from
from carac.engine.duckdb_engine import DuckDB
from carac.findings import CaracError, Findings, without_identifiers
from carac.grading.coverage import coverage_findings
from carac.grading.output import write_output
from carac.grading.parameters import resolved
from carac.grading.plan import default_definitions
from carac.grading.run import Graded
from carac.parameters import Parameters, from_options, from_toml
from carac.progress import Progress
from carac.sources.synthetic import KIND as SYNTHETIC_RECORD

_SYNTHETIC = "The record is synthetic: its patients do not exist."


@dataclass(frozen=True)
class Run:
    """How a record is read and graded, as the options say."""

    reading: api.Reading
    parameter_file: Path | None
    changes: Sequence[str] | None
    definitions: Sequence[str] | None
    memory: str | None
    temporary: Path | None
    hash_identifiers: bool

    def parameters(self) -> Parameters:
        """Defaults, then the file, then the options."""
        return _parameters(self.parameter_file, self.changes)


def reading(
    kind: str | None,
    limits: Path | None,
    index: str | None,
    index_table: Path | None,
    units: Sequence[str] | None,
    d_dimer: str | None,
    keep_implausible: bool,
) -> api.Reading:
    """What the options say of a record; raises `CaracError` for one that cannot be."""
    if kind not in (None, "folder", "omop"):
        raise CaracError(f"--from is {kind!r}; it must be folder or omop.")
    if d_dimer is not None and d_dimer.upper() not in ("FEU", "DDU"):
        raise CaracError(f"--d-dimer is {d_dimer!r}; it must be FEU or DDU.")
    defaults: dict[str, str] = {}
    for option in units or ():
        analyte, equals, unit = option.partition("=")
        if not equals or not unit:
            raise CaracError(f"--unit {option!r} is not understood; write ANALYTE=UNIT, such as platelets=10^9/L.")
        defaults[analyte.strip()] = unit.strip()
    labs = LabOptions(defaults, d_dimer.upper() if d_dimer else None, keep_implausible)
    return api.Reading(kind, limits, index, index_table, labs)


def _parameters(file: Path | None, changes: Sequence[str] | None) -> Parameters:
    return resolved(from_toml(file) if file else {}, from_options(changes or ()))


@contextmanager
def _engine(memory: str | None, temporary: Path | None) -> Iterator[DuckDB]:
    engine = DuckDB(memory, temporary)
    try:
        yield engine
    finally:
        engine.close()


@contextmanager
def opened(run: Run) -> Iterator[DuckDB]:
    """The engine that a run asks for; it is closed at the end."""
    with _engine(run.memory, run.temporary) as engine:
        yield engine


def check(
    records: Path,
    reading: api.Reading,
    parameter_file: Path | None,
    changes: Sequence[str] | None,
    memory: str | None,
    temporary: Path | None,
    hash_identifiers: bool,
    json: bool,
    every: bool,
) -> int:
    """Print the findings, with `every` each by itself and with all names; 0 where there is no warning, else 1."""
    parameters = _parameters(parameter_file, changes)
    with _engine(memory, temporary) as engine, showing.progress_shown() as progress:
        reading = replace(reading, tell_all=every)
        cohort = api.read(records, reading, parameters=parameters, engine=engine, progress=progress, thorough=True)
        cohort.findings.extend(coverage_findings(cohort, default_definitions(parameters), every))
        findings = _without_names(cohort) if hash_identifiers else cohort.findings
    if json:
        print(findings.as_json())
    else:
        showing.show_findings(findings, shortened=not every)
    return 1 if any(finding.severity != "note" for finding in findings) else 0


def _without_names(cohort: Cohort) -> Findings:
    rows = cohort.engine.rows(
        "SELECT DISTINCT patient_id FROM parsed_labs UNION SELECT DISTINCT patient_id FROM infusions"
    )
    names = [str(row[0]) for row in rows if row[0] is not None]
    return Findings([without_identifiers(finding, names) for finding in cohort.findings])


def graded_record(records: Path, run: Run, engine: DuckDB, progress: Progress) -> tuple[Cohort, Graded]:
    """A record, read and graded as the options say."""
    parameters = run.parameters()
    cohort = api.read(records, run.reading, parameters=parameters, engine=engine, progress=progress)
    return cohort, api.grade(cohort, parameters, run.definitions, progress)


def grade(records: Path, output: Path, run: Run, items: bool, sensitivity: bool) -> None:
    """Grade and write; one line for what was written, and the warnings on standard error."""
    with _engine(run.memory, run.temporary) as engine, showing.progress_shown() as progress:
        cohort, graded = graded_record(records, run, engine, progress)
        if run.hash_identifiers:
            graded.findings = _without_names(cohort)
        synthetic = bool(cohort.findings.of(SYNTHETIC_RECORD))
        command: dict[str, object] = {
            "command": "grade",
            "record": records.name,
            "tables": sorted(cohort.present & set(RECORD_TABLES)),
        }
        if synthetic:
            command["synthetic"] = True
        counts = write_output(
            graded,
            output,
            cohort.files,
            items=items,
            sensitivity=sensitivity,
            ordered=not cohort.large,
            progress=progress,
            more=command,
        )
    warnings = [finding for finding in graded.findings if finding.severity != "note"]
    shown = showing.console(stderr=True)
    for finding in warnings[:10]:
        shown.print(str(finding), style="dark_orange")
    if len(warnings) > 10:
        shown.print(f"and {len(warnings) - 10} more warnings in findings.json")
    days, infusions, events = counts["patient_days"], counts["infusions"], counts["events"]
    number = len(graded.plan.definitions)
    print(
        f"{output}: {days} patient-days of {infusions} infusions and {events} events, graded by {number} definitions."
        + (f" {_SYNTHETIC}" if synthetic else "")
    )


def explain(records: Path, patient: str, day: int, infusion: int | None, run: Run, full: bool, json: bool) -> None:
    """Print why a patient-day has its grades."""
    with _engine(run.memory, run.temporary) as engine:
        with showing.progress_shown() as progress:
            _, graded = graded_record(records, run, engine, progress)
            explanation = api.explain(graded, patient, day, infusion)
        if json:
            print(explanation.as_json(), file=sys.stdout)
        else:
            if graded.findings.of(SYNTHETIC_RECORD):
                showing.console().print(_SYNTHETIC, style="italic")
            showing.show_explanation(explanation, full)
