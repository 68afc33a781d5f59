"""Treatment by rule: lymphodepletion, tocilizumab, steroids, anticoagulants, and the rows that a record has of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from carac.synthetic.course import DAYS, NEVER, TREATMENT_COLUMNS, Array, Booleans, Floats, Integers
from carac.synthetic.inflammation import Episode, Inflammation
from carac.synthetic.people import People, by_setting
from carac.synthetic.random_numbers import uniforms
from carac.synthetic.shapes import runs
from carac.synthetic.world import World

Rows = dict[str, Array]


@dataclass(frozen=True)
class Planned:
    """Treatment that follows from CRS and ICANS.

    Parameters
    ----------
    tocilizumab: doses by day, [D, B].
    tocilizumab_effect: blockade of the receptor, 0 to 1, [D, B].
    steroid, for_icans: days of steroids, and whether ICANS is the reason, [D, B].
    hospital: days in hospital, complications apart, [D, B].
    """

    tocilizumab: Integers
    tocilizumab_effect: Floats
    steroid: Booleans
    for_icans: Booleans
    hospital: Booleans


def plan(world: World, seed: int, patients: Integers, people: People, inflammation: Inflammation) -> Planned:
    """Tocilizumab, steroids and the stay in hospital.

    Parameters
    ----------
    world, seed, patients: as in `random_numbers`.
    people, inflammation: the reasons.
    """
    uniform = uniforms(seed, patients, "treatment.plan", 8)
    doses = tocilizumab_doses(world, people, inflammation.crs, uniform)
    severe_crs = uniform[:, 4] < world.number("treatment.steroids_for_crs")
    icans = uniform[:, 5] < world.number("treatment.steroids_for_icans")
    tail = int(world.number("treatment.steroids_tail"))
    for_icans = from_first(inflammation.icans.grade, 2, tail) & icans
    steroid = for_icans | (from_first(inflammation.crs.grade, 3, tail) & severe_crs)
    return Planned(
        doses,
        blockade(world, doses),
        steroid,
        for_icans,
        planned_stay(world, seed, patients, people, inflammation),
    )


def tocilizumab_doses(world: World, people: People, crs: Episode, uniform: Floats) -> Integers:
    """Doses of tocilizumab by day: at grade 2, or when grade 1 lasts; repeated while grade 2 lasts, [D, B].

    Parameters
    ----------
    world: chances and numbers.
    people: product.
    crs: its grades.
    uniform: [B, 7] and more.
    """
    moderate = uniform[:, 0] < by_setting(world, "treatment.tocilizumab_moderate", people)
    mild = uniform[:, 1] < by_setting(world, "treatment.tocilizumab_mild", people)
    waiting = int(world.number("treatment.tocilizumab_waiting_days"))
    lasting = np.zeros_like(crs.grade)
    lasting[waiting:] = (crs.grade[waiting:] > 0) & (crs.grade[:-waiting] > 0) if waiting else crs.grade > 0
    severe = uniform[:, 6] < world.number("treatment.tocilizumab_severe")
    wanted = ((crs.grade >= 2) & moderate) | ((lasting > 0) & mild) | ((crs.grade >= 3) & severe)
    first = np.where(wanted.any(axis=0), wanted.argmax(axis=0), -1)
    doses = np.zeros_like(crs.grade)
    patients = np.flatnonzero(first >= 0)
    doses[first[patients], patients] = 1
    repeated = world.number("treatment.tocilizumab_repeated")
    for further in range(1, int(world.number("treatment.tocilizumab_most_doses"))):
        day = first[patients] + further
        again = (uniform[patients, 1 + further] < repeated) & (crs.grade[day, patients] >= 2)
        patients = patients[again]
        doses[day[again], patients] = 1
    return doses


def blockade(world: World, doses: Integers) -> Floats:
    """Share of the interleukin-6 receptor that tocilizumab blocks at 06:00 of each day, [D, B].

    Parameters
    ----------
    world: half-life and amount of half effect.
    doses: by day, given after 06:00, [D, B].
    """
    kept = 0.5 ** (1.0 / world.number("treatment.tocilizumab_half_life"))
    amount = np.zeros(doses.shape)
    for day in range(1, len(amount)):
        amount[day] = kept * (amount[day - 1] + doses[day - 1])
    half = world.number("treatment.tocilizumab_half_effect")
    result: Floats = np.square(amount) / (np.square(amount) + half**2)
    return result


def from_first(grade: Integers, at_least: int, tail: int) -> Booleans:
    """From the first day of a grade to some days after the last of one grade less, [D, B].

    Parameters
    ----------
    grade: [D, B].
    at_least: grade that starts it.
    tail: days after.
    """
    reached = np.maximum.accumulate(grade >= at_least, axis=0)
    lasting = grade >= max(at_least - 1, 1)
    result = reached & lasting
    for later in range(1, tail + 1):
        result[later:] |= (reached & lasting)[:-later]
    return result


def planned_stay(world: World, seed: int, patients: Integers, people: People, inflammation: Inflammation) -> Booleans:
    """In hospital from the day before lymphodepletion until well, [D, B]."""
    uniform = uniforms(seed, patients, "treatment.stay", 2)
    spread = world.number("treatment.discharge_spread") * (2.0 * uniform[:, 0] - 1.0) * np.sqrt(3.0)
    discharge = np.floor((world.number("treatment.discharge_day") + 0.5) * np.exp(spread))
    crs, icans = inflammation.crs, inflammation.icans
    early_icans = (icans.top > 0) & (icans.onset < 15)
    well = np.maximum(np.where(crs.top > 0, crs.end + 1, 0), np.where(early_icans, icans.end + 2, 0))
    discharge = np.maximum(discharge, well + np.floor(2 * uniform[:, 1]))
    day = DAYS[:, None]
    return (day >= people["lymphodepletion_day"] - 1) & (day <= discharge)


def rows(patient: Array, start: Array, agent: object, **columns: object) -> Rows:
    """Rows of the table of treatments; what is not named is empty.

    Parameters
    ----------
    patient: positions, [n].
    start: days with fractions, [n].
    agent: word of the vocabulary, one or [n].
    columns: further columns by name, one value or [n].
    """
    number = len(patient)
    empty: dict[str, object] = {"end_day": np.nan, "dose": np.nan, "event_number": -1, "beyond_routine": -1}
    given = {"patient": patient, "start_day": start, "agent": agent, **columns}
    table: Rows = {}
    for name, dtype in TREATMENT_COLUMNS.items():
        column = np.empty(number, dtype=dtype)
        column[:] = given.get(name, empty.get(name, ""))
        table[name] = column
    return table


def joined(tables: list[Rows]) -> Rows:
    """Rows of several tables in the order of patient and time."""
    together = {name: np.concatenate([table[name] for table in tables]) for name in TREATMENT_COLUMNS}
    order = np.lexsort((together["start_day"], together["patient"]))
    return {name: column[order] for name, column in together.items()}


def course_rows(flags: Booleans, agent: str, hour: float, **columns: object) -> Rows:
    """One row per run of days on which an agent is given.

    Parameters
    ----------
    flags: [D, B].
    agent: word of the vocabulary.
    hour: of the first dose; the course ends late on its last day.
    columns: as in `rows`.
    """
    patient, first, last = runs(flags)
    return rows(patient, first + hour / 24.0, agent, end_day=last + 22.0 / 24.0, **columns)


def lymphodepletion_rows(people: People) -> Rows:
    """Fludarabine and cyclophosphamide on three days."""
    everyone = np.arange(len(people["product"]))
    start = people["lymphodepletion_day"] + 10.0 / 24.0
    surface = np.sqrt(people["height"] * people["weight"] / 3600.0)
    common = {"unit": "mg", "route": "intravenous", "indication": "lymphodepletion"}
    return joined(
        [
            rows(everyone, start, "fludarabine", end_day=start + 2.1, dose=np.round(30.0 * surface), **common),
            rows(
                everyone, start + 0.1, "cyclophosphamide", end_day=start + 2.2, dose=np.round(500 * surface), **common
            ),
        ]
    )


def planned_rows(world: World, seed: int, patients: Integers, people: People, planned: Planned) -> list[Rows]:
    """Rows of tocilizumab and steroids."""
    day, patient = np.nonzero(planned.tocilizumab)
    hour = 9.0 + 12.0 * uniforms(seed, patients, "treatment.hours", len(DAYS))[patient, day]
    start = DAYS[day] + hour / 24.0
    dose = np.round(np.minimum(8.0 * people["weight"][patient], 800.0))
    reason = {"unit": "mg", "route": "intravenous", "indication": "cytokine release syndrome"}
    doses = rows(patient, start, "tocilizumab", end_day=start + 1.0 / 24.0, dose=dose, **reason)
    steroid = {"dose": 40.0, "unit": "mg/day", "route": "intravenous"}
    only_crs = planned.steroid & ~planned.for_icans
    return [
        doses,
        course_rows(planned.for_icans, "dexamethasone", 14.0, indication="ICANS", **steroid),
        course_rows(only_crs, "dexamethasone", 15.0, indication="cytokine release syndrome", **steroid),
    ]


def asparaginase_rows(people: People) -> Rows:
    """Asparaginase before infusion."""
    patient = np.flatnonzero(people["asparaginase_day"] != NEVER)
    start = people["asparaginase_day"][patient] + 11.0 / 24.0
    return rows(patient, start, "pegaspargase", end_day=start + 0.1, route="intravenous", unit="IU", dose=2500.0)


def sign_rows(world: World, seed: int, patients: Integers, signs: dict[str, Array]) -> list[Rows]:
    """Antipyretics, fluids and vasopressors, which follow the signs of the day.

    Parameters
    ----------
    world, seed, patients: as in `random_numbers`.
    signs: temperature and hypotension, [D, B].
    """
    uniform = uniforms(seed, patients, "treatment.antipyretic", len(DAYS)).T
    fever = (signs["temperature"] >= 38.0) & (uniform < world.number("treatment.antipyretic"))
    day, patient = np.nonzero(fever)
    start = DAYS[day] + (8.0 + 12.0 * uniform[day, patient]) / 24.0
    paracetamol = rows(patient, start, "paracetamol", end_day=start + 0.02, dose=1000.0, unit="mg", route="oral")
    hypotension = signs["hypotension"]
    drip = {"route": "intravenous", "indication": "hypotension"}
    return [
        paracetamol,
        course_rows(hypotension >= 1, "intravenous_fluids", 7.5, dose=1000.0, unit="mL", **drip),
        course_rows(hypotension >= 2, "norepinephrine", 8.5, **drip),
        course_rows(hypotension >= 3, "epinephrine", 10.0, **drip),
    ]
