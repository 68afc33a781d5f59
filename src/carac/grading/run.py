"""Grading a cohort: the plan carried out in the engine that holds the tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from carac.cohort.grid import KEYS
from carac.definitions import definition_of
from carac.engine.base import Engine, quoted, run_steps
from carac.findings import Findings
from carac.grading.plan import DAY_KEYS, EVENT_KEYS, Plan, chosen_definitions, make_plan
from carac.language.definition import Definition
from carac.parameters import Parameters
from carac.progress import Progress
from carac.vocabulary.types import Assessed, Baseline, Exposure, Grain, Input, Laboratory, OfPatient, Span

#: So many infusions have their graded days kept: some 1,500 columns of 130 rows each are about a megabyte.
SMALL_COHORT = 100
_TABLES = {
    Grain.DAY: ("patient_days_full", DAY_KEYS),
    Grain.INFUSION: ("infusion_results", KEYS),
    Grain.EVENT: ("event_results", EVENT_KEYS),
}


@dataclass
class Graded:
    """A graded cohort; its tables are in the engine and are handed over as Arrow.

    Parameters
    ----------
    engine: the session that holds the tables.
    plan: what was graded.
    parameters: the resolved parameters.
    findings: of reading, making and grading.
    present: tables that the record has.
    """

    engine: Engine
    plan: Plan
    parameters: Parameters
    findings: Findings
    present: frozenset[str]

    def columns(self, grain: Grain, items: bool = False) -> list[str]:
        """The columns of a result table: keys, inputs, grades; with `items`, also what the grades were made of.

        A patient-day shows the values and exposures of that day; what it takes from other days, from before the
        infusion and from bedside assessments are items.
        """
        _, keys = _TABLES[grain]
        made = [d.name + o.suffix for d in self.plan.of_grain(grain) for o in d.outputs if items or not o.item]
        return [*keys, *_context(grain), *self.input_columns(grain, items), *made]

    def input_columns(self, grain: Grain, items: bool = True) -> list[str]:
        """The input columns of a grain: worst values of the day, baselines, exposures."""
        return [
            column
            for i in self.plan.inputs
            if items or grain is not Grain.DAY or _is_of_the_day(i)
            for column in _columns_of(i, grain)
        ]

    def inputs_of(self, definition: Definition) -> list[str]:
        """The input columns that a definition reads in the rows of its own grain."""
        read = definition.inputs_with(self.parameters.scope(definition.name))
        return list(dict.fromkeys(c for i in read for c in _columns_of(i, definition.grain)))

    def sql(self, grain: Grain, items: bool = False, where: str = "", ordered: bool = True) -> str:
        """The query of a result table; millions of wide rows are better left in no order."""
        table, keys = _TABLES[grain]
        names = ", ".join(quoted(name, self.engine.dialect) for name in self.columns(grain, items))
        condition = f" WHERE {where}" if where else ""
        order = f" ORDER BY {', '.join(keys)}" if ordered else ""
        return f"SELECT {names} FROM {table}{condition}{order}"

    def table(self, grain: Grain, items: bool = False, where: str = "") -> pa.Table:
        """A result table."""
        return self.engine.fetch(self.sql(grain, items, where))

    @property
    def patient_days(self) -> pa.Table:
        """One row per infusion and day."""
        return self.table(Grain.DAY)

    @property
    def infusions(self) -> pa.Table:
        """One row per infusion."""
        return self.table(Grain.INFUSION)

    @property
    def events(self) -> pa.Table:
        """One row per infusion and event."""
        return self.table(Grain.EVENT)


def _context(grain: Grain) -> tuple[str, ...]:
    """Columns of the cohort that stand in a result so that it reads by itself."""
    return {
        Grain.DAY: ("infusion_date",),
        Grain.INFUSION: (
            *(
                "infusion_date",
                "product",
                "disease",
                "centre",
                "age",
                "sex",
                "lymphodepletion_day",
                "follow_up_end_day",
            ),
            *("death_day", "progression_day", "next_therapy_day"),
        ),
        Grain.EVENT: (
            *("day", "onset", "kind", "site", "vessel", "side", "certainty"),
            *("code", "code_class", "code_subclass"),
        ),
        Grain.ASSESSMENT: (),
    }[grain]


def _is_of_the_day(wanted: Input) -> bool:
    """Whether an input is a value or an exposure of the patient-day itself."""
    return isinstance(wanted, Exposure) or (isinstance(wanted, Laboratory) and not wanted.is_moved)


def _columns_of(wanted: Input, grain: Grain) -> list[str]:
    if isinstance(wanted, Baseline):
        return [wanted.low, wanted.high] if grain in (Grain.DAY, Grain.INFUSION) else []
    if isinstance(wanted, OfPatient):
        return [wanted.column] if grain is Grain.INFUSION and wanted.column not in _context(grain) else []
    if isinstance(wanted, Assessed):
        held = Grain.INFUSION if wanted.span is Span.BEFORE_INFUSION else Grain.DAY
        return [wanted.column] if grain is held else []
    if grain is not Grain.DAY:
        return []
    return [wanted.name] if isinstance(wanted, Exposure) else [wanted.low, wanted.high]


def grade_tables(
    engine: Engine,
    parameters: Parameters,
    present: frozenset[str],
    names: Sequence[str] | None = None,
    findings: Findings | None = None,
    progress: Progress | None = None,
    days_as_table: bool | None = None,
) -> Graded:
    """Grade the cohort tables that an engine holds.

    Parameters
    ----------
    engine: a session with the tables of a cohort.
    parameters: resolved parameters.
    present: tables that the record has.
    names: definitions to grade; None grades all that run by default.
    days_as_table: whether graded rows are kept as a table, else worked out anew by each query, which needs no memory;
        None keeps those of a small cohort.

    Raises
    ------
    CaracError: a name that is no definition.
    """
    for name in names or ():
        definition_of(name)
    wanted = chosen_definitions(names, parameters)
    plan = make_plan(wanted, parameters.key, present, engine.dialect, engine.plans_deep)
    progress = progress or Progress()
    infusions = _load_day_numbers(engine)
    kept = infusions <= SMALL_COHORT if days_as_table is None else days_as_table
    run_steps(engine, plan.steps, progress, stages_as_tables=kept)
    return Graded(engine, plan, parameters, findings if findings is not None else Findings(), present)


def _load_day_numbers(engine: Engine) -> int:
    """Make the table of all days of a grid; how many infusions there are."""
    sql = "SELECT count(*) AS infusions, min(first_day) AS low, max(last_day) AS high FROM infusions"
    found = engine.fetch(sql).to_pylist()[0]
    low, high = (int(found[end]) if found[end] is not None else 0 for end in ("low", "high"))
    engine.load("day_numbers", pa.table({"day": pa.array(range(low, high + 1), pa.int32())}))
    return int(found["infusions"])
