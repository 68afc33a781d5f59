"""A cohort: the tables of a record, typed and in canonical units, with every row that was set aside counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import ibis
import ibis.expr.types as ir

from carac.cohort.against_control import with_values_against_control
from carac.cohort.derived import with_derived_neutrophils, with_neutrophils_below_leukocytes
from carac.cohort.events import parsed_event_features, parsed_events
from carac.cohort.grid import SCOPE, days_between
from carac.cohort.infusions import cohort_infusions, parsed_infusions
from carac.cohort.labs import LabOptions, parsed_labs, superseded
from carac.cohort.limits import with_site_limits
from carac.cohort.records import Records, RecordSource
from carac.cohort.setting_aside import TOLD, findings_of
from carac.cohort.signs import parsed_assessments, parsed_periods, parsed_treatments
from carac.cohort.tables import COHORT_SCHEMAS
from carac.engine.base import compile_sql
from carac.engine.duckdb_engine import DuckDB
from carac.findings import CaracError, Finding, Findings, Severity
from carac.parameters import Parameters
from carac.progress import Progress


@dataclass
class Cohort:
    """The cohort tables in an engine, with the findings of making them.

    Parameters
    ----------
    engine: the session; each table has the name and the columns of `COHORT_SCHEMAS`.
    present: tables that the record has; the others are there and empty. ``central_lines`` is among them where any
        period is a central line, because a record of stays alone does not deny one.
    findings: of reading and of making.
    files: hash of each file of the record.
    counts: rows by table.
    large: True where the laboratory table is a view over a large file.
    """

    engine: DuckDB
    present: frozenset[str]
    findings: Findings
    files: Mapping[str, str]
    counts: dict[str, int] = field(default_factory=dict)
    large: bool = False


_PARSERS: dict[str, Callable[[DuckDB, RecordSource], ibis.Table]] = {
    "infusions": parsed_infusions,
    "assessments": parsed_assessments,
    "treatments": parsed_treatments,
    "events": parsed_events,
    "event_features": parsed_event_features,
    "periods": parsed_periods,
}


def make_cohort(
    records: Records, parameters: Parameters, options: LabOptions | None = None, progress: Progress | None = None
) -> Cohort:
    """The cohort of a record.

    Raises
    ------
    CaracError: no infusion can be read.
    """
    progress = progress or Progress()
    options = options or LabOptions()
    cohort = Cohort(records.engine, records.present, records.findings, records.files)
    with progress.step("infusions"):
        _make_infusions(records, parameters, cohort)
    with progress.step("laboratory results"):
        _make_labs(records, parameters, options, cohort)
    for name in ("assessments", "treatments", "events", "event_features", "periods"):
        with progress.step(name.replace("_", " ")):
            _make_other(records, name, parameters, cohort)
    if records.engine.rows("SELECT 1 FROM periods WHERE kind = 'central_line' LIMIT 1"):
        cohort.present |= {"central_lines"}
    for name in COHORT_SCHEMAS:
        if not (cohort.large and name == "labs"):
            cohort.counts[name] = int(str(records.engine.rows(f'SELECT count(*) FROM "{name}"')[0][0]))
    return cohort


def _parsed(records: Records, name: str, expression: ibis.Table, view: bool = False) -> ibis.Table:
    """Keep the parsed rows and note what has to be set aside."""
    source = records.sources[name]
    table = f"parsed_{name}"
    records.engine.create(table, compile_sql(expression, records.engine.dialect), view=view)
    parsed = ibis.table(expression.schema(), name=table)
    records.findings.extend(findings_of(records.engine, parsed, name, source.file, None if records.tell_all else TOLD))
    return parsed


def _make_infusions(records: Records, parameters: Parameters, cohort: Cohort) -> None:
    engine = records.engine
    parsed = _parsed(records, "infusions", parsed_infusions(engine, records.sources["infusions"]))
    engine.create("infusions", compile_sql(cohort_infusions(parsed, parameters.scope(SCOPE)), engine.dialect))
    if not engine.rows("SELECT 1 FROM infusions LIMIT 1"):
        file = records.sources["infusions"].file
        raise CaracError(f"{file} has no infusion that can be read; every row needs patient_id and infusion_time.")


def _make_labs(records: Records, parameters: Parameters, options: LabOptions, cohort: Cohort) -> None:
    engine, source = records.engine, records.sources["labs"]
    cohort.large = source.large
    parsed = _parsed(records, "labs", parsed_labs(engine, source, options), view=source.large)
    good = parsed.filter(parsed.usable)
    kept, replaced = superseded(engine, good)
    if replaced:
        message = f"{replaced} results were replaced by a later report of the same sample."
        remedy = "The corrected one wins, then the final one."
        records.findings.add(
            Finding("superseded", Severity.NOTE, "labs", message, remedy, count=replaced, file=source.file)
        )
    columns = [kept[name].cast(kind).name(name) for name, kind in COHORT_SCHEMAS["labs"].items()]
    counted = with_derived_neutrophils(records, kept.select(*columns))
    few = float(parameters.get(SCOPE, "anc_if_wbc_low"))
    if few > 0:
        counted = with_neutrophils_below_leukocytes(records, counted, few)
    # A neutrophil count made from its percentage takes its limits of normal from the site file, too.
    complete = with_site_limits(records, with_values_against_control(records, counted, kept))
    engine.create("labs", compile_sql(complete, engine.dialect), view=source.large)


def _make_other(records: Records, name: str, parameters: Parameters, cohort: Cohort) -> None:
    engine = records.engine
    schema = COHORT_SCHEMAS[name]
    if name not in records.sources:
        empty = {column: ibis.null(kind).name(column) for column, kind in schema.items()}
        nothing = ibis.table({"patient_id": "string"}, name="infusions").select(**empty).limit(0)
        engine.create(name, compile_sql(nothing, engine.dialect))
        return
    parsed = _parsed(records, name, _PARSERS[name](engine, records.sources[name]))
    good = parsed.filter(parsed.problem.isnull()).drop("problem", "source_row")
    if "infusion_number" in schema:
        good = _placed(
            good, name, *(int(parameters.get(SCOPE, f"events_{end}")) for end in ("last_day", "days_before"))
        )
    rows = good.select(*[good[column].cast(kind).name(column) for column, kind in schema.items()])
    engine.create(name, compile_sql(rows, engine.dialect))


def _placed(rows: ibis.Table, name: str, events_last_day: int, events_days_before: int) -> ibis.Table:
    """The rows with the infusions whose window holds them, and their days."""
    infusions = ibis.table(COHORT_SCHEMAS["infusions"], name="infusions")
    keyed = infusions.select("patient_id", "infusion_number", "infusion_date", "first_day", "last_day")
    joined = rows.inner_join(keyed, "patient_id")
    start, end = {"assessments": ("time", "time"), "treatments": ("start", "end"), "events": ("onset", "end")}[name]
    first = days_between(joined[start], joined.infusion_date)
    last = days_between(joined[end], joined.infusion_date)
    if name == "treatments":
        last = ibis.greatest(ibis.coalesce(last, first), first)
        joined = joined.mutate(start_day=first, end_day=last)
        return joined.filter(joined.start_day <= joined.last_day, joined.end_day >= joined.first_day - 30)
    joined = joined.mutate(day=first, end_day=last)
    upper: ir.Value = ibis.literal(events_last_day) if name == "events" else joined.last_day
    earlier = events_days_before if name == "events" else 0
    return joined.filter(joined.day >= joined.first_day - earlier, joined.day <= upper)
