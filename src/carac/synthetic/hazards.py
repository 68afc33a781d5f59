"""Hazards of events: log-linear in named states, with the ratios of the world file, and what is drawn from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from carac.synthetic.course import DAYS, NEVER, Array, Booleans, Floats, Integers
from carac.synthetic.people import LEUKAEMIA, People, by_setting
from carac.synthetic.random_numbers import normals, uniforms
from carac.synthetic.shapes import DAY
from carac.synthetic.world import World

#: Events that are drawn day by day together with the blood, in this order.
DAILY_EVENTS = (
    "bleeding",
    "bleeding_minor",
    "venous_catheter",
    "venous_leg",
    "venous_lung",
    "venous_splanchnic",
    "venous_cerebral",
    "arterial",
    "death",
)
VENOUS = ("venous_catheter", "venous_leg", "venous_lung", "venous_splanchnic", "venous_cerebral")

#: States that depend on what happened and was given the days before; all others are known beforehand.
MOVING_STATES = (
    "platelets_below_50",
    "platelets_below_20",
    "fibrinogen_below_1_5",
    "fibrinogen_below_1_0",
    "recent_thrombosis",
    "anticoagulated",
    "prophylactic_anticoagulant",
)


def family(event: str) -> str:
    """Family of an event, under which the world file has the effect of anticoagulants: venous, arterial, bleeding …"""
    return event.split("_")[0]


def hazard_ratios(world: World, event: str) -> dict[str, float]:
    """Hazard ratio of an event by state, those of anticoagulants included.

    Parameters
    ----------
    world: the ratios.
    event: one of the events.
    """
    ratios = world.table(f"events.hazard_ratio.{event}")
    therapeutic = world.table("treatment.anticoagulant_effect")
    prophylactic = world.table("treatment.prophylactic_effect")
    if family(event) in therapeutic:
        ratios["anticoagulated"] = therapeutic[family(event)]
        ratios["prophylactic_anticoagulant"] = prophylactic[family(event)]
    return ratios


def log_ratio(ratio: float) -> float:
    """Logarithm of a hazard ratio; 0 stands for "never" and is kept finite."""
    return float(np.log(max(ratio, 1e-12)))


def log_hazard(world: World, event: str, states: Mapping[str, Array]) -> Floats:
    """Logarithm of the daily hazard from the states that are given, [D, B].

    Parameters
    ----------
    world: base rate and ratios.
    event: which.
    states: by name, [D, B] or [B]; a state of the event that is not among them is added later.
    """
    patients = next(iter(states.values())).shape[-1]
    result = np.full((len(DAYS), patients), log_ratio(world.number(f"events.base_rate.{event}")))
    for state, ratio in hazard_ratios(world, event).items():
        if state in states:
            result += log_ratio(ratio) * states[state]
    return result


def personal_states(people: People) -> dict[str, Array]:
    """States that do not change, [B] each.

    Parameters
    ----------
    people: disease, age, sex, damage, history.
    """
    return {
        "myeloma": people["disease"] == "multiple_myeloma",
        "leukaemia": people["disease"] == LEUKAEMIA,
        "male": people["sex"] == "male",
        "age_decades": (people["age"] - 60.0) / 10.0,
        "marrow_damage": np.minimum(people["marrow_damage"], 3.0),
        "prior_thrombosis": people["prior_thrombosis"],
        "asparaginase": people["asparaginase"],
    }


def periods(patients: int) -> dict[str, Booleans]:
    """States of time since infusion, [D, B] each.

    Parameters
    ----------
    patients: how many.
    """
    shape = (len(DAYS), patients)
    return {f"after_day_{day}": np.broadcast_to(day < DAY, shape) for day in (30, 100, 180)}


@dataclass(frozen=True)
class Progression:
    """Progression of the disease.

    Parameters
    ----------
    hazard: per day, [D, B].
    day: of progression, or `NEVER`, [B].
    next_therapy_day: or `NEVER`, [B].
    progressed: days after it, [D, B].
    """

    hazard: Floats
    day: Integers
    next_therapy_day: Integers
    progressed: Booleans


def draw_progression(world: World, seed: int, patients: Integers, people: People) -> Progression:
    """Progression and the next therapy after it, were there no death.

    Parameters
    ----------
    world, seed, patients: as in `random_numbers`.
    people: product and burden.
    """
    name = "events.progression_course."
    year = -np.log1p(-np.minimum(by_setting(world, "events.progression", people), 0.999))
    early, middle = world.number(name + "early"), world.number(name + "middle")
    per_day = np.select(
        [DAY < 0, DAY < 30, DAY < 100], [0.0, early / 30.0, middle / 70.0], (1.0 - early - middle) / 266.0
    )
    hazard = per_day * year * np.exp(log_ratio(world.number(name + "burden")) * people["burden"])
    uniform = uniforms(seed, patients, "events.progression", len(DAYS)).T
    happens = uniform < -np.expm1(-hazard)
    day = np.where(happens.any(axis=0), DAYS[happens.argmax(axis=0)], NEVER)
    decision = uniforms(seed, patients, "events.next_therapy", 1)[:, 0]
    delay = (
        np.log(world.number(name + "next_therapy_delay"))
        + world.number(name + "next_therapy_spread") * normals(seed, patients, "events.next_therapy", 1)[:, 0]
    )
    later = day + 1 + np.floor(np.exp(delay)).astype(np.int64)
    treated = (day != NEVER) & (decision < world.number(name + "next_therapy")) & (later <= DAYS[-1])
    progressed = (day != NEVER) & (day < DAY)
    return Progression(
        np.where((day == NEVER) | (day >= DAY), hazard, 0.0), day, np.where(treated, later, NEVER), progressed
    )


@dataclass(frozen=True)
class Infections:
    """Infections, of which some become sepsis.

    Parameters
    ----------
    hazard: per day, [D, B].
    happens: days of onset, [D, B].
    septic: likewise of those with sepsis, [D, B].
    course, sepsis: their courses from 0 to 1, [D, B].
    """

    hazard: Floats
    happens: Booleans
    septic: Booleans
    course: Floats
    sepsis: Floats


def draw_infections(world: World, seed: int, patients: Integers, states: Mapping[str, Array]) -> Infections:
    """Infections after infusion.

    Parameters
    ----------
    world, seed, patients: as in `random_numbers`.
    states: of the day, [D, B] or [B].
    """
    hazard = np.where(DAY >= 0, np.exp(log_hazard(world, "infection", states)), 0.0)
    uniform = uniforms(seed, patients, "events.infection", len(DAYS)).T
    happens = np.zeros(hazard.shape, dtype=bool)
    waiting = int(world.number("events.features.refractory_days.infection"))
    free_from = np.zeros(len(patients))
    for day in range(len(DAYS)):
        hazard[day] *= day >= free_from
        happens[day] = uniform[day] < -np.expm1(-hazard[day])
        free_from = np.where(happens[day], day + waiting, free_from)
    severity = uniforms(seed, patients, "events.sepsis", len(DAYS)).T
    septic = happens & (severity < world.number("events.features.sepsis_share"))
    length = world.number("events.features.infection_days")
    return Infections(hazard, happens, septic, followed(happens, length), followed(septic, length))


def followed(starts: Booleans, length: float) -> Floats:
    """A course from 0 to 1 and back after each start, [D, B].

    Parameters
    ----------
    starts: [D, B].
    length: in days.
    """
    since = np.arange(0, int(3 * length))
    shape = (since / (0.25 * length)) * np.exp(1.0 - since / (0.25 * length))
    result = np.zeros(starts.shape)
    for later, height in enumerate(shape):
        if height > 0.0:
            result[later:] += height * starts[: len(starts) - later]
    return np.minimum(result, 1.0)
