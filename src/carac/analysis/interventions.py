"""Proof by intervention: what a change of one value of the world does to the truth of the same patients.

The same seed gives the same random numbers, so that two worlds differ by the change and by what follows from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from carac.analysis.person_days import HazardRatio, hazard_ratios
from carac.synthetic.course import DAYS, Course, day_index
from carac.synthetic.simulate import simulate
from carac.synthetic.world import World

Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]

#: Patients that are simulated at once.
BATCH = 500
#: Events that a state needs for its hazard ratio to be fitted.
FEWEST_EVENTS = 5
#: Days before the infusion and after it between which tocilizumab is looked for in fibrinogen.
REST, LATE_FIRST, LATE_LAST = -6, 10, 24


def courses(world: World, seed: int, patients: int) -> Iterator[Course]:
    """The courses of a cohort, batch by batch.

    Parameters
    ----------
    world: every rate and effect.
    seed: of the random numbers.
    patients: how many, numbered from 1.
    """
    for first in range(1, patients + 1, BATCH):
        yield simulate(world, seed, np.arange(first, min(first + BATCH, patients + 1)))


def given(course: Course, agent: str, last_day: float = 30.0) -> Booleans:
    """Who was given an agent between the infusion and a day, [B]."""
    treatments = course.treatments
    start = treatments["start_day"].astype(np.float64)
    rows = (treatments["agent"] == agent) & (start >= 0) & (start <= last_day)
    found = np.zeros(len(course.patients), dtype=bool)
    found[treatments["patient"][rows].astype(np.int64)] = True
    return found


def seen_until(course: Course, day: int) -> Booleans:
    """Who is alive and followed on a day, [B]."""
    return np.asarray(course.last_seen_day >= day)


@dataclass(frozen=True)
class LateFall:
    """Fibrinogen without noise, lowest of the late days less that before lymphodepletion, in g/L.

    Parameters
    ----------
    with_tocilizumab, without: medians among those given it, and among those with CRS who were not.
    patients: given it.
    """

    with_tocilizumab: float
    without: float
    patients: int


def late_fall(world: World, seed: int, patients: int) -> LateFall:
    """The late fall of fibrinogen with and without tocilizumab.

    Those with true DIC, IEC-HS, liver injury, asparaginase or replaced fibrinogen are left out: there it has other
    reasons.
    """
    changes, treated = [], []
    for course in courses(world, seed, patients):
        fibrinogen = course.latent["fibrinogen"]
        late = fibrinogen[:, day_index(LATE_FIRST) : day_index(LATE_LAST) + 1].min(axis=1)
        kept = seen_until(course, LATE_LAST) & (course.state["crs"].max(axis=1) >= 1) & ~_other_reasons(course)
        changes.append((late - fibrinogen[:, day_index(REST)])[kept])
        treated.append(given(course, "tocilizumab")[kept])
    change, toci = np.concatenate(changes), np.concatenate(treated)
    return LateFall(float(np.median(change[toci])), float(np.median(change[~toci])), int(toci.sum()))


def _other_reasons(course: Course) -> Booleans:
    month = slice(day_index(REST), day_index(30) + 1)
    state = course.state
    ill = (state["true_dic"] | state["iec_hs"])[:, month].any(axis=1) | (state["hepatic_injury"][:, month] > 0.1).any(
        axis=1
    )
    replaced = given(course, "cryoprecipitate") | given(course, "fibrinogen_concentrate")
    asparaginase = np.asarray(course.people["asparaginase_day"] > -9999)
    return np.asarray(ill | replaced | asparaginase)


def fitted(world: World, seed: int, patients: int, event: str) -> dict[str, HazardRatio]:
    """The hazard ratios of an event that a fit on the truth finds, by state of the world file.

    Parameters
    ----------
    world: with `events.hazard_ratio.<event>`.
    seed, patients: which cohort.
    event: name of the hazard.
    """
    happened, at_risk, states = [], [], []
    for course in courses(world, seed, patients):
        hazard = course.hazards[event]
        rows = course.events["hazard_name"] == event
        place = course.events["patient"][rows].astype(np.int64)
        day = np.floor(course.events["onset_day"][rows].astype(np.float64)).astype(np.int64) - DAYS[0]
        events = np.zeros(hazard.shape, dtype=bool)
        events[place, day] = True
        risk = (hazard > 0) & (course.last_seen_day[:, None] >= DAYS)
        names = [name for name in _covariates(world, event) if name in course.state]
        happened.append((events & risk)[risk])
        at_risk.append(np.ones(int(risk.sum()), dtype=bool))
        states.append({name: np.asarray(course.state[name])[risk] for name in names})
    joined = {name: np.concatenate([batch[name] for batch in states]) for name in states[0]}
    return hazard_ratios(*_without_empty(np.concatenate(happened), np.concatenate(at_risk), joined))


def _without_empty(
    events: Booleans, at_risk: Booleans, states: Mapping[str, npt.NDArray[np.generic]]
) -> tuple[Booleans, Booleans, dict[str, npt.NDArray[np.generic]]]:
    """Leave out the days with a state in which hardly an event fell, and that state: it has no estimate."""
    kept = dict(states)
    risk = at_risk.copy()
    for name, values in states.items():
        if values.dtype == np.bool_ and (events & values.astype(bool)).sum() < FEWEST_EVENTS:
            risk &= ~values.astype(bool)
            del kept[name]
    return events & risk, risk, kept


def _covariates(world: World, event: str) -> list[str]:
    names = list(world.table(f"events.hazard_ratio.{event}"))
    return [*names, "anticoagulated", "prophylactic_anticoagulant"]


def difference_in_errors(first: HazardRatio, second: HazardRatio, expected_ratio: float) -> float:
    """How many standard errors the ratio of two hazard ratios lies from what is expected.

    Parameters
    ----------
    first, second: the fits; the second over the first is compared.
    expected_ratio: such as 2.
    """
    error = float(np.hypot(first.standard_error, second.standard_error))
    return (second.logarithm - first.logarithm - float(np.log(expected_ratio))) / error


def rates(course_batches: Iterator[Course]) -> Mapping[str, tuple[int, int]]:
    """Main rates of a cohort as counts and totals, for comparing two seeds.

    Parameters
    ----------
    course_batches: see `courses`.
    """
    found: dict[str, list[int]] = {}
    for course in course_batches:
        month = slice(day_index(0), day_index(30) + 1)
        having = {
            "CRS": course.state["crs"][:, month].max(axis=1) >= 1,
            "CRS grade 3 or more": course.state["crs"][:, month].max(axis=1) >= 3,
            "ICANS": course.state["icans"][:, month].max(axis=1) >= 1,
            "true DIC": course.state["true_dic"][:, month].any(axis=1),
            "IEC-HS": course.state["iec_hs"].any(axis=1),
            "tocilizumab": given(course, "tocilizumab"),
            "platelets below 20": (course.latent["platelets"][:, month] < 20).any(axis=1),
            "fibrinogen below 1.5": (course.latent["fibrinogen"][:, month] < 1.5).any(axis=1),
            "death": course.outcome["death_day"] >= 0,
            "bleeding": _with_event(course, ("bleeding",)),
            "venous thrombosis": _with_event(course, tuple(n for n in course.hazards if n.startswith("venous"))),
        }
        for name, values in having.items():
            counted = found.setdefault(name, [0, 0])
            counted[0] += int(values.sum())
            counted[1] += len(values)
    return {name: (counted[0], counted[1]) for name, counted in found.items()}


def _with_event(course: Course, names: tuple[str, ...]) -> Booleans:
    rows = np.isin(course.events["hazard_name"].astype(str), names)
    found = np.zeros(len(course.patients), dtype=bool)
    found[course.events["patient"][rows].astype(np.int64)] = True
    return found


def z_of_difference(first: tuple[int, int], second: tuple[int, int]) -> float:
    """Difference of two shares in standard errors, pooled.

    Parameters
    ----------
    first, second: count and total.
    """
    pooled = (first[0] + second[0]) / (first[1] + second[1])
    error = np.sqrt(pooled * (1 - pooled) * (1 / first[1] + 1 / second[1]))
    return float((first[0] / first[1] - second[0] / second[1]) / error) if error else 0.0
