"""When blood is taken and what is asked of it: daily in hospital, by the days of the clinic later, more when ill."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from carac.synthetic.bits import parts
from carac.synthetic.centres import Centres
from carac.synthetic.course import DAYS, Booleans, Course, Floats, Integers, day_index
from carac.synthetic.laboratory import assays
from carac.synthetic.random_numbers import uniforms

#: Minutes of the day: earliest and length of the morning round, the evening draw and the clinic's hours.
MORNING, EVENING, CLINIC = (360, 75), (1_020, 150), (510, 180)
#: What may be the matter at a draw; the place in the tuple is the level.
SETTINGS = ("visit", "ward", "ill", "severe", "baseline")
#: Panels that are asked for only with another.
_WITH = {"d_dimer": "coagulation", "fibrin_degradation_products": "coagulation"}
_SATURDAY = 5
#: Random numbers that place the days of the clinic, and bits of those of a day; see `_Chances`.
_CLINIC = 2
_PARTS = (14, 12, 13, 13)


@dataclass(frozen=True)
class Draws:
    """Blood samples, ordered by patient and time.

    Parameters
    ----------
    patient: position in the batch, [N].
    day: position on the axis of days, [N].
    minute: of the day, [N].
    evening: whether it is the second draw of the day, [N].
    setting: place in `SETTINGS`, [N].
    weekend: [N].
    """

    patient: Integers
    day: Integers
    minute: Integers
    evening: Booleans
    setting: Integers
    weekend: Booleans


def weekdays(course: Course) -> Integers:
    """Day of the week of every day, 0 for Monday, [B, D]."""
    # 1970-01-01 was a Thursday.
    first = (course.people["infusion_date"].astype("datetime64[D]").astype(np.int64) + 3)[:, None]
    return np.asarray((first + DAYS[None, :]) % 7)


def settings(course: Course) -> Integers:
    """How ill each patient is on each day, as a place in `SETTINGS`, [B, D]."""
    state = course.state
    ill = (state["crs"] >= 1) | (state["icans"] >= 1) | state["sepsis"]
    severe = (state["crs"] >= 2) | (state["icans"] >= 2) | state["intensive_care"] | state["iec_hs"] | state["true_dic"]
    hospital = state["hospital"].astype(bool)
    level = np.where(hospital, SETTINGS.index("ward"), SETTINGS.index("visit"))
    level[hospital & ill] = SETTINGS.index("ill")
    level[hospital & severe] = SETTINGS.index("severe")
    rows = np.arange(len(level))
    level[rows, _lymphodepletion(course)] = SETTINGS.index("baseline")
    level[:, day_index(0)] = np.maximum(level[:, day_index(0)], SETTINGS.index("ward"))
    return level


def _lymphodepletion(course: Course) -> Integers:
    """Position of its first day, [B]."""
    return np.asarray(course.people["lymphodepletion_day"].astype(np.int64) - DAYS[0])


@dataclass(frozen=True)
class _Chances:
    """Uniform numbers of each patient and day: of a draw, a second one, and the minutes of both; all [B, D]."""

    clinic: Floats
    draw: Floats
    second: Floats
    morning: Floats
    evening: Floats


def _chances_of(course: Course) -> _Chances:
    numbers = uniforms(course.seed, course.patients, "observation.days", _CLINIC + len(DAYS))
    return _Chances(numbers[:, :_CLINIC], *parts(numbers[:, _CLINIC:], _PARTS))


def draws(course: Course) -> Draws:
    """Every blood sample of a batch."""
    level, weekday, chances = settings(course), weekdays(course), _chances_of(course)
    taken = _taken(course, level, weekday, chances)
    second = _second(course, level, chances) & taken
    patient, day, order = np.nonzero(np.stack([taken, second], axis=2))
    evening = order == 1
    setting = level[patient, day]
    at_clinic = setting == SETTINGS.index("visit")
    share = np.where(evening, chances.evening[patient, day], chances.morning[patient, day])
    start = np.select([evening, at_clinic], [EVENING[0], CLINIC[0]], MORNING[0])
    length = np.select([evening, at_clinic], [EVENING[1], CLINIC[1]], MORNING[1])
    minute = (start + share * length).astype(np.int64)
    return Draws(patient, day, minute, evening, setting, weekday[patient, day] >= _SATURDAY)


def _taken(course: Course, level: Integers, weekday: Integers, chances: _Chances) -> Booleans:
    """Whether blood is taken, [B, D]."""
    world = course.world
    weekend = weekday >= _SATURDAY
    daily = np.where(weekend, world.number("observation.ward_draw_weekend"), world.number("observation.ward_draw"))
    planned = visits(course, weekday, chances.clinic)
    wanted = np.where(level == SETTINGS.index("visit"), planned * world.number("observation.visit_kept"), daily)
    wanted[level == SETTINGS.index("baseline")] = 1.0
    seen = DAYS[None, :] <= course.last_seen_day[:, None]
    return np.asarray((chances.draw < wanted) & seen)


def visits(course: Course, weekday: Integers, drawn: Floats) -> Booleans:
    """Days on which the clinic plans to see a patient who is not in hospital, [B, D].

    Parameters
    ----------
    course: the batch.
    weekday: 0 for Monday, [B, D].
    drawn: two uniform numbers of each patient, [B, 2].
    """
    world = course.world
    first = (drawn[:, 0] * 5).astype(np.int64)[:, None]
    # Monday and Thursday, Tuesday and Friday, Wednesday and Friday, Thursday and Monday, Friday and Tuesday.
    second = np.array([3, 4, 4, 0, 1])[first]
    between = int(world.number("observation.weeks_between_late_visits"))
    week = (DAYS - DAYS[0])[None, :] // 7
    in_turn = week % between == (drawn[:, 1] * between).astype(np.int64)[:, None]
    early = (DAYS >= 0) & (world.number("observation.early_until") >= DAYS)
    late = world.number("observation.weekly_until") < DAYS
    weekly = (weekday == first) & (in_turn | ~late[None, :])
    return np.asarray(weekly | ((early[None, :] | _low(course)) & ((weekday == first) | (weekday == second))))


def _low(course: Course) -> Booleans:
    """Whether counts are so low that the clinic goes on seeing the patient twice a week, [B, D]."""
    world, latent = course.world, course.latent
    low = latent["platelets"] < world.number("observation.low_platelets")
    low |= latent["neutrophils"] < world.number("observation.low_neutrophils")
    low |= latent["haemoglobin"] < world.number("observation.low_haemoglobin")
    return np.asarray(low & (DAYS >= 0))


def _second(course: Course, level: Integers, chances: _Chances) -> Booleans:
    """Whether there is a second draw in the evening, [B, D]."""
    world = course.world
    severe = level == SETTINGS.index("severe")
    wanted = np.where(severe, world.number("observation.second_draw_ill"), 0.0)
    intensive = course.state["intensive_care"].astype(bool) & course.state["hospital"].astype(bool)
    wanted = np.where(intensive, world.number("observation.second_draw_intensive_care"), wanted)
    # Who dies on a day may do so before its evening.
    before_last = DAYS[None, :] < course.last_seen_day[:, None]
    return np.asarray((chances.second < wanted) & before_last)


def asked(course: Course, drawn: Draws, centres: Centres) -> Booleans:
    """Which results each sample has, [N, assays].

    Parameters
    ----------
    course, drawn: the batch and its samples.
    centres: of the batch.
    """
    panels = tuple(dict.fromkeys(assay.panel for assay in assays()))
    numbers = uniforms(course.seed, course.patients, "observation.panels", len(panels) * len(DAYS))
    own = numbers[drawn.patient[:, None], np.arange(len(panels)) * len(DAYS) + drawn.day[:, None]]
    morning, evening = parts(own, (26, 26))
    chance = np.where(drawn.evening[:, None], evening, morning)
    ordered = chance < _chances(course, drawn, centres, panels)
    for panel, leader in _WITH.items():
        ordered[:, panels.index(panel)] &= ordered[:, panels.index(leader)]
    return np.asarray(ordered[:, [panels.index(assay.panel) for assay in assays()]])


def _chances(course: Course, drawn: Draws, centres: Centres, panels: tuple[str, ...]) -> Floats:
    """Chance of each panel with each sample, [N, panels]."""
    world = course.world
    tables = [world.table(f"observation.orders.{name}") for name in SETTINGS]
    by_setting = np.array([[table[panel] for panel in panels] for table in tables])
    evening = world.table("observation.orders.evening")
    chance = by_setting[drawn.setting]
    chance = np.where(drawn.evening[:, None], np.array([evening[panel] for panel in panels]), chance)
    habit = centres.habit("orders", len(panels)) * world.number("observation.centre_spread")
    chance = _shifted(chance, habit[drawn.patient])
    others = np.array([panel != "blood_count" for panel in panels])
    chance = np.where(drawn.weekend[:, None] & others, chance * world.number("observation.weekend_orders"), chance)
    measured = world.table("observation.orders.centres")
    for place, panel in enumerate(panels):
        chance[:, place] *= centres.share(f"measures.{panel}", measured[panel])[drawn.patient]
    return chance


def _shifted(chance: Floats, shift: Floats) -> Floats:
    """Chances moved on the scale of log odds; 0 and 1 stay."""
    odds = np.exp(shift)
    return np.asarray(chance * odds / (1.0 - chance + chance * odds))
