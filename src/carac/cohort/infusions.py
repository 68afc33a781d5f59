"""Infusions: typed, numbered, each with its calendar date, its window of days, and its days of censoring."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from carac.cohort.grid import days_between
from carac.cohort.records import RecordSource, first_problem, number_of, text_of, time_of
from carac.cohort.tables import COHORT_SCHEMAS
from carac.cohort.translation import Problem, Translated, translate
from carac.engine.duckdb_engine import DuckDB
from carac.parameters import Values
from carac.vocabulary.products import product_of, products

_SEXES = {"f": "female", "female": "female", "w": "female", "woman": "female", "m": "male", "male": "male", "man": "male"}
_CENSORING = ("lymphodepletion_start", "follow_up_end", "death", "progression", "next_therapy")


def parsed_infusions(engine: DuckDB, source: RecordSource) -> ibis.Table:
    """The rows of the record with typed columns, `problem` and `source_row`."""
    raw = source.expression()
    rows = translate(engine, raw, {"sex": raw.sex, "product": raw["product"]}, _WORDS, _translated_words, "who")
    time, precision = time_of(rows.infusion_time)
    start, start_precision = time_of(rows.lymphodepletion_start)
    columns: dict[str, ir.Value] = {
        "patient_id": text_of(rows.patient_id),
        "infusion_number": number_of(rows.infusion_number).cast("int64"),
        "infusion_time": time,
        "infusion_time_precision": precision,
        "product": rows.product_name,
        "target": ibis.coalesce(text_of(rows.target), rows.product_target),
        "sex": rows.sex_word,
        "lymphodepletion_start": start,
        "lymphodepletion_start_precision": start_precision,
    }
    columns |= {name: text_of(rows[name]) for name in ("disease", "centre", "cause_of_death")}
    columns |= {name: number_of(rows[name]) for name in ("age", "weight", "height")}
    columns |= {name: time_of(rows[name])[0] for name in ("observation_start", "follow_up_end", "death", "progression", "next_therapy")}
    patient, infusion = text_of(rows.patient_id), text_of(rows.infusion_time)
    problems = [
        patient.isnull().ifelse(Problem("missing_patient", "the patient_id is empty", "Fill it in.").text, _NONE),
        infusion.isnull().ifelse(Problem("missing_time", "infusion_time is empty", "Write a date.").text, _NONE),
        time.isnull().ifelse(unreadable_time(infusion), _NONE),
    ]
    return rows.select(**columns, problem=first_problem(problems), source_row=rows.source_row.cast("int64"))


_NONE = ibis.null("string")
_WORDS = {"sex_word": "string", "product_name": "string", "product_target": "string"}


def _translated_words(sex: str, product: str) -> Translated:
    known = product_of(product)
    return {
        "sex_word": _SEXES.get(sex.lower()),
        "product_name": known or product or None,
        "product_target": products()[known].target if known else None,
    }


def unreadable_time(text: ir.StringValue) -> ir.StringValue:
    """The problem of a time that is not in ISO form."""
    start = ibis.literal("unreadable_time|the time '")
    return start + text + ibis.literal("' is not understood|Write 2024-03-01 or 2024-03-01T06:30.")


def cohort_infusions(parsed: ibis.Table, grid: Values) -> ibis.Table:
    """One row per infusion: numbered by time where the record does not number, split doses reduced to their index."""
    good = parsed.filter(parsed.problem.isnull())
    by_time = ibis.window(group_by="patient_id", order_by=["infusion_time", "source_row"])
    good = good.mutate(infusion_number=ibis.coalesce(good.infusion_number, (ibis.row_number().over(by_time) + 1).cast("int64")))
    last = grid["index_infusion"] == "last"
    order = [ibis.desc(good.infusion_time) if last else good.infusion_time, good.source_row]
    doses = good.mutate(dose=ibis.row_number().over(ibis.window(group_by=["patient_id", "infusion_number"], order_by=order)))
    index = doses.filter(doses.dose == 0)
    index = index.mutate(infusion_date=index.infusion_time.date())
    days = {f"{name.removesuffix('_start')}_day": days_between(index[name], index.infusion_date) for name in _CENSORING}
    index = index.mutate(**days)
    before = int(grid["days_before"] or 0)
    start = ibis.least(ibis.coalesce(index.lymphodepletion_day, ibis.literal(0, "int32")), ibis.literal(0, "int32"))
    index = index.mutate(first_day=(start - before).cast("int32"), last_day=ibis.literal(int(grid["last_day"] or 0), "int32"))
    return index.select(*[index[name].cast(kind).name(name) for name, kind in COHORT_SCHEMAS["infusions"].items()])
