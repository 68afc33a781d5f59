"""The case files and the teaching cohort, graded once per engine and session."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from carac.definitions import all_definitions
from carac.grading.parameters import resolved
from carac.grading.plan import chosen_definitions
from carac.grading.run import Graded
from carac.vocabulary.types import Grain
from needs import ROOT
from support.case_files import Case, all_cases, by_parameters, folder_rows, record_rows, write_record
from support.compare import standing_twice
from support.engines import KEYS, Read, grade, open_engine, read_record, results

TEACHING_COHORT = ROOT / "src" / "carac" / "examples" / "teaching_cohort"

Results = dict[Grain, pa.Table]


def definition_name(column: str) -> str:
    """The definition that a result column belongs to."""
    names = [name for name in all_definitions() if column == name or column.startswith(f"{name}__")]
    if not names:
        raise KeyError(f"no definition has the column {column}")
    return max(names, key=len)


def with_used(names: Iterable[str]) -> set[str]:
    """The definitions, and all that they use."""
    found = set(names)
    for name in tuple(found):
        found |= with_used(all_definitions()[name].uses)
    return found


@dataclass
class Run:
    """Cases that can be graded together: none changes a parameter that another one's expectations depend on."""

    cases: list[Case]
    parameters: dict[str, dict[str, Any]]
    names: tuple[str, ...] | None = None

    @property
    def read_from(self) -> set[str]:
        """The definitions that the expectations depend on; none for a case that expects an unknown column."""
        known = all_definitions()
        columns = [expected["column"] for case in self.cases for expected in case.content["expect"]]
        owners = [name for column in columns for name in known if column == name or column.startswith(f"{name}__")]
        return with_used(owners)

    def takes(self, other: Run) -> bool:
        """Whether the other's parameters and these leave each other's expectations alone."""
        apart = not set(self.parameters) & set(other.parameters)
        return apart and not set(self.parameters) & other.read_from and not set(other.parameters) & self.read_from

    def add(self, other: Run) -> None:
        """Grade the other's cases here too."""
        self.cases += other.cases
        self.parameters |= other.parameters


def runs(cases: Sequence[Case]) -> list[Run]:
    """The fewest runs that a simple search finds: the cases without parameters, then the others by and by."""
    groups = by_parameters(cases)
    made = [Run(list(groups.pop("", [])), {})]
    for group in groups.values():
        new = Run(list(group), group[0].parameters)
        place = next((run for run in made[1:] if run.takes(new)), None)
        if place:
            place.add(new)
        else:
            made.append(new)
    for run in made[1:]:
        run.names = tuple(sorted(run.read_from))
    # What runs only when it is asked for by name is asked for.
    made[0].names = tuple(sorted({*chosen_definitions(None, resolved()), *made[0].read_from}))
    return made


@dataclass
class GradedCases:
    """Reads every record once with DuckDB, and grades it once per engine.

    Parameters
    ----------
    folder: where the records are written.
    """

    folder: Path
    graded: dict[tuple[str, int], Results] = field(default_factory=dict)
    failed: dict[tuple[str, int], Exception] = field(default_factory=dict)
    looked_up: dict[str, dict[tuple[str, ...], Any]] = field(default_factory=dict)

    @cached_property
    def runs(self) -> list[Run]:
        """The runs of the case files."""
        return runs(all_cases())

    @cached_property
    def reads(self) -> list[Read]:
        """The cohorts, by run. The teaching cohort stands beside the cases without parameters: one run fewer."""
        made = []
        for number, run in enumerate(self.runs):
            rows = record_rows(run.cases)
            if not run.parameters:
                rows = {name: [*rows[name], *more] for name, more in folder_rows(TEACHING_COHORT).items()}
            record = write_record(self.folder / f"run_{number}", rows)
            read = read_record(record, run.parameters)
            read.tables["infusions"] = _ended_early(read.tables["infusions"], run.cases)
            made.append(read)
        return made

    def of_run(self, engine: str, number: int) -> Results:
        """The result tables of one run."""
        run = (engine, number)
        if run in self.failed:
            raise self.failed[run]
        if run not in self.graded:
            try:
                graded: Graded = grade(open_engine(engine), self.reads[number], self.runs[number].names)
                self.graded[run] = _each_row_once(results(graded))
            except Exception as error:
                # Each of more than a thousand cases would wait minutes for the same error.
                self.failed[run] = error
                raise
        return self.graded[run]

    def rows(self, engine: str, case: Case) -> dict[tuple[str, ...], Any]:
        """The result rows of a case: by grain and day or event; a day is written as text."""
        number = next(place for place, run in enumerate(self.runs) if case in run.cases)
        name = f"{engine} {number}"
        if name not in self.looked_up:
            self.looked_up[name] = _looked_up(self.of_run(engine, number), self.runs[number].cases)
        return self.looked_up[name]


def _each_row_once(tables: Results) -> Results:
    """The tables as they are; raises AssertionError where a row stands twice, which an expectation would not notice."""
    for grain, table in tables.items():
        twice = standing_twice(table, KEYS[grain])
        assert not twice, f"{grain.value}: {'; '.join(twice)}"
    return tables


#: So many days follow the last one that a case says something about.
QUIET_DAYS = 3


def _ended_early(infusions: pa.Table, cases: Iterable[Case]) -> pa.Table:
    """The infusions, with the days on which nothing happens any more left out where only days and events are graded.

    Half of all patient-days, and with them half of the time that PostgreSQL and Spark take, would be such days.
    """
    last = {case.name: case.last_day + QUIET_DAYS for case in cases if not _grades_infusions(case)}
    patients, ends = infusions["patient_id"].to_pylist(), infusions["last_day"].to_pylist()
    ended = [min(end, last.get(patient, end)) for patient, end in zip(patients, ends, strict=True)]
    place = infusions.schema.get_field_index("last_day")
    return infusions.set_column(place, "last_day", pa.array(ended, infusions.schema.field(place).type))


def _grades_infusions(case: Case) -> bool:
    names = with_used(definition_name(expected["column"]) for expected in case.content["expect"])
    return any(all_definitions()[name].grain is Grain.INFUSION for name in names)


def _looked_up(tables: Results, cases: Iterable[Case]) -> dict[tuple[str, ...], Any]:
    """The rows that expectations name, so that forty thousand patient-days need not become Python objects."""
    days = {int(expected["day"]) for case in cases for expected in case.content["expect"] if "day" in expected}
    found: dict[tuple[str, ...], Any] = {}
    for grain, table in tables.items():
        if grain is Grain.DAY:
            table = table.filter(pc.is_in(table["day"], pa.array(sorted(days), table["day"].type)))
        for row in table.to_pylist():
            found[grain.value, *(str(row[key]) for key in KEYS[grain] if key != "infusion_number")] = row
    return found
