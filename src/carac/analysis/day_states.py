"""States of patient-days as they were known at the beginning of each day: grades, laboratory values, anticoagulants.

A day of a record does not say what came first on it. What is known of the day before is therefore what a day counts
with: a platelet count that fell with the bleed, and an anticoagulant that was begun for the clot, cannot explain them.
So an anticoagulant counts from the day after its start to the day after its last dose, and no day before it began
counts for it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from carac.analysis.factors import ANTICOAGULANT, VALUE_HOLDS, Factor, middle, scaled
from carac.definitions.thrombosis.setting import ANTICOAGULANTS
from carac.endpoints.people import PEOPLE, Booleans, Floats, array_of
from carac.endpoints.study import Study
from carac.vocabulary.types import Grain

#: Days before the infusion that are read, so that a value of the day before can hold into day 0.
LOOK_BACK = VALUE_HOLDS + 1
#: How the dose of an anticoagulant is said.
PROPHYLACTIC, THERAPEUTIC, UNKNOWN_DOSE = "prophylactic", "therapeutic", "dose not recorded"


def lacks(study: Study, factor: Factor) -> str:
    """Why a state cannot be read in this cohort; empty where it can."""
    if factor.name == ANTICOAGULANT:
        return "" if "treatments" in study.graded.present else "the record has no table of treatments"
    graded = {definition.name for definition in study.graded.plan.definitions}
    if factor.needs not in graded:
        return f"{factor.needs} was not graded (name it with --definition)"
    if factor.interval and f"{factor.column}__from" not in study.graded.columns(Grain.DAY):
        return f"no graded definition holds {factor.column}"
    return ""


def states(study: Study, factors: Sequence[Factor], last: int) -> dict[str, Floats]:
    """The state of each infusion at the beginning of days 0 to `last`, [people, last + 1], as it enters a model.

    NaN where nothing was known within the days for which a value holds; a day without any anticoagulant in the table
    of treatments is a day off it.
    """
    read = [one for one in factors if one.name != ANTICOAGULANT]
    names = [name for one in read for name in _columns(one)]
    found = day_columns(study, names, last) if names else {}
    made = {}
    for one in read:
        ends = [found[name] for name in _columns(one)]
        values = scaled(one, middle(*ends) if one.interval else ends[0])
        made[one.name] = known_before(values, one.carry)
    if any(one.name == ANTICOAGULANT for one in factors):
        made[ANTICOAGULANT] = anticoagulated(study, last)["any"].astype(np.float64)
    return made


def _columns(factor: Factor) -> tuple[str, ...]:
    return (f"{factor.column}__from", f"{factor.column}__to") if factor.interval else (factor.column,)


def day_columns(study: Study, names: Sequence[str], last: int) -> dict[str, Floats]:
    """Columns of the patient-days by infusion and day from `LOOK_BACK` before day 0, [people, days], in one reading."""
    listed = ", ".join(dict.fromkeys(names))
    known = " OR ".join(f"{name} IS NOT NULL" for name in dict.fromkeys(names))
    rows = study.graded.engine.fetch(
        f"SELECT place, day, {listed} FROM patient_days_full JOIN {PEOPLE} USING (patient_id, infusion_number)"
        f" WHERE day BETWEEN {-LOOK_BACK} AND {last} AND ({known})"
    )
    place, day = (array_of(rows, name).astype(np.int64) for name in ("place", "day"))
    made = {}
    for name in dict.fromkeys(names):
        made[name] = np.full((len(study.people), last + LOOK_BACK + 1), np.nan)
        made[name][place, day + LOOK_BACK] = array_of(rows, name)
    return made


def known_before(values: Floats, carry: int) -> Floats:
    """The last value of the days before each day from day 0 on, for as long as it holds.

    Parameters
    ----------
    values: from `LOOK_BACK` days before day 0, NaN where there is none.
    carry: days for which a value stands in for days without one.
    """
    days = values.shape[1] - LOOK_BACK
    found = np.full((len(values), days), np.nan)
    for back in range(1, min(carry + 1, LOOK_BACK) + 1):
        earlier = values[:, LOOK_BACK - back : LOOK_BACK - back + days]
        found = np.where(np.isnan(found), earlier, found)
    return found


def anticoagulated(study: Study, last: int) -> dict[str, Booleans]:
    """Who counts as anticoagulated on days 0 to `last`, [people, last + 1]: "any", by dose, and by agent.

    A course that names the event it was given for, or thrombosis as its reason, counts as therapeutic where its intent
    is not recorded.
    """
    listed = ", ".join(f"'{name}'" for name in ANTICOAGULANTS)
    rows = study.graded.engine.fetch(
        "SELECT place, agent, start_day, end_day, intent,"
        " CASE WHEN event_id IS NOT NULL OR lower(indication) LIKE '%thrombos%' THEN 1 ELSE 0 END AS for_event"
        f" FROM treatments JOIN {PEOPLE} USING (patient_id, infusion_number)"
        f" WHERE agent_class IN ({listed}) AND end_day >= -1 AND start_day < {last}"
    )
    place, start, end = (array_of(rows, name).astype(np.int64) for name in ("place", "start_day", "end_day"))
    said = np.array([str(one or "") for one in rows["intent"].to_pylist()], dtype=object)
    for_event = array_of(rows, "for_event") > 0
    dose = np.where(said == "", np.where(for_event, THERAPEUTIC, UNKNOWN_DOSE), said)
    agent = np.array(rows["agent"].to_pylist(), dtype=object)
    shape = (len(study.people), last + 1)
    kinds = {"any": np.ones(len(place), dtype=bool)}
    kinds |= {name: dose == name for name in (PROPHYLACTIC, THERAPEUTIC, UNKNOWN_DOSE)}
    kinds |= {str(name): agent == name for name in sorted(set(agent.tolist()))}
    return {name: _on(place[which], start[which], end[which], shape) for name, which in kinds.items()}


def _on(
    place: npt.NDArray[np.int64], start: npt.NDArray[np.int64], end: npt.NDArray[np.int64], shape: tuple[int, int]
) -> Booleans:
    """Days on: from the day after the start to the day after the last dose, by running sums of begins and ends."""
    last = shape[1] - 1
    first, after = np.maximum(start + 1, 0), np.minimum(end + 2, last + 1)
    some = first < after
    change = np.zeros((shape[0], shape[1] + 1), dtype=np.int64)
    np.add.at(change, (place[some], first[some]), 1)
    np.add.at(change, (place[some], after[some]), -1)
    found: Booleans = np.cumsum(change, axis=1)[:, :-1] > 0
    return found
