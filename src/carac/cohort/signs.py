"""Assessments, treatments and periods: words against the closed lists, numbers in canonical units."""

from __future__ import annotations

from difflib import SequenceMatcher
from math import isfinite

import ibis
import ibis.expr.types as ir

from carac.cohort.infusions import NO_PATIENT, unreadable_time
from carac.cohort.labs import time_problem
from carac.cohort.records import RecordSource, first_problem, number_of, text_of, time_of
from carac.cohort.setting_aside import (
    COUNTED,
    SEEN,
    doubt,
    doubtful_number,
    doubtful_offset,
    doubtful_order,
    doubtful_time,
    doubts,
    ends_before,
    with_seen,
)
from carac.cohort.translation import Problem, Translated, translate
from carac.engine.duckdb_engine import DuckDB
from carac.vocabulary.agents import agent_of, agents
from carac.vocabulary.assessment_items import AssessmentItem, assessment_items, item_of
from carac.vocabulary.event_features import boolean_of
from carac.vocabulary.spelling import fold, nearest
from carac.vocabulary.units import conversion, known_units

_NONE = ibis.null("string")
#: Share of letters alike from which a name is taken for a misspelt one.
_SLIP = 0.85
#: What an agent costs that is not understood: a table of treatments denies what it does not name.
_NOT_GIVEN = "Days on it are graded as if it had not been given; a drug that no definition reads may stay."
INTENTS = ("therapeutic", "prophylactic")


def missing_patient(column: ir.Value) -> ir.StringValue:
    """The problem of a row without patient."""
    return text_of(column).isnull().ifelse(NO_PATIENT.text, _NONE)


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
        doubt=doubts([doubtful_offset(rows.time)]),
        source_row=rows.source_row.cast("int64"),
    )


def _sign(item: str, value: str, unit: str) -> Translated:
    known = item_of(item) or item_of(fold(item).replace(" ", "_"))
    if not item:
        return Problem("missing_item", "the item is empty", "Fill it in.")
    if known is None:
        near = nearest(item, assessment_items())
        remedy = f"Did you mean {near}?" if near else "See the list of items."
        return Problem("unknown_item", f"the item {item!r} is not known", remedy)
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
        remedy = f"Write a number with a point for decimals.{SEEN}{value}"
        return Problem("unreadable_value", f"{item.name} is no number", remedy)
    found = conversion(item.name, unit or item.unit)
    if found is None and unit and not item.name.startswith("recorded_grade"):
        units = ", ".join(dict.fromkeys(known_units(item.name)))
        return Problem("unknown_unit", f"the unit {unit!r} is not known for {item.name}", f"Write one of {units}.")
    canonical = found.apply(number) if found else number
    low, high = item.low, item.high
    if not isfinite(number) or (low is not None and canonical < low) or (high is not None and canonical > high):
        remedy = f"Check value and unit.{SEEN}{value} {unit}".strip()
        return Problem("implausible_value", f"{item.name} outside {range_text(low, high, item.unit)}", remedy)
    return {"item_name": item.name, "number_read": canonical}


def range_text(low: float | None, high: float | None, unit: str) -> str:
    """A plausible range in words."""
    upper = "any finite number" if high is None else f"{high:,g}"
    return " ".join(part for part in (f"{low or 0:,g} to {upper}", unit) if part)


def parsed_treatments(engine: DuckDB, source: RecordSource) -> ibis.Table:
    """Courses with agent and class, `problem` and `source_row`."""
    raw = source.expression()
    outputs = {"agent_name": "string", "agent_group": "string", "beyond": "boolean"}
    rows = translate(engine, raw, {"agent": raw.agent, "beyond_routine": raw.beyond_routine}, outputs, _agent, "agent")
    start, start_precision = time_of(rows.start)
    end, end_precision = time_of(rows.end)
    cost = "The course counts on its first day only."
    intent = text_of(rows.intent).lower()
    message = f"the intent is not known and was not used in {COUNTED}"
    unknown = intent.notnull() & ~intent.isin(INTENTS)
    unknown_cost = "A prophylactic dose may count as a therapeutic one."
    doubted = [
        doubtful_time(rows.end, "the end", cost),
        doubtful_order(rows.start, rows.end, cost),
        doubtful_number(rows.dose, "the dose", "Write the number alone; the unit has a column of its own."),
        doubt("unknown_word", message, f"Write {' or '.join(INTENTS)}.", unknown_cost, unknown, rows.intent),
        doubtful_offset(rows.start),
    ]
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
        intent=intent,
        beyond_routine=rows.beyond,
        **columns,
        problem=first_problem([missing_patient(rows.patient_id), time_problem(rows.start, start), rows.agent_problem]),
        doubt=doubts(doubted),
        source_row=rows.source_row.cast("int64"),
    )


def _agent(agent: str, beyond_routine: str) -> Translated:
    name = agent_of(agent)
    if not agent:
        return Problem("missing_agent", "the agent is empty", "Fill it in.")
    if name is None:
        return _unknown_agent(agent)
    try:
        beyond = boolean_of(beyond_routine)
    except ValueError:
        remedy = "Write true or false, or leave it empty."
        return Problem("unknown_word", f"beyond_routine is {beyond_routine!r}", remedy)
    return {"agent_name": name, "agent_group": agents()[name].agent_class, "beyond": beyond}


def _unknown_agent(agent: str) -> Problem:
    """A drug that no definition reads, or one of those that are read, under a name that carac does not know."""
    near = nearest(agent, agents())
    message = f"the agent {agent!r} is not known"
    if near and SequenceMatcher(None, fold(agent), fold(near)).ratio() >= _SLIP:
        return Problem("misspelt_agent", message, f"Did you mean {near}?", _NOT_GIVEN)
    remedy = f"The nearest known name is {near}." if near else "No known name is near; see the list of agents."
    return Problem("unknown_agent", message, remedy, _NOT_GIVEN)


def parsed_periods(engine: DuckDB, source: RecordSource) -> ibis.Table:
    """Stays, lines and conditions, `problem` and `source_row`."""
    rows = source.expression()
    start, start_precision = time_of(rows.start)
    end, end_precision = time_of(rows.end)
    kind = text_of(rows.kind).lower().re_replace(r"[\s-]+", "_")
    # A period without end is still running: one whose end cannot be read must not become that.
    no_kind = Problem("missing_kind", "the kind is empty", "Write ward, intensive_care, outpatient or central_line.")
    early = with_seen("end_before_start|the end lies before the start|Correct one of the two.", rows.end)
    problems = [
        missing_patient(rows.patient_id),
        time_problem(rows.start, start),
        kind.isnull().ifelse(no_kind.text, _NONE),
        (text_of(rows.end).notnull() & end.isnull()).ifelse(unreadable_time(text_of(rows.end)), _NONE),
        ends_before(rows.start, rows.end).ifelse(early, _NONE),
    ]
    return rows.select(
        patient_id=text_of(rows.patient_id),
        start=start,
        start_precision=start_precision,
        end=end,
        end_precision=end_precision,
        kind=kind,
        text=text_of(rows.text),
        problem=first_problem(problems),
        doubt=doubts([doubtful_offset(rows.start)]),
        source_row=rows.source_row.cast("int64"),
    )
