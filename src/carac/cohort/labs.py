"""Laboratory results: texts to intervals, units to canonical units, limits of normal, superseded results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import reduce
from operator import or_

import ibis
import ibis.expr.types as ir

from carac.cohort.infusions import NO_PATIENT, unreadable_time
from carac.cohort.records import INFINITY, RecordSource, end_of, first_problem, number_of, text_of, time_of
from carac.cohort.setting_aside import (
    COUNTED,
    SEEN,
    doubt,
    doubtful_number,
    doubtful_offset,
    doubts,
    with_seen,
)
from carac.cohort.translation import Problem, Translated, translate
from carac.cohort.values import read_value
from carac.engine.base import compile_sql
from carac.engine.duckdb_engine import DuckDB
from carac.findings import CaracError
from carac.vocabulary.analytes import Analyte, analyte_hint, analytes, number_of_analyte
from carac.vocabulary.codes import analyte_of_code
from carac.vocabulary.spelling import fold
from carac.vocabulary.unit_spelling import is_absent
from carac.vocabulary.units import Conversion, conversion, known_units, why_not

_NONE = ibis.null("string")
_NOTHING = ibis.literal(0.0, "float64")
_WITHOUT_END = ibis.literal(INFINITY, "float64")
_CONVERSION = {
    "analyte_name": "string",
    "analyte_number": "int64",
    "multiply": "float64",
    "divide": "float64",
    "plausible_low": "float64",
    "plausible_high": "float64",
    "plausible_text": "string",
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
    _check(options)
    translator = _Translator(options)
    keys = {name: raw[name] if name in source.columns else None for name in ("analyte", "unit", "method")}
    rows = translate(engine, raw, keys, _CONVERSION, translator.conversion, "unit")
    rows = _with_ends(engine, rows, "value" in source.columns)
    time, precision = time_of(rows.time)
    made = rows.mutate(
        time_read=time,
        precision_read=precision,
        low=_converted(rows.low_read, rows),
        high=_converted(rows.high_read, rows),
        lower=_plain_number(rows.lower_limit),
        upper=_plain_number(rows.upper_limit),
        mean=_converted(number_of(rows.normal_mean), rows),
        status_word=_status_word(engine, source, rows),
    )
    # Limits that run backwards are no limits.
    backwards = (made.lower > made.upper).fill_null(False)
    # NaN counts as above infinity in DuckDB, and so is no limit here.
    lowest, highest = ibis.coalesce(made.lower, _NOTHING), ibis.coalesce(made.upper, _WITHOUT_END)
    has_lower = ((made.lower > 0) & (made.lower < INFINITY) & (made.lower <= highest)).fill_null(False)
    has_upper = ((made.upper > 0) & (made.upper < INFINITY) & (made.upper >= lowest)).fill_null(False)
    problems = [
        text_of(made.patient_id).isnull().ifelse(NO_PATIENT.text, _NONE),
        time_problem(made.time, made.time_read),
        made.status_word.isin(_WITHDRAWN).ifelse(with_seen(_WITHDRAWN_TEXT, made.status), _NONE),
        made.unit_problem,
        made.value_problem,
    ]
    outside = (made.high < made.plausible_low) | (made.low > made.plausible_high)
    usable = text_of(made.patient_id).notnull() & made.time_read.notnull() & made.unit_problem.isnull()
    usable = usable & (made.low <= made.high).fill_null(False)
    if _has_other_status(engine, source):
        usable = usable & ~made.status_word.isin(_WITHDRAWN).fill_null(False)
    if not options.keep_implausible:
        problems.append(_implausible(made, outside))
        usable = usable & ~outside.fill_null(False)
    doubted = _doubts(made, backwards)
    return made.select(
        patient_id=text_of(made.patient_id),
        time=made.time_read,
        time_precision=made.precision_read,
        analyte=made.analyte_name,
        analyte_number=made.analyte_number,
        exact=made.low_read == made.high_read,
        value_low=made.low,
        value_high=made.high,
        # A limit of 0 or less cannot be divided by: it counts as missing.
        has_lower_limit=has_lower,
        has_upper_limit=has_upper,
        lower_limit=_converted(has_lower.ifelse(made.lower, ibis.null("float64")), made),
        upper_limit=_converted(has_upper.ifelse(made.upper, ibis.null("float64")), made),
        normal_mean=made.mean,
        status=made.status_word,
        # The same as a null problem, without making any text: a large record is filtered by this alone.
        usable=usable,
        problem=first_problem(problems),
        doubtful=reduce(or_, [each.notnull() for each in doubted]),
        doubt=doubts(doubted),
        source_row=made.source_row.cast("int64"),
    )


def _plain_number(column: ir.Value) -> ir.FloatingValue:
    """A number as it is, NaN and infinity too; a text that is none is null."""
    return column.cast("float64") if column.type().is_numeric() else number_of(column)


def _has_other_status(engine: DuckDB, source: RecordSource) -> bool:
    """Whether any result is not final; most records hold only final ones, and then no status is looked at."""
    if "status" not in source.columns:
        return False
    seen = {row[0] for row in engine.rows(f'SELECT DISTINCT status FROM "{source.relation}" LIMIT 50')}
    return not seen <= {"final", None}


def _status_word(engine: DuckDB, source: RecordSource, rows: ibis.Table) -> ir.StringValue:
    """The status of each result as one word."""
    if not _has_other_status(engine, source):
        return _NONE
    return text_of(rows.status).lower().re_replace(r"[\s-]+", "_")


def _check(options: LabOptions) -> None:
    """Refuse options that name no analyte, no unit or no basis."""
    for name, unit in options.default_units.items():
        if name not in analytes():
            raise CaracError(
                f"The unit {unit!r} is meant for {name!r}, which is no analyte. {analyte_hint(name)}".strip()
            )
        if conversion(name, unit) is None:
            units = ", ".join(dict.fromkeys(known_units(name)))
            raise CaracError(f"The unit {unit!r} is not known for {name}; name one of {units}.")
    if options.d_dimer_basis not in (None, "FEU", "DDU"):
        raise CaracError(f"The basis of D-dimer is FEU or DDU, not {options.d_dimer_basis!r}.")


def _doubts(rows: ibis.Table, backwards: ir.BooleanValue) -> list[ir.StringValue]:
    """What is not used of a result that stays."""
    remedy, cost = (
        "Write one number in the unit of the value.",
        "Grades that compare with a limit of normal have a range.",
    )
    each = [doubtful_number(rows[name], name, remedy, cost) for name in ("lower_limit", "upper_limit", "normal_mean")]
    message = f"the lower limit lies above the upper limit, and both count as missing, in {COUNTED}"
    each.append(doubt("limits_backwards", message, "Exchange the two.", cost, backwards))
    message = f"the upper limit is not above 0 and counts as missing in {COUNTED}"
    each.append(doubt("implausible_limit", message, remedy, cost, rows.upper <= 0, rows.upper_limit))
    message = f"the status is not known and was read as final in {COUNTED}"
    unknown = rows.status_word.notnull() & ~rows.status_word.isin([*_RANK, *_WITHDRAWN])
    each.append(doubt("unknown_status", message, "Write preliminary, final or corrected.", "", unknown, rows.status))
    return [*each, doubtful_offset(rows.time)]


def time_problem(column: ir.Value, time: ir.TimestampValue) -> ir.StringValue:
    """The problem of a required time: empty, or not understood."""
    text = text_of(column)
    empty = Problem("missing_time", "the time is empty", "Write a date.").text
    return ibis.cases((text.isnull(), ibis.literal(empty)), (time.isnull(), unreadable_time(text)), else_=_NONE)


def _with_ends(engine: DuckDB, rows: ibis.Table, has_value: bool) -> ibis.Table:
    """Both ends of each value, from `value` or from `value_low` and `value_high`."""
    low, high = end_of(rows.value_low), end_of(rows.value_high)
    absent = ibis.literal(Problem("missing_value", "there is no value", "Write a number, or leave the row out.").text)
    if not has_value:
        rows = rows.mutate(low_read=low, high_read=high)
        return rows.mutate(value_problem=_end_problem(rows, absent))
    if rows.value.type().is_numeric():
        number = number_of(rows.value)
        rows = rows.mutate(low_read=ibis.coalesce(low, number), high_read=ibis.coalesce(high, number))
        return rows.mutate(value_problem=_end_problem(rows, absent))
    number = number_of(rows.value)
    odd = number.isnull().ifelse(ibis.coalesce(text_of(rows.value), ibis.literal("")), ibis.literal(""))
    outputs = {"odd_low": "float64", "odd_high": "float64"}
    rows = translate(engine, rows.mutate(number_read=number), {"odd": odd}, outputs, _odd_value, "value")
    low = ibis.coalesce(low, rows.number_read, rows.odd_low)
    high = ibis.coalesce(high, rows.number_read, rows.odd_high)
    rows = rows.mutate(low_read=low, high_read=high)
    return rows.mutate(value_problem=_end_problem(rows, rows.value_problem))


def _end_problem(rows: ibis.Table, absent: ir.StringValue) -> ir.StringValue:
    """The problem of two ends: both absent, one absent, or in the wrong order."""
    low, high = rows.low_read, rows.high_read
    one = "half_an_interval|only one of value_low and value_high is a number|Write both ends, or value as <10 or >5000."
    order = "unreadable_value|value_low lies above value_high|Write the lower end first."
    return ibis.cases(
        (low.isnull() & high.isnull(), absent),
        (low.isnull() | high.isnull(), ibis.literal(one)),
        (low > high, ibis.literal(order)),
        else_=_NONE,
    )


def _odd_value(text: str) -> Translated:
    if not text:
        return Problem("missing_value", "there is no value", "Write a number, or leave the row out.")
    reading = read_value(text)
    if reading.problem:
        return Problem("unreadable_value", reading.problem, reading.remedy + SEEN + text)
    return {"odd_low": reading.low, "odd_high": reading.high}


def _converted(value: ir.FloatingValue, rows: ibis.Table) -> ir.FloatingValue:
    return value * rows.multiply / rows.divide


def _implausible(rows: ibis.Table, outside: ir.BooleanValue) -> ir.StringValue:
    # A comparator may end at infinity; only a value wholly outside is implausible.
    start = ibis.literal("implausible_value|") + rows.analyte_name + ibis.literal(" outside ")
    span = rows.plausible_text + ibis.literal(f"|Check value and unit.{SEEN}")
    ends = [text_of(end) for end in (rows.value, rows.value_low, rows.value_high)]
    seen = ibis.coalesce(ends[0], ends[1] + ibis.literal(" to ") + ends[2], ibis.literal(""))
    unit = ibis.coalesce(ibis.literal(" ") + text_of(rows.unit), ibis.literal(""))
    return outside.ifelse(start + span + seen + unit, _NONE)


@dataclass(frozen=True)
class _Translator:
    """From the words of a row (analyte or code, unit, method) to its conversion."""

    options: LabOptions

    def conversion(self, analyte: str, unit: str, method: str) -> Translated:
        known, basis = _analyte(analyte)
        if not analyte:
            return Problem("missing_analyte", "the analyte is empty", "Fill it in.")
        if known is None:
            remedy = analyte_hint(analyte) or "See the list of analytes in the documentation, or leave it out."
            return Problem("unknown_analyte", f"the analyte {analyte!r} is not known", remedy)
        unit = self.options.default_units.get(known.name, "") if is_absent(unit) else unit
        known_basis = basis or _basis_of(method) or self.options.d_dimer_basis
        found = conversion(known.name, unit, known_basis)
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
            "missing_unit",
            f"{analyte.name} has no unit",
            f"Write one of {units}, or name it with --unit {analyte.name}=UNIT.",
        )
    reason = why_not(analyte.name, unit)
    message = f"the unit {unit!r} is not known for {analyte.name}" + (f": {reason}" if reason else "")
    return Problem("unknown_unit", message, f"Write one of {units}." if units else "It has no unit.")


def _columns(analyte: Analyte, found: Conversion) -> Translated:
    return {
        "analyte_name": analyte.name,
        "analyte_number": number_of_analyte(analyte.name),
        "multiply": found.multiply,
        "divide": found.divide,
        "plausible_low": analyte.plausible_low,
        "plausible_high": analyte.plausible_high,
        "plausible_text": f"{analyte.plausible_low:,g} to {analyte.plausible_high:,g} {analyte.canonical_unit}".strip(),
    }


_RANK = {"corrected": 2, "amended": 2, "final": 1, "preliminary": 0}
#: Words of FHIR and of laboratories for a result that does not hold.
_WITHDRAWN_TEXT = "withdrawn|the laboratory withdrew the result|"
_WITHDRAWN = ("entered_in_error", "cancelled", "canceled", "withdrawn")


def superseded(engine: DuckDB, labs: ibis.Table) -> tuple[ibis.Table, int]:
    """The results without those that a corrected or final one of the same sample replaces, and their number.

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
