"""Cases by hand against the same cases in a cohort: where they differ."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from carac.cohort.tables import RECORD_TABLES
from carac.definitions import all_definitions
from carac.grading.by_hand.calculation import calculate_all
from carac.grading.by_hand.kept import sheet
from carac.vocabulary.types import Grain
from support.case_files import write_record
from support.engines import Read, grade, open_engine, read_record, results
from support.random_cases import RandomCase, random_case

#: Tables that only a full record has.
MORE = ("treatments", "events", "event_features", "periods")
#: The two ways run the same expressions; a sum may be made in another order.
RELATIVE = 1e-12


@dataclass(frozen=True)
class Difference:
    """One column of one case that is not the same both ways."""

    case: RandomCase
    column: str
    by_hand: Any
    in_cohort: Any

    def __str__(self) -> str:
        typed = " ".join(f"{name}={text}" for name, text in self.case.typed.items())
        return f"{self.column}: {self.by_hand!r} by hand, {self.in_cohort!r} in the cohort: {typed}"


def cases_of(names: Iterable[str], each: int, seed: int, full: bool) -> dict[str, list[RandomCase]]:
    """Random cases by definition; an event is graded only where there is one."""
    found: dict[str, list[RandomCase]] = {}
    for name in names:
        if all_definitions()[name].grain is Grain.EVENT and not full:
            continue
        chance = random.Random(f"{name} {seed} {full}")
        known = sheet(name, {})
        made = [random_case(known, f"{name}-{number}", chance, full) for number in range(each)]
        found[name] = [case for case in made if case.typed]
    return found


def cohort_of(cases: dict[str, list[RandomCase]], folder: Path, full: bool) -> Read:
    """All cases as the patients of one record, read by DuckDB."""
    rows: dict[str, list[dict[str, Any]]] = {t: [] for t in RECORD_TABLES if full or t not in MORE}
    for case in (case for group in cases.values() for case in group):
        for table, more in case.rows.items():
            rows[table].extend(more)
    return read_record(write_record(folder, rows), implausible=True)


def differences(
    cases: dict[str, list[RandomCase]], read: Read, engine: str, names: Sequence[str]
) -> tuple[int, list[Difference]]:
    """How many cases were compared, and every column that differs."""
    tables = results(grade(open_engine(engine), read, names))
    rows: dict[tuple[Grain, str], dict[str, Any]] = {}
    for grain, table in tables.items():
        kept = table
        if grain is Grain.DAY:
            import pyarrow.compute as pc

            kept = table.filter(pc.equal(table["day"], 0))
        rows |= {(grain, row["patient_id"]): row for row in kept.to_pylist()}
    compared, found = 0, []
    for name, group in cases.items():
        grain = all_definitions()[name].grain
        made = calculate_all(name, [case.typed for case in group], with_missing=False)
        for case, one in zip(group, made, strict=True):
            row = rows.get((grain, case.patient), {})
            compared += 1
            found += [
                Difference(case, column, value, row.get(column))
                for column, value in one.columns.items()
                if not _same(value, row.get(column))
            ]
    return compared, found


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return one == other or abs(one - other) <= RELATIVE * max(abs(one), abs(other))
    return bool(one == other)
