"""Occasions of the day on which the ward writes signs down, and which of them is the worst of its day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from carac.findings import CaracError
from carac.synthetic.bits import parts
from carac.synthetic.course import DAYS, Booleans, Course, Floats, Integers
from carac.synthetic.ordering import SETTINGS, Draws
from carac.synthetic.random_numbers import uniforms
from carac.synthetic.world import World

#: Most moments of a day; the random numbers of a day are counted by it.
MOST = 8
FEVER = 38.0
#: Bits of the random number of a moment: minute, share of the day's worst, and two numbers for the spread of signs.
_PARTS = (8, 16, 14, 14)
_DAY = 1_440


@dataclass(frozen=True)
class Moments:
    """Occasions on which signs are written down, ordered by patient and time.

    Parameters
    ----------
    patient: position in the batch, [M].
    day: position on the axis of days, [M].
    minute: of the day, [M].
    place, count: which of how many moments of the day it is, [M].
    worst: whether it is the worst occasion of its day, [M].
    mental: whether ICE or CAPD is asked; 2 on the worst such occasion of the day, else 1 or 0, [M].
    share, spread, other: independent uniform numbers, [M].
    """

    patient: Integers
    day: Integers
    minute: Integers
    place: Integers
    count: Integers
    worst: Booleans
    mental: Integers
    share: Floats
    spread: Floats
    other: Floats


def moments(course: Course, drawn: Draws) -> Moments:
    """The moments of days in hospital, and the visits.

    Parameters
    ----------
    course: the batch.
    drawn: its blood samples; signs are written down at visits, too.
    """
    count = _per_day(course)
    patient, day, place = np.nonzero(np.arange(MOST) < count[:, :, None])
    number = count[patient, day]
    seen = drawn.setting == SETTINGS.index("visit")
    seen &= (DAYS[drawn.day] >= 0) & (DAYS[drawn.day] <= course.world.number("observation.bedside.visits_until"))
    visit = np.flatnonzero(seen)
    joined = (
        np.concatenate([patient, drawn.patient[visit]]),
        np.concatenate([day, drawn.day[visit]]),
        np.concatenate([place, np.zeros(len(visit), dtype=np.int64)]),
        np.concatenate([number, np.ones(len(visit), dtype=np.int64)]),
        np.concatenate([np.full(len(patient), -1), drawn.minute[visit]]),
    )
    order = np.lexsort(joined[2::-1])
    return _complete(course, *(column[order] for column in joined))


def _per_day(course: Course) -> Integers:
    """How many moments each day in hospital has, [B, D]."""
    seen = course.state["hospital"].astype(bool) & (DAYS[None, :] <= course.last_seen_day[:, None])
    ill = (course.signs["temperature"] >= FEVER) | (course.signs["hypotension"] > 0) | (course.signs["oxygen"] > 0)
    ill |= (course.state["icans"] > 0) | course.state["intensive_care"].astype(bool)
    usual, often = (times_a_day(course.world, name) for name in ("usual", "ill"))
    return np.where(seen, np.where(ill, often, usual), 0)


def times_a_day(world: World, name: str) -> int:
    """How often signs are written down, in the usual case or in an ill patient; raises `CaracError` beyond `MOST`."""
    times = world.number(f"observation.bedside.{name}")
    if not 1 <= times <= MOST:
        raise CaracError(f"observation.bedside.{name} of the world is {times:g}; it must be 1 to {MOST} times a day.")
    return int(times)


def _complete(
    course: Course, patient: Integers, day: Integers, place: Integers, count: Integers, minute: Integers
) -> Moments:
    """The moments with their minute, where it is that of no visit (-1), and with what is done at them."""
    moments_of_all_days = MOST * len(DAYS)
    numbers = uniforms(course.seed, course.patients, "observation.signs", moments_of_all_days + len(DAYS))
    jitter, share, spread, other = parts(numbers[patient, MOST * day + place], _PARTS)
    length = _DAY // count
    # Written down in the first part of its share of the day.
    on_ward = place * length + length // 4 + (jitter * length / 8).astype(np.int64)
    minute = np.where(minute < 0, on_ward, minute)
    drawn = numbers[patient, moments_of_all_days + day]
    is_worst = place == (drawn * count).astype(np.int64)
    until = course.world.number("observation.bedside.ice_until")
    sick = course.state["icans"][patient, day] > 0
    asked = sick | ((DAYS[day] >= 0) & (DAYS[day] <= until))
    early, late = np.minimum(1, count - 1), count - 1
    # Once a day; twice with ICANS, where the evening is the worse of the two as often as the morning.
    worse = np.where(sick & (drawn < 0.5), late, early)
    milder = np.where(worse == late, early, late)
    mental = np.where(asked & (place == worse), 2, np.where(sick & (place == milder), 1, 0))
    return Moments(patient, day, minute, place, count, is_worst, mental, share, spread, other)
