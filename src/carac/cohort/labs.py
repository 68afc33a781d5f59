"""Laboratory results: texts to intervals, units to canonical units, limits of normal, superseded results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import ibis
import ibis.expr.types as ir

from carac.cohort.infusions import unreadable_time
from carac.cohort.records import RecordSource, first_problem, number_of, text_of, time_of
from carac.cohort.translation import Problem, Translated, translate
from carac.cohort.values import read_value
from carac.engine.base import compile_sql
from carac.engine.duckdb_engine import DuckDB
from carac.vocabulary.analytes import Analyte, analytes
from carac.vocabulary.codes import analyte_of_code
from carac.vocabulary.spelling import fold, nearest
from carac.vocabulary.units import Conversion, conversion, known_units, why_not

_NONE = ibis.null("string")
_CONVERSION = {
    "analyte_name": "string",
    "offset_before": "float64",
    "multiply": "float64",
    "divide": "float64",
    "plausible_low": "float64",
    "plausible_high": "float64",
}


@dataclass(frozen=True)
class LabOptions:
    """What a user says of all laboratory results of a record.

    Parameters
    ----------
    default_units: unit by analyte for results that have none.
    d_dimer_basis: ``FEU`` or ``DDU`` for D-dimer results whose unit and code do not say.
    keep_implausible: True grades values outside the plausible range of their analyte; else they are set aside, counted.
    """

    default_units: Mapping[str, str] = field(default_factory=dict)
    d_dimer_basis: str | None = None
    keep_implausible: bool = False


def parsed_labs(engine: DuckDB, source: RecordSource, options: LabOptions) -> ibis.Table:
    """The rows of the record in canonical units, with `problem` and `source_row`."""
    raw = source.expression()
    translator = _Translator(options)
    keys = {"analyte": raw.analyte, "unit": raw.unit, "method": raw.method}
    rows = translate(engine, raw, keys, _CONVERSION, translator.conversion, "unit")
    rows = _with_ends(engine, rows)
    time, precision = time_of(rows.time)
    made = rows.mutate(
        time_read=time,
        precision_read=precision,
        low=_converted(rows.low_read, rows),
        high=_converted(rows.high_read, rows),
        lower=_converted(number_of(rows.lower_limit), rows),
        upper=_converted(number_of(rows.upper_limit), rows),
        mean=_converted(number_of(rows.normal_mean), rows),
    )
    problems = [
        text_of(made.patient_id).isnull().ifelse(Problem("missing_patient", "the patient_id is empty", "Fill it in.").text, _NONE),
        time_problem(made.time, made.time_read),
        made.unit_problem,
        made.value_problem,
    ]
    if not options.keep_implausible:
        problems.append(_implausible(made))
    return made.select(
        patient_id=text_of(made.patient_id),
        time=made.time_read,
        time_precision=made.precision_read,
        analyte=made.analyte_name,
        value_low=made.low,
        value_high=made.high,
        # A limit of 0 or less cannot be divided by: it counts as missing.
        lower_limit=(made.lower > 0).ifelse(made.lower, ibis.null("float64")),
        upper_limit=(made.upper > 0).ifelse(made.upper, ibis.null("float64")),
        normal_mean=made.mean,
        status=text_of(made.status).lower(),
        problem=first_problem(problems),
        source_row=made.source_row.cast("int64"),
    )


def time_problem(column: ir.Value, time: ir.TimestampValue) -> ir.StringValue:
    """The problem of a required time: empty, or not understood."""
    text = text_of(column)
    empty = Problem("missing_time", "the time is empty", "Write a date.").text
    return ibis.cases((text.isnull(), ibis.literal(empty)), (time.isnull(), unreadable_time(text)), else_=_NONE)


def _with_ends(engine: DuckDB, rows: ibis.Table) -> ibis.Table:
    """Both ends of each value, from `value` or from `value_low` and `value_high`."""
    low, high = number_of(rows.value_low), number_of(rows.value_high)
    if rows.value.type().is_numeric():
        number = number_of(rows.value)
        low, high = ibis.coalesce(low, number), ibis.coalesce(high, number)
        empty = Problem("missing_value", "there is no value", "Write a number, or leave the row out.").text
        return rows.mutate(low_read=low, high_read=high, value_problem=low.isnull().ifelse(empty, _NONE))
    if rows.value_low.type().is_numeric() and not rows.value.type().is_string():
        raise AssertionError("value is text, a number, or absent")
    number = number_of(rows.value)
    odd = number.isnull().ifelse(ibis.coalesce(text_of(rows.value), ibis.literal("")), ibis.literal(""))
    outputs = {"odd_low": "float64", "odd_high": "float64"}
    rows = translate(engine, rows.mutate(number_read=number), {"odd": odd}, outputs, _odd_value, "value")
    low = ibis.coalesce(low, rows.number_read, rows.odd_low)
    high = ibis.coalesce(high, rows.number_read, rows.odd_high)
    return rows.mutate(low_read=low, high_read=high, value_problem=low.isnull().ifelse(rows.value_problem, _NONE))


def _odd_value(text: str) -> Translated:
    if not text:
        return Problem("missing_value", "there is no value", "Write a number, or leave the row out.")
    reading = read_value(text)
    if reading.problem:
        return Problem("unreadable_value", reading.problem, reading.remedy)
    return {"odd_low": reading.low, "odd_high": reading.high}


def _converted(value: ir.FloatingValue, rows: ibis.Table) -> ir.FloatingValue:
    return (value + rows.offset_before) * rows.multiply / rows.divide


def _implausible(rows: ibis.Table) -> ir.StringValue:
    outside = (rows.high < rows.plausible_low) | (rows.low > rows.plausible_high)
    # A comparator may end at infinity; only a value wholly outside is implausible.
    start = ibis.literal("implausible_value|") + rows.analyte_name + ibis.literal(" outside ")
    span = rows.plausible_low.cast("string") + ibis.literal(" to ") + rows.plausible_high.cast("string")
    return outside.ifelse(start + span + ibis.literal(" in its canonical unit|Check value and unit."), _NONE)


@dataclass(frozen=True)
class _Translator:
    """From the words of a row (analyte or code, unit, method) to its conversion."""

    options: LabOptions

    def conversion(self, analyte: str, unit: str, method: str) -> Translated:
        known, basis = _analyte(analyte)
        if known is None:
            near = nearest(analyte, analytes())
            remedy = f"Did you mean {near}?" if near else "See the list of analytes in the documentation, or leave it out."
            return Problem("unknown_analyte", f"the analyte {analyte!r} is not known", remedy)
        unit = unit or self.options.default_units.get(known.name, "")
        basis = basis or _basis_of(method) or self.options.d_dimer_basis
        found = conversion(known.name, unit, basis)
        if found is None:
            return _unit_problem(known, unit)
        if found.basis_needed:
            return Problem(
                "unknown_d_dimer_unit",
                f"D-dimer in {unit!r} says neither FEU nor DDU",
                "Write the unit as mg/L{FEU} or ng/mL{DDU}, or name it once with --d-dimer FEU or --d-dimer DDU.",
            )
        return _columns(known, found)


def _analyte(text: str) -> tuple[Analyte | None, str]:
    """The analyte of a name or code, and the basis that its code settles for D-dimer."""
    name = fold(text).replace(" ", "_")
    if name in analytes():
        return analytes()[name], ""
    for system in ("LOINC", "OMOP"):
        if code := analyte_of_code(system, text):
            return analytes()[code.analyte], code.basis
    return None, ""


def _basis_of(method: str) -> str | None:
    word = method.strip().upper()
    return word if word in ("FEU", "DDU") else None


def _unit_problem(analyte: Analyte, unit: str) -> Problem:
    units = ", ".join(dict.fromkeys(known_units(analyte.name)))
    if not unit:
        return Problem(
            "missing_unit", f"{analyte.name} has no unit", f"Write one of {units}, or name it with --unit {analyte.name}=UNIT."
        )
    reason = why_not(analyte.name, unit)
    message = f"the unit {unit!r} is not known for {analyte.name}" + (f": {reason}" if reason else "")
    return Problem("unknown_unit", message, f"Write one of {units}." if units else "It has no unit.")


def _columns(analyte: Analyte, found: Conversion) -> Translated:
    return {
        "analyte_name": analyte.name,
        "offset_before": found.offset_before,
        "multiply": found.multiply,
        "divide": found.divide,
        "plausible_low": analyte.plausible_low,
        "plausible_high": analyte.plausible_high,
    }


_RANK = {"corrected": 2, "amended": 2, "final": 1, "preliminary": 0}


def superseded(engine: DuckDB, labs: ibis.Table) -> tuple[ibis.Table, int]:
    """The results without those that a corrected or final one of the same patient, time and analyte replaces; their number.

    Most records hold only final results; then nothing is compared.
    """
    keys = ["patient_id", "time", "analyte"]
    rank = ibis.cases(*[(labs.status == word, rank) for word, rank in _RANK.items()], else_=1)
    ranked = labs.mutate(rank=rank)
    contested_keys = ranked.filter(ranked["rank"] != 1).select(*keys).distinct()
    if not engine.rows(compile_sql(contested_keys.limit(1), engine.dialect)):
        return labs, 0
    contested = ranked.semi_join(contested_keys, keys)
    best = contested.group_by(*keys).aggregate(best=contested["rank"].max())
    judged = ranked.left_join(best, keys)
    replaced = (judged["rank"] < judged.best).fill_null(False)
    number = engine.rows(compile_sql(judged.aggregate(n=replaced.ifelse(1, 0).sum()), engine.dialect))[0][0]
    return judged.filter(~replaced).select(*labs.columns), int(str(number or 0))
