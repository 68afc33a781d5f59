"""Makes what `kept` keeps: the sheet of a definition and its compiled queries."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from carac.cohort.grid import EARLIEST_LYMPHODEPLETION, SCOPE
from carac.cohort.tables import COHORT_SCHEMAS
from carac.definitions import all_definitions, definition_of, definitions_from
from carac.engine.duckdb_engine import DuckDB
from carac.grading.by_hand.takes import items_of
from carac.grading.cards import input_words
from carac.grading.parameters import resolved
from carac.grading.plan import Plan, chosen_definitions, make_plan
from carac.language.definition import Definition
from carac.parameters import Parameters
from carac.vocabulary.types import Assessed, Baseline, Exposure, Grain, Laboratory, OfPatient

_RESULT = {Grain.DAY: "patient_days_full", Grain.INFUSION: "infusion_results", Grain.EVENT: "event_results"}
_TYPES = {
    "string": "VARCHAR",
    "float64": "DOUBLE",
    "int16": "SMALLINT",
    "int32": "INTEGER",
    "int64": "BIGINT",
    "boolean": "BOOLEAN",
    "timestamp": "TIMESTAMP",
    "date": "DATE",
}
_GRID = ("last_day", "days_before", "events_last_day", "events_days_before", "baseline_look_back")


def made_sheet(
    name: str, overrides: Mapping[str, Mapping[str, Any]], definitions_file: Path | None = None
) -> dict[str, Any]:
    """The sheet of a definition, as plain data."""
    with definitions_from(definitions_file):
        return _sheet(name, overrides)


def _sheet(name: str, overrides: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    definition = definition_of(name)
    parameters = resolved(overrides)
    chain = [all_definitions()[n] for n in chosen_definitions([name], parameters)]
    items = items_of(definition, chain, parameters, dict(definition.typed_units))
    rules = [(r.name, r.title, r.unit, r.cuts, r.column, r.factor) for r in definition.rules]
    return {
        "name": name,
        "title": definition.title,
        "version": definition.version,
        "citation": str(definition.citation),
        "status": str(definition.status),
        "certainty": str(definition.certainty),
        "population": definition.population,
        "grain": str(definition.grain),
        "lowest": definition.lowest,
        "highest": definition.highest,
        "adds": definition.adds,
        "uses": list(definition.uses),
        "outputs": [[o.suffix, o.meaning, o.type, o.unit, o.item] for o in definition.outputs],
        "items": [item.as_json() for item in items],
        "rules": rules,
        "inputs": {input_words(i): _columns(i) for d in chain for i in d.inputs_with(parameters.scope(d.name))},
        "parameters": dict(parameters.scope(name)),
        "choices": list(definition.choices),
        "low_items": list(definition.low_items),
        "grid": {key: parameters.get(SCOPE, key) for key in _GRID} | {"earliest": EARLIEST_LYMPHODEPLETION},
    }


def _columns(wanted: Laboratory | Baseline | Assessed | OfPatient | Exposure) -> list[str]:
    return [wanted.name, wanted.name] if isinstance(wanted, Exposure) else [wanted.low, wanted.high]


def made_queries(
    name: str,
    overrides: Mapping[str, Mapping[str, Any]],
    present: frozenset[str],
    definitions_file: Path | None = None,
) -> dict[str, Any]:
    """The compiled queries of a definition for a case that has these tables."""
    with definitions_from(definitions_file):
        return _queries(name, overrides, present)


def _queries(name: str, overrides: Mapping[str, Mapping[str, Any]], present: frozenset[str]) -> dict[str, Any]:
    definition = definition_of(name)
    parameters = resolved(overrides)
    plan = make_plan(chosen_definitions([name], parameters), parameters.key, present, "duckdb")
    others = [table for grain, table in _RESULT.items() if grain is not definition.grain]
    # A definition of infusions may read graded days.
    unused = {t for t in others if not any(f'"{t}"' in step.sql for step in plan.steps)}
    return {
        "tables": {t: {c: _TYPES[k] for c, k in columns.items()} for t, columns in COHORT_SCHEMAS.items()},
        "steps": [
            [step.name, step.sql, step.is_view(DuckDB.plans_deep)] for step in plan.steps if step.name not in unused
        ],
        "result": _result_query(definition, plan, parameters),
    }


def _result_query(definition: Definition, plan: Plan, parameters: Parameters) -> str:
    """The query of the result: every column of the definition, those of what it uses, and its inputs.

    The views are made once, over empty tables, to see which columns they have.
    """
    table = _RESULT[definition.grain]
    engine = DuckDB()
    for name, columns in COHORT_SCHEMAS.items():
        made = ", ".join(f'"{column}" {_TYPES[kind]}' for column, kind in columns.items())
        engine.connection.execute(f'CREATE TABLE "{name}" ({made})')
    engine.connection.execute("CREATE TABLE day_numbers (day INTEGER)")
    for step in plan.steps:
        engine.create(step.name, step.sql, step.is_view(DuckDB.plans_deep))
    known = engine.columns(table)
    engine.close()
    names = [d.name for d in plan.definitions if d.grain is definition.grain]
    inputs = {c for d in plan.definitions for i in d.inputs_with(parameters.scope(d.name)) for c in _columns(i)}
    keys = ["patient_id"] + (["day"] if definition.grain is Grain.DAY else [])
    wanted = [c for c in known if c in inputs or any(c == n or c.startswith(f"{n}__") for n in names)]
    listed = ", ".join(f'"{column}"' for column in [*keys, *wanted])
    return f'SELECT {listed} FROM "{table}"'
