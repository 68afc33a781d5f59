"""Assessments, treatments and periods: words against the closed lists, numbers in canonical units."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from carac.cohort.labs import time_problem
from carac.cohort.records import RecordSource, first_problem, number_of, text_of, time_of
from carac.cohort.translation import Problem, Translated, translate
from carac.engine.duckdb_engine import DuckDB
from carac.vocabulary.agents import agent_of, agents
from carac.vocabulary.assessment_items import AssessmentItem, assessment_items, item_of
from carac.vocabulary.event_features import boolean_of
from carac.vocabulary.spelling import fold, nearest
from carac.vocabulary.units import conversion, known_units

_NONE = ibis.null("string")


def missing_patient(column: ir.Value) -> ir.StringValue:
    """The problem of a row without patient."""
    return text_of(column).isnull().ifelse(Problem("missing_patient", "the patient_id is empty", "Fill it in.").text, _NONE)


def parsed_assessments(engine: DuckDB, source: RecordSource) -> ibis.Table:
    """Signs with number or word, `problem` and `source_row`."""
    raw = source.expression()
    outputs = {"item_name": "string", "number_read": "float64", "text_read": "string"}
    keys = {"item": raw.item, "value": raw.value, "unit": raw.unit}
    rows = translate(engine, raw, keys, outputs, _sign, "sign")
    time, precision = time_of(rows.time)
    return rows.select(
        patient_id=text_of(rows.patient_id),
        time=time,
        time_precision=precision,
        item=rows.item_name,
        number=rows.number_read,
        text=rows.text_read,
        problem=first_problem([missing_patient(rows.patient_id), time_problem(rows.time, time), rows.sign_problem]),
        source_row=rows.source_row.cast("int64"),
    )


def _sign(item: str, value: str, unit: str) -> Translated:
    known = item_of(item) or item_of(fold(item).replace(" ", "_"))
    if known is None:
        near = nearest(item, assessment_items())
        return Problem("unknown_item", f"the item {item!r} is not known", f"Did you mean {near}?" if near else "See the list of items.")
    if not value:
        return Problem("missing_value", f"{item} has no value", "Write one, or leave the row out.")
    return _word(known, value) if known.kind == "word" else _sign_number(known, value, unit)


def _word(item: AssessmentItem, value: str) -> Translated:
    word = fold(value).replace(" ", "_")
    truth = {"true": "yes", "1": "yes", "false": "no", "0": "no"}
    if set(item.allowed) == {"no", "yes"}:
        word = truth.get(word, word)
    if word not in item.allowed:
        return Problem("unknown_word", f"{item.name} is {value!r}", f"Write one of {', '.join(item.allowed)}.")
    return {"item_name": item.name, "text_read": word}


def _sign_number(item: AssessmentItem, value: str, unit: str) -> Translated:
    try:
        number = float(value)
    except ValueError:
        return Problem("unreadable_value", f"{item.name} is {value!r}, which is no number", "Write a number with a point for decimals.")
    found = conversion(item.name, unit or item.unit)
    if found is None and unit and not item.name.startswith("recorded_grade"):
        units = ", ".join(dict.fromkeys(known_units(item.name)))
        return Problem("unknown_unit", f"the unit {unit!r} is not known for {item.name}", f"Write one of {units}.")
    canonical = found.apply(number) if found else number
    low, high = item.low, item.high
    if number != number or (low is not None and canonical < low) or (high is not None and canonical > high):
        return Problem("implausible_value", f"{item.name} is {value}", f"It lies between {low} and {high} {item.unit}.")
    return {"item_name": item.name, "number_read": canonical}


def parsed_treatments(engine: DuckDB, source: RecordSource) -> ibis.Table:
    """Courses with agent and class, `problem` and `source_row`."""
    raw = source.expression()
    outputs = {"agent_name": "string", "agent_group": "string", "beyond": "boolean"}
    rows = translate(engine, raw, {"agent": raw.agent, "beyond_routine": raw.beyond_routine}, outputs, _agent, "agent")
    start, start_precision = time_of(rows.start)
    end, end_precision = time_of(rows.end)
    columns = {name: text_of(rows[name]) for name in ("unit", "route", "indication", "event_id")}
    return rows.select(
        patient_id=text_of(rows.patient_id),
        start=start,
        start_precision=start_precision,
        end=end,
        end_precision=end_precision,
        agent=rows.agent_name,
        agent_class=rows.agent_group,
        dose=number_of(rows.dose),
        intent=text_of(rows.intent).lower(),
        beyond_routine=rows.beyond,
        **columns,
        problem=first_problem([missing_patient(rows.patient_id), time_problem(rows.start, start), rows.agent_problem]),
        source_row=rows.source_row.cast("int64"),
    )


def _agent(agent: str, beyond_routine: str) -> Translated:
    name = agent_of(agent)
    if name is None:
        near = nearest(agent, agents())
        remedy = f"Did you mean {near}?" if near else "An agent that no definition reads may stay."
        return Problem("unknown_agent", f"the agent {agent!r} is not known", remedy)
    try:
        beyond = boolean_of(beyond_routine)
    except ValueError:
        return Problem("unknown_word", f"beyond_routine is {beyond_routine!r}", "Write true or false, or leave it empty.")
    return {"agent_name": name, "agent_group": agents()[name].agent_class, "beyond": beyond}


def parsed_periods(engine: DuckDB, source: RecordSource) -> ibis.Table:
    """Stays, lines and conditions, `problem` and `source_row`."""
    rows = source.expression()
    start, start_precision = time_of(rows.start)
    end, end_precision = time_of(rows.end)
    return rows.select(
        patient_id=text_of(rows.patient_id),
        start=start,
        start_precision=start_precision,
        end=end,
        end_precision=end_precision,
        kind=text_of(rows.kind).lower(),
        text=text_of(rows.text),
        problem=first_problem([missing_patient(rows.patient_id), time_problem(rows.start, start)]),
        source_row=rows.source_row.cast("int64"),
    )
