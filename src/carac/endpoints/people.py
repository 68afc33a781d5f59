"""The infusions of a study, how long each was observed, and what ended that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from carac.endpoints.rules import Role, Rules
from carac.grading.run import Graded
from carac.vocabulary.types import Grain

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]

#: The table in the engine that says which row of the people an infusion is.
PEOPLE = "study_people"
#: What ended the observation.
CONTACT, DEATH, NEXT_THERAPY, PROGRESSION, LATER_INFUSION = range(5)
ENDS = ("last contact", "death", "next therapy", "progression", "a later infusion")


@dataclass(frozen=True)
class People:
    """One entry per infusion, ordered by patient and infusion number.

    Parameters
    ----------
    table: the graded infusions, with target, weight, height and cause of death beside them.
    start: first day under observation, minus infinity for who was observed from the infusion on.
    last: last day under observation, from `Rules`; negative where it ended before the infusion.
    ended_by: what ended it, one of `ENDS`.
    left_out: those that the rules leave out (later infusions of a patient).
    without_follow_up: those whose end of follow-up is not recorded; it is taken to reach the end of the grid.
    death_after_contact: those whose death is recorded for a day after their last contact: what happened between is not
        known, and they are censored at the contact.
    """

    table: pa.Table
    start: Floats
    last: Floats
    ended_by: Integers
    left_out: Booleans
    without_follow_up: Booleans
    death_after_contact: Booleans

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def values(self, column: str) -> npt.NDArray[Any]:
        """A column: text as objects with None, everything else as numbers with NaN for null."""
        return array_of(self.table, column)


def people_of(graded: Graded, rules: Rules) -> People:
    """The infusions of a graded cohort under the rules of a study."""
    table = _table(graded)
    places = pa.array(range(table.num_rows), pa.int64())
    graded.engine.load(PEOPLE, table.select(["patient_id", "infusion_number"]).append_column("place", places))
    grid_end = float(graded.parameters.get("grid", "last_day") or 0)
    days = {name: array_of(table, f"{name}_day") for name in ("follow_up_end", "death", "next_therapy", "progression")}
    patients = np.asarray(table.column("patient_id").to_pylist(), dtype=object)
    first = np.concatenate([[True], patients[1:] != patients[:-1]]) if len(patients) else np.zeros(0, dtype=bool)
    unknown = np.isnan(days["follow_up_end"]) & np.isnan(days["death"])
    contact = np.where(unknown, grid_end, days["follow_up_end"])
    ends = {CONTACT: contact, DEATH: days["death"], LATER_INFUSION: _next_infusion(table, patients)}
    if not rules.later_infusion:
        del ends[LATER_INFUSION]
    if rules.next_therapy is not Role.IGNORE:
        ends[NEXT_THERAPY] = days["next_therapy"]
    if rules.progression is not Role.IGNORE:
        ends[PROGRESSION] = days["progression"]
    last, ended_by = _earliest(ends)
    start = np.where(array_of(table, "observation_start_day") > 0, array_of(table, "observation_start_day"), -np.inf)
    late = ~np.isnan(days["death"]) & (days["death"] > days["follow_up_end"])
    left_out = ~first if rules.infusions == "first" else np.zeros(len(first), dtype=bool)
    return People(table, start, last, ended_by, left_out, unknown, late)


def array_of(table: pa.Table, column: str) -> npt.NDArray[Any]:
    """A column of Arrow: text as objects with None, everything else as numbers with NaN for null."""
    values = table.column(column)
    if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
        return np.array(values.to_pylist(), dtype=object)
    if pa.types.is_temporal(values.type):
        return np.array(values.to_pylist(), dtype=object)
    found: npt.NDArray[Any] = values.cast(pa.float64()).to_numpy(zero_copy_only=False)
    return found


def _table(graded: Graded) -> pa.Table:
    """The graded infusions, and what the cohort knows of them beside."""
    results = graded.engine.fetch(graded.sql(Grain.INFUSION, ordered=False))
    beside = graded.engine.fetch(
        "SELECT patient_id, infusion_number, target, weight, height, cause_of_death, observation_start,"
        " lymphodepletion_start FROM infusions ORDER BY patient_id, infusion_number"
    )
    keys = ["patient_id", "infusion_number"]
    missing = [name for name in beside.column_names if name in keys or name not in results.column_names]
    joined = results.join(beside.select(missing), keys, join_type="left outer").combine_chunks()
    joined = joined.sort_by([(key, "ascending") for key in keys])
    dates = joined.column("infusion_date").to_pylist()
    starts = joined.column("observation_start").to_pylist()
    days = [None if start is None else (start.date() - date).days for start, date in zip(starts, dates, strict=True)]
    return joined.append_column("observation_start_day", pa.array(days, pa.int32()))


def _next_infusion(table: pa.Table, patients: npt.NDArray[Any]) -> Floats:
    """Day of the patient's next infusion; NaN where there is none."""
    dates = table.column("infusion_date").cast(pa.int32()).to_numpy(zero_copy_only=False).astype(np.float64)
    found = np.full(len(patients), np.nan)
    same = patients[1:] == patients[:-1]
    found[:-1][same] = (dates[1:] - dates[:-1])[same]
    return found


def _earliest(ends: Mapping[int, Floats]) -> tuple[Floats, Integers]:
    """The earliest of the days, and which it is.

    On one day death comes first: it is what ended the observation. Next therapy and progression come before a last
    contact of the same day.
    """
    order = [end for end in (DEATH, NEXT_THERAPY, PROGRESSION, LATER_INFUSION, CONTACT) if end in ends]
    days = np.stack([np.where(np.isnan(ends[end]), np.inf, ends[end]) for end in order])
    which = days.argmin(axis=0)
    return days.min(axis=0), np.asarray(order)[which]
