"""Infusions: typed, numbered, each with its calendar date, its window of days, and its days of censoring."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from carac.cohort.grid import EARLIEST_LYMPHODEPLETION, days_between
from carac.cohort.records import RecordSource, first_problem, number_of, text_of, time_of
from carac.cohort.setting_aside import (
    COUNTED,
    doubt,
    doubtful_number,
    doubtful_offset,
    doubtful_time,
    doubts,
    plausible,
    with_seen,
)
from carac.cohort.tables import COHORT_SCHEMAS
from carac.cohort.translation import Problem, Translated, translate
from carac.engine.duckdb_engine import DuckDB
from carac.parameters import Values
from carac.vocabulary.products import product_of, products

NO_PATIENT = Problem("missing_patient", "the patient_id is empty", "Fill it in.")
_SEXES = {
    "f": "female",
    "female": "female",
    "w": "female",
    "woman": "female",
    "m": "male",
    "male": "male",
    "man": "male",
}
_CENSORING = ("lymphodepletion_start", "follow_up_end", "death", "progression", "next_therapy")


def parsed_infusions(engine: DuckDB, source: RecordSource) -> ibis.Table:
    """The rows of the record with typed columns, `problem` and `source_row`."""
    raw = source.expression()
    rows = translate(engine, raw, {"sex": raw.sex, "product": raw["product"]}, _WORDS, _translated_words, "who")
    time, precision = time_of(rows.infusion_time)
    start, start_precision = time_of(rows.lymphodepletion_start)
    columns: dict[str, ir.Value] = {
        "patient_id": text_of(rows.patient_id),
        "infusion_number": _whole(rows.infusion_number),
        "infusion_time": time,
        "infusion_time_precision": precision,
        "product": rows.product_name,
        "target": ibis.coalesce(text_of(rows.target), rows.product_target),
        "sex": rows.sex_word,
        "lymphodepletion_start": start,
        "lymphodepletion_start_precision": start_precision,
    }
    columns |= {name: text_of(rows[name]) for name in ("disease", "centre", "cause_of_death")}
    columns |= {name: plausible(rows[name], low, high) for name, (low, high, _) in _RANGES.items()}
    columns |= {name: time_of(rows[name])[0] for name in _OPTIONAL_TIMES if name != "lymphodepletion_start"}
    patient, infusion = text_of(rows.patient_id), text_of(rows.infusion_time)
    problems = [
        patient.isnull().ifelse(NO_PATIENT.text, _NONE),
        infusion.isnull().ifelse(Problem("missing_time", "infusion_time is empty", "Write a date.").text, _NONE),
        time.isnull().ifelse(unreadable_time(infusion), _NONE),
    ]
    return rows.select(
        **columns,
        problem=first_problem(problems),
        doubt=doubts(_doubts(rows)),
        source_row=rows.source_row.cast("int64"),
    )


def _whole(column: ir.Value) -> ir.IntegerValue:
    number = number_of(column)
    return ((number == number.floor()) & (number.abs() < 1e9)).ifelse(number, ibis.null("float64")).cast("int64")


def _doubts(rows: ibis.Table) -> list[ir.StringValue]:
    """What is not used of an infusion that stays."""
    each = [
        doubtful_number(rows[name], name, f"Write {unit} as a number, with a point for decimals.", "", low, high)
        for name, (low, high, unit) in _RANGES.items()
    ]
    message = f"infusion_number is no whole number and was counted by time in {COUNTED}"
    odd = text_of(rows.infusion_number).notnull() & _whole(rows.infusion_number).isnull()
    each.append(doubt("unreadable_number", message, "Write 1, 2, 3.", "", odd, rows.infusion_number))
    each.extend(doubtful_time(rows[name], name, cost) for name, cost in _OPTIONAL_TIMES.items())
    message = f"the sex is neither female nor male and counts as missing in {COUNTED}"
    unknown = text_of(rows.sex).notnull() & rows.sex_word.isnull()
    cost = "Limits of normal by sex cannot be chosen."
    each.append(doubt("unknown_sex", message, "Write female or male, or leave it empty.", cost, unknown, rows.sex))
    message = f"the product is not one that carac knows and was kept as written in {COUNTED}"
    own = rows.product_name.notnull() & ~rows.product_known
    each.append(doubt("unknown_product", message, "An academic product may stay.", "", own, rows["product"]))
    return [*each, doubtful_offset(rows.infusion_time)]


_NONE = ibis.null("string")
_WORDS = {"sex_word": "string", "product_name": "string", "product_target": "string", "product_known": "boolean"}
#: Lowest and highest that a person can be, and the unit.
_RANGES = {"age": (0.0, 120.0, "years"), "weight": (1.0, 500.0, "kilograms"), "height": (30.0, 250.0, "centimetres")}
_OPTIONAL_TIMES = {
    "lymphodepletion_start": "The baseline is the last value before the infusion, and the grid begins later.",
    "observation_start": "",
    "follow_up_end": "The follow-up is taken to reach the end of the grid.",
    "death": "The patient is taken as alive.",
    "progression": "The progression is not counted.",
    "next_therapy": "The next therapy is not counted.",
}


def _translated_words(sex: str, product: str) -> Translated:
    known = product_of(product)
    return {
        "sex_word": _SEXES.get(sex.lower()),
        "product_name": known or product or None,
        "product_target": products()[known].target if known else None,
        "product_known": known is not None,
    }


def unreadable_time(text: ir.StringValue) -> ir.StringValue:
    """The problem of a time that is not in ISO form."""
    return with_seen("unreadable_time|a time is not understood|Write 2024-03-01 or 2024-03-01T06:30.", text)


def cohort_infusions(parsed: ibis.Table, grid: Values) -> ibis.Table:
    """One row per infusion: numbered by time where the record does not number, split doses reduced to their index."""
    good = parsed.filter(parsed.problem.isnull())
    by_time = ibis.window(group_by="patient_id", order_by=["infusion_time", "source_row"])
    counted = (ibis.row_number().over(by_time) + 1).cast("int64")
    good = good.mutate(infusion_number=ibis.coalesce(good.infusion_number, counted))
    last = grid["index_infusion"] == "last"
    order = [ibis.desc(good.infusion_time) if last else good.infusion_time, good.source_row]
    same = ibis.window(group_by=["patient_id", "infusion_number"], order_by=order)
    doses = good.mutate(dose=ibis.row_number().over(same))
    index = doses.filter(doses.dose == 0)
    index = index.mutate(infusion_date=index.infusion_time.date())
    days = {f"{name.removesuffix('_start')}_day": days_between(index[name], index.infusion_date) for name in _CENSORING}
    index = index.mutate(**days)
    before = int(grid["days_before"] or 0)
    start = ibis.least(ibis.coalesce(index.lymphodepletion_day, ibis.literal(0, "int32")), ibis.literal(0, "int32"))
    last_day = ibis.literal(int(grid["last_day"] or 0), "int32")
    start = ibis.greatest(start, ibis.literal(EARLIEST_LYMPHODEPLETION, "int32"))
    index = index.mutate(first_day=(start - before).cast("int32"), last_day=last_day)
    everyone = ibis.window(order_by=["patient_id", "infusion_number"])
    index = index.mutate(infusion_index=ibis.row_number().over(everyone))
    return index.select(*[index[name].cast(kind).name(name) for name, kind in COHORT_SCHEMAS["infusions"].items()])
