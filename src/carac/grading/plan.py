"""The order in which a cohort is graded: a list of queries, made once per set of definitions and parameters.

Inputs of the day first (one pass over the laboratory results), then the definitions with rows of their own, then all
row-wise definitions side by side in layers.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

import ibis

from carac.cohort.grid import (
    KEYS,
    SCOPE,
    assessed_before_infusion,
    baselines,
    carried,
    exposures,
    grid,
    labs_by_day,
    open_labs,
    patient_days,
    with_assessed,
    worst_of_day,
)
from carac.cohort.tables import COHORT_SCHEMAS, cohort_table
from carac.cohort.trailing import with_trailing
from carac.definitions import all_definitions
from carac.definitions.own.force import own
from carac.engine.base import Kind, Step, compile_sql
from carac.engine.columns import Beside, with_others
from carac.engine.kept_sql import kept
from carac.grading.stages import Early, stages
from carac.language.definition import Definition, Tables
from carac.parameters import Parameters, Values, whole
from carac.vocabulary.types import Assessed, Baseline, Exposure, Grain, Input, Laboratory, Span

DAY_KEYS = (*KEYS, "day")
EVENT_KEYS = (*KEYS, "event_id")
KEYS_OF = {Grain.DAY: DAY_KEYS, Grain.INFUSION: KEYS, Grain.EVENT: EVENT_KEYS}
#: The table of graded days for definitions that read them again; it holds those that look at other days too.
DAYS_READ_AGAIN = "graded_days"
#: What `explain` shows around the grades: exposures that explain a value, whether or not a definition asks for them.
CONTEXT: tuple[Input, ...] = (
    Exposure("tocilizumab_within_21_days", ("interleukin_6_receptor_blocker",), days_after=21),
    Exposure("fibrinogen_replaced_within_2_days", ("fibrinogen_replacement",), days_after=2),
    Exposure("platelets_transfused_within_1_day", ("platelet_transfusion",), days_after=1),
    Exposure("plasma_within_1_day", ("plasma_transfusion",), days_after=1),
)


@dataclass(frozen=True)
class Plan:
    """The queries of a grading, and what they make.

    Parameters
    ----------
    steps: tables and views in order; the last ones are ``patient_days_full``, ``infusion_results``, ``event_results``.
    definitions: the definitions that are graded.
    inputs: what the patient-day holds.
    day_columns: names and types of the columns of ``day_inputs``.
    site_file: name and hash of the file with definitions of the site; empty where there is none.
    """

    steps: tuple[Step, ...]
    definitions: tuple[Definition, ...]
    inputs: tuple[Input, ...]
    day_columns: tuple[tuple[str, str], ...]
    site_file: Mapping[str, str] = field(default_factory=dict)

    def of_grain(self, grain: Grain) -> tuple[Definition, ...]:
        """The definitions of one grain."""
        return tuple(d for d in self.definitions if d.grain is grain)


def chosen_definitions(names: Sequence[str] | None, parameters: Parameters) -> tuple[str, ...]:
    """The names to grade: those asked for, else those that run by default and that the parameters allow."""
    known = all_definitions()
    if names is None:
        names = [
            name
            for name, d in known.items()
            if d.by_default and (d.runs_if is None or d.runs_if(parameters.scope(name)))
        ]
    wanted: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in wanted:
            wanted.add(name)
            waiting += known[name].uses
    # Modules stand in an order in which each definition comes after those that it uses.
    return tuple(name for name in known if name in wanted)


def default_definitions(parameters: Parameters) -> tuple[Definition, ...]:
    """The definitions that run when none is named."""
    return tuple(all_definitions()[name] for name in chosen_definitions(None, parameters))


def make_plan(
    names: tuple[str, ...],
    parameters_key: tuple[tuple[str, str, object], ...],
    present: frozenset[str],
    dialect: str,
    deep: bool = True,
) -> Plan:
    """The plan for these definitions, parameters and tables, in one dialect; kept for the next call.

    `deep` says whether the engine plans deep queries well.
    """
    return _kept_plan(names, parameters_key, present, dialect, deep, own().key)


@lru_cache(maxsize=32)
def _kept_plan(
    names: tuple[str, ...],
    parameters_key: tuple[tuple[str, str, object], ...],
    present: frozenset[str],
    dialect: str,
    deep: bool,
    site: str,
) -> Plan:
    """The same, by the hash of the site's definitions too: two files may give one name to different things."""
    values: dict[str, dict[str, object]] = {}
    for scope, name, value in parameters_key:
        values.setdefault(scope, {})[name] = value
    parameters = Parameters(values)  # type: ignore[arg-type]
    definitions = tuple(all_definitions()[name] for name in names)
    inputs = _inputs(definitions, parameters)

    def compiled() -> dict[str, list[list[str]]]:
        made = _Plan(definitions, parameters, present, inputs, dialect, deep)
        made.make()
        return {
            "steps": [[step.name, step.sql, str(step.kind)] for step in made.steps],
            "day_columns": [[name, kind] for name, kind in made.columns["day_inputs"].items()],
        }

    found = kept(("plan", names, parameters_key, sorted(present), dialect, deep, site), compiled)
    steps = tuple(Step(name, sql, Kind(kind)) for name, sql, kind in found["steps"])
    file = own().file
    from_site = {"file": file.name, "sha256": file.sha256} if file else {}
    return Plan(steps, definitions, inputs, tuple((name, kind) for name, kind in found["day_columns"]), from_site)


