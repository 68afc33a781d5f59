"""How much of a run-length grade is its parameters: each preset, and each parameter changed alone."""

from __future__ import annotations

from collections.abc import Mapping

import ibis

from carac.cohort.grid import KEYS
from carac.definitions import all_definitions, sensitivity_sets
from carac.engine.base import compile_sql
from carac.engine.kept_sql import kept
from carac.grading.plan import Plan, tables_of
from carac.grading.run import Graded
from carac.parameters import Value

PRESET = "preset"


def sensitivity_sql(graded: Graded) -> str:
    """The query of the table: keys, definition, parameter set, grade and its bounds; empty where nothing was graded."""
    graded_names = {d.name for d in graded.plan.definitions}
    queries = []
    for name, sets in sensitivity_sets().items():
        if name not in graded_names:
            continue
        preset = dict(graded.parameters.scope(name))
        for changed in sets:
            values = tuple(sorted((preset | dict(changed)).items()))
            queries.append(
                _query(name, tuple(sorted(changed.items())), values, graded.plan, graded.present, graded.engine.dialect)
            )
    return " UNION ALL ".join(f"SELECT * FROM ({query}) AS q{place}" for place, query in enumerate(queries))


def _row(rows: ibis.Table, name: str, parameter_set: str) -> ibis.Table:
    return rows.select(
        *KEYS,
        definition=ibis.literal(name),
        parameter_set=ibis.literal(parameter_set),
        grade=rows[name],
        lowest=rows[f"{name}__lowest"],
        highest=rows[f"{name}__highest"],
    )


def _query(
    name: str,
    changed: tuple[tuple[str, Value], ...],
    values: tuple[tuple[str, Value], ...],
    plan: Plan,
    present: frozenset[str],
    dialect: str,
) -> str:
    def compiled() -> str:
        if not changed:
            types = {"patient_id": "string", "infusion_number": "int64"}
            types |= {f"{name}{end}": "int8" for end in ("", "__lowest", "__highest")}
            return compile_sql(_row(ibis.table(types, name=f"rows_{name}"), name, PRESET), dialect)
        definition = all_definitions()[name]
        assert definition.rows is not None
        rows = definition.rows(tables_of(dict(plan.day_columns), present), dict(values))
        return compile_sql(_row(rows, name, _words(dict(changed))), dialect)

    return str(kept(("sensitivity", name, changed, values, plan.day_columns, sorted(present), dialect), compiled))


def _words(changed: Mapping[str, Value]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in changed.items())