def tables_of(day_columns: Mapping[str, str], present: frozenset[str], days: str = "day_inputs") -> Tables:
    """The tables that a definition may read, as unbound expressions; `days` names the table of patient-days."""
    cohort = {name: cohort_table(name) for name in COHORT_SCHEMAS}
    return Tables(**cohort, days=ibis.table(day_columns, name=days), present=present)


def _inputs(definitions: Sequence[Definition], parameters: Parameters) -> tuple[Input, ...]:
    inputs = [i for d in definitions for i in d.inputs_with(parameters.scope(d.name))]
    plain = [i.uncarried for i in inputs if isinstance(i, Laboratory)]
    plain += [i.source for i in inputs if isinstance(i, Laboratory) and i.trailing]
    return tuple(dict.fromkeys([*plain, *inputs, *CONTEXT]))


@dataclass
class _Plan:
    """The steps of a plan while it is made, and the columns of each."""

    definitions: tuple[Definition, ...]
    parameters: Parameters
    present: frozenset[str]
    inputs: tuple[Input, ...]
    dialect: str
    deep: bool
    steps: list[Step] = field(default_factory=list)
    columns: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def grid_values(self) -> Values:
        return self.parameters.scope(SCOPE)

    @property
    def day_numbers(self) -> ibis.Table:
        return ibis.table({"day": "int32"}, name="day_numbers")

    def make(self) -> None:
        """Add all steps."""
        self._add("labs_open", open_labs(cohort_table("labs")), Kind.VIEW)
        self.columns["events"] = dict(COHORT_SCHEMAS["events"])
        self._add("infusion_inputs", self.infusion_inputs())
        self._add("day_inputs", self.day_inputs())
        late = self._after_the_days()
        self._add_rows([d for d in self.definitions if d.rows is not None and d not in late], "day_inputs")
        read_again = {name for definition in late for name in definition.uses}
        self._add_graded("patient_days_full", "day_inputs", Grain.DAY, read_again)
        if late:
            self._add_days_read_again(read_again)
            self._add_rows(late, DAYS_READ_AGAIN)
        self._add_graded("infusion_results", "infusion_inputs", Grain.INFUSION)
        self._add_graded("event_results", "events", Grain.EVENT)

    def _add(self, name: str, expression: ibis.Table, kind: Kind = Kind.TABLE) -> None:
        self.steps.append(Step(name, compile_sql(expression, self.dialect), kind))
        self.columns[name] = {column: str(type_) for column, type_ in expression.schema().items()}

    def _made(self, name: str) -> ibis.Table:
        """The table of an earlier step."""
        return ibis.table(self.columns[name], name=name)

    def _after_the_days(self) -> list[Definition]:
        """The definitions with rows of their own that read graded days: these have to be made first."""
        known = {d.name: d for d in self.definitions}
        late: list[Definition] = []
        for definition in self.definitions:
            used = [known[name] for name in definition.uses]
            if definition.rows is not None and any(d in late or d.layers is not None for d in used):
                if definition.grain is Grain.DAY:
                    raise ValueError(f"{definition.name} stands on the days and cannot wait until they are graded")
                late.append(definition)
        return late

    def _add_days_read_again(self, names: Collection[str]) -> None:
        """The results of these definitions as a table, where no stage has made it.

        A query over the view of all days would plan, and work out, all of them anew.
        """
        if DAYS_READ_AGAIN not in self.columns:
            days = self._made("patient_days_full")
            results = [c for d in self.definitions if d.name in names and d.grain is Grain.DAY for c in d.columns]
            self._add(DAYS_READ_AGAIN, days.select(*DAY_KEYS, *(c for c in results if c in days.columns)))

    def _add_rows(self, definitions: Sequence[Definition], days: str) -> None:
        """The steps of definitions with rows of their own, each after those that it uses."""
        if not definitions:
            return
        tables = tables_of(self.columns[days], self.present, days)
        for definition in definitions:
            assert definition.rows is not None
            used = {name: self._made(f"rows_{name}") for name in definition.uses if f"rows_{name}" in self.columns}
            rows = definition.rows(replace(tables, results=used), self.parameters.scope(definition.name))
            self._add(f"rows_{definition.name}", rows)

    def _add_graded(self, name: str, source: str, grain: Grain, read_again: Collection[str] = ()) -> None:
        """The stages of the row-wise definitions of a grain; of some, the results are read again by other tables."""
        row_wise = [d for d in self.definitions if d.grain is grain and d.layers is not None]
        inputs, keys = f"{name}_inputs", KEYS_OF[grain]
        others = self._beside(source, grain)
        self.steps.append(Step(inputs, with_others(source, others, self.dialect), Kind.STAGE))
        columns = self.columns[source] | {c: self.columns[other.name][c] for other in others for c in other.columns}
        self.columns[inputs] = columns
        early = self._early(row_wise, read_again) if self.deep else None
        for stage in stages(inputs, columns, keys, row_wise, self.parameters, self.dialect, name, early):
            self.steps.append(Step(stage.name, stage.sql, stage.kind))
            self.columns[stage.name] = dict(stage.columns)

    def _early(self, row_wise: Sequence[Definition], read_again: Collection[str]) -> Early:
        named = frozenset(d.name for d in row_wise if d.name in read_again)
        with_rows = [
            d for d in self.definitions if d.name in read_again and d.grain is Grain.DAY and d.rows is not None
        ]
        return Early(DAYS_READ_AGAIN, named, tuple(column for d in with_rows for column in d.columns))

    def _rows(self, table: str = "labs") -> ibis.Table:
        from_infusion = bool(self.grid_values["day_0_from_infusion"])
        labs = ibis.table(COHORT_SCHEMAS["labs"], name=table)
        return labs_by_day(labs, cohort_table("infusions"), from_infusion)

    def infusion_inputs(self) -> ibis.Table:
        infusions = self._with_assessed_before(cohort_table("infusions"))
        wanted = [i for i in self.inputs if isinstance(i, Baseline)]
        if not wanted:
            return infusions
        values = self.grid_values
        look_back = whole(values, "baseline_look_back")
        found = baselines(self._rows(), infusions, wanted, look_back, bool(values["lymphodepletion_day_is_before"]))
        return infusions.left_join(found, list(KEYS)).drop(*[f"{key}_right" for key in KEYS])

    def _with_assessed_before(self, infusions: ibis.Table) -> ibis.Table:
        """The infusions with body-mass index and what was assessed up to the day of infusion."""
        metres = infusions.height / 100.0
        usable = (metres > 0).ifelse(metres, ibis.null("float64"))
        infusions = infusions.mutate(body_mass_index=infusions.weight / (usable * usable))
        wanted = [i for i in self.inputs if isinstance(i, Assessed) and i.span is Span.BEFORE_INFUSION]
        if not wanted:
            return infusions
        if "assessments" not in self.present:
            return infusions.mutate(**{i.column: ibis.null("float64") for i in wanted})
        found = assessed_before_infusion(cohort_table("assessments"), wanted)
        return infusions.left_join(found, list(KEYS)).drop(*[f"{key}_right" for key in KEYS])

    def day_inputs(self) -> ibis.Table:
        laboratory = [i for i in self.inputs if isinstance(i, Laboratory)]
        plain = [i for i in laboratory if not i.is_moved]
        infusions = cohort_table("infusions")
        worst = worst_of_day(self._rows(), self._rows("labs_open"), plain)
        wanted = [i for i in self.inputs if isinstance(i, Exposure)]
        treated = "treatments" in self.present
        exposed = exposures(cohort_table("treatments"), infusions, self.day_numbers, wanted) if treated else None
        days = patient_days(grid(infusions, self.day_numbers), worst, exposed, [*plain, *wanted])
        judged = [i for i in self.inputs if isinstance(i, Assessed) and i.span is not Span.BEFORE_INFUSION]
        assessments = cohort_table("assessments") if "assessments" in self.present else None
        days = carried(with_trailing(days, self._rows(), laboratory), laboratory)
        days = with_assessed(days, infusions, self.day_numbers, assessments, judged)
        return days.drop("infusion_index", "cell")

    def _beside(self, source: str, grain: Grain) -> list[Beside]:
        """What stands beside the inputs of a grain: the results of definitions with rows of their own; of a day also
        the baselines."""
        keys, there = KEYS_OF[grain], self.columns[source]
        found = [
            Beside(table, keys, [column for column in self.columns[table] if column not in there])
            for table in (f"rows_{d.name}" for d in self.definitions if d.grain is grain and d.rows is not None)
        ]
        if grain is not Grain.DAY:
            return found
        baselines_read = [c for i in self.inputs if isinstance(i, Baseline) for c in (i.low, i.high)]
        return [Beside("infusion_inputs", KEYS, ["infusion_date", *baselines_read]), *found]


def day_schema(names: Sequence[str], parameters: Parameters, present: frozenset[str]) -> dict[str, str]:
    """Columns and types of the patient-day that these definitions read, without compiling anything."""
    definitions = tuple(all_definitions()[name] for name in names)
    made = _Plan(definitions, parameters, present, _inputs(definitions, parameters), "duckdb", deep=True)
    return {name: str(kind) for name, kind in made.day_inputs().schema().items()}
