"""What the ward writes down: temperature, pressure, oxygen, ICE or CAPD and consciousness, several times a day.

`Course.signs` holds the worst occasion of each day. That occasion is one of the moments of the day; the others lie
between it and rest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from carac.synthetic.course import (
    CONSCIOUSNESS,
    DAYS,
    HYPOTENSION,
    OXYGEN,
    RAISED_PRESSURE,
    SEIZURE,
    Array,
    Booleans,
    Course,
    Floats,
    Integers,
)
from carac.synthetic.laboratory import CHILD
from carac.synthetic.moments import FEVER, Moments, moments, times_a_day
from carac.synthetic.ordering import Draws
from carac.synthetic.random_numbers import uniforms

#: Items in the order in which those of one moment are written, with their unit.
ITEMS = {
    "temperature": "degC",
    "systolic_pressure": "mmHg",
    "heart_rate": "/min",
    "oxygen_saturation": "%",
    "oxygen_device": "",
    "oxygen_flow": "L/min",
    "hypotension": "",
    "hypotension_treatment": "",
    "hypotension_due_to_crs": "",
    "hypoxia_due_to_crs": "",
    "fever_due_to_other_cause": "",
    "ice_total": "",
    "capd_total": "",
    "consciousness": "",
    "aphasia": "",
    "seizure": "",
    "weakness": "",
    "raised_intracranial_pressure": "",
    "spleen": "",
    "haemophagocytosis": "",
}
_NAMES = tuple(ITEMS)


@dataclass(frozen=True)
class Signs:
    """Signs, ordered by patient, time and item.

    Parameters
    ----------
    patient: position in the batch, [R].
    time: to the minute, datetime64[m], [R].
    item: place in `ITEMS`, [R].
    number: value of a number; NaN where it is a word, [R].
    word: place in `words` of a word; 0 where it is a number, [R].
    words: the words.
    """

    patient: Integers
    time: Array
    item: Integers
    number: Floats
    word: Integers
    words: list[str]


class _Sheet:
    """One row per moment, one column per item."""

    def __init__(self, moments: int) -> None:
        self.recorded = np.zeros((moments, len(ITEMS)), dtype=bool)
        self.number = np.full((moments, len(ITEMS)), np.nan)
        self.word = np.zeros((moments, len(ITEMS)), dtype=np.int16)
        self.words: list[str] = [""]

    def numbers(self, item: str, values: Floats, where: Booleans | bool = True) -> None:
        """Write a number at these moments."""
        place = _NAMES.index(item)
        self.recorded[:, place] = where
        self.number[:, place] = values

    def levels(self, item: str, words: tuple[str, ...], level: Integers, where: Booleans | bool = True) -> None:
        """Write the word of a level at these moments."""
        place = _NAMES.index(item)
        self.recorded[:, place] = where
        self.word[:, place] = len(self.words) + level
        self.words.extend(words)


def signs(course: Course, drawn: Draws) -> Signs:
    """Every sign of a batch.

    Parameters
    ----------
    course: the batch.
    drawn: its blood samples; signs are written down at visits, too.
    """
    at = moments(course, drawn)
    sheet = _Sheet(len(at.patient))
    temperature = _vital_signs(course, at, sheet)
    _attributions(course, at, sheet, temperature)
    _mental_state(course, at, sheet)
    _examinations(course, at, sheet)
    moment, item = np.nonzero(sheet.recorded)
    date = course.people["infusion_date"].astype("datetime64[D]")[at.patient] + DAYS[at.day]
    time = date.astype("datetime64[m]") + at.minute.astype("timedelta64[m]")
    word = sheet.word[moment, item].astype(np.int64)
    return Signs(at.patient[moment], time[moment], item, sheet.number[moment, item], word, sheet.words)


def _vital_signs(course: Course, at: Moments, sheet: _Sheet) -> Floats:
    """Temperature, pressure, heart rate and oxygen; the temperatures as written, [M]."""
    world, cell = course.world, (at.patient, at.day)
    rest = world.number("observation.bedside.temperature_rest")
    highest = course.signs["temperature"][cell].astype(np.float64)
    share = np.where(at.worst, 1.0, at.share * world.number("observation.bedside.temperature_between"))
    temperature = np.round(rest + share * (highest - rest), 1)
    sheet.numbers("temperature", temperature)
    low = _lasting(course.signs["hypotension"], at)
    oxygen = _lasting(course.signs["oxygen"], at)
    spread, other = ndtri(at.spread), ndtri(at.other)
    pressure = world.table("observation.bedside.systolic")
    systolic = np.where(low > 0, pressure["low"], pressure["rest"]) + pressure["spread"] * spread
    sheet.numbers("systolic_pressure", np.round(systolic))
    rate = world.table("observation.bedside.heart_rate")
    faster = rate["per_degree"] * np.maximum(temperature - rest, 0.0) + rate["in_hypotension"] * (low > 0)
    closely = (at.count > times_a_day(world, "usual")) | (oxygen > 0)
    sheet.numbers("heart_rate", np.round(rate["rest"] + faster + rate["spread"] * other), closely)
    saturation = world.table("observation.bedside.saturation")
    level = np.where(oxygen > 0, saturation["on_oxygen"], saturation["rest"]) - saturation["spread"] * spread
    sheet.numbers("oxygen_saturation", np.round(np.clip(level, 70.0, 100.0)), closely)
    _oxygen(course, at, sheet, oxygen)
    sheet.levels("hypotension", ("no", "yes"), (low > 0).astype(np.int64))
    sheet.levels("hypotension_treatment", ("fluids",), np.zeros_like(low), low >= HYPOTENSION.index("fluids"))
    return temperature


def _lasting(level: Array, at: Moments) -> Integers:
    """Level of a sign at each moment, [M]: from the worst moment of its first day to the last moment of its last day.

    Before the worst moment of a day stands what the day before had, if that was less.
    """
    today = level[at.patient, at.day].astype(np.int64)
    yesterday = level[at.patient, np.maximum(at.day - 1, 0)].astype(np.int64)
    worst_so_far = _reached(at)
    return np.where(worst_so_far, today, np.minimum(today, yesterday))


def _reached(at: Moments) -> Booleans:
    """Whether the worst moment of the day has come, [M]."""
    day = at.patient * len(DAYS) + at.day
    first_of_day = np.concatenate([[True], day[1:] != day[:-1]])
    so_far = np.cumsum(at.worst)
    before_day = (so_far - at.worst)[first_of_day][np.cumsum(first_of_day) - 1] if len(day) else so_far
    return np.asarray(so_far - before_day > 0)


def _oxygen(course: Course, at: Moments, sheet: _Sheet, level: Integers) -> None:
    """The device, and the flow where it is a nasal cannula."""
    world = course.world
    high, pressure = (world.table(f"observation.bedside.{name}") for name in ("high_flow", "positive_pressure"))
    drawn = uniforms(course.seed, course.patients, "observation.device", 3)
    words = ("none", "nasal_cannula", *high, *pressure)
    of_high = 2 + _choice(drawn[:, 0], high)
    of_pressure = 2 + len(high) + _choice(drawn[:, 1], pressure)
    choices = np.stack([np.zeros_like(of_high), np.ones_like(of_high), of_high, of_pressure], axis=1)
    sheet.levels("oxygen_device", words, choices[at.patient, level])
    most = world.number("observation.bedside.nasal_flow")
    flow = 1.0 + np.floor(at.share * most)
    sheet.numbers("oxygen_flow", np.minimum(flow, most), level == OXYGEN.index("low flow"))


def _choice(drawn: Floats, shares: dict[str, float]) -> Integers:
    """Place of the key that each uniform number falls to."""
    limits = np.cumsum(list(shares.values()))
    return np.minimum(np.searchsorted(limits / limits[-1], drawn, side="right"), len(limits) - 1)


def _attributions(course: Course, at: Moments, sheet: _Sheet, temperature: Floats) -> None:
    """Whose signs they are, where they are not those of cytokine release."""
    cell = (at.patient, at.day)
    otherwise = course.state["crs"][cell] == 0
    no = np.zeros(len(at.patient), dtype=np.int64)
    low = _lasting(course.signs["hypotension"], at) > 0
    oxygen = _lasting(course.signs["oxygen"], at) > 0
    sheet.levels("hypotension_due_to_crs", ("no",), no, otherwise & low)
    sheet.levels("hypoxia_due_to_crs", ("no",), no, otherwise & oxygen)
    fever = course.signs["fever_other_cause"][cell].astype(bool) & (temperature >= FEVER)
    sheet.levels("fever_due_to_other_cause", ("yes",), no, fever)


def _mental_state(course: Course, at: Moments, sheet: _Sheet) -> None:
    """ICE from age 12, CAPD before, consciousness, and what else counts for ICANS."""
    cell = (at.patient, at.day)
    child = course.people["age"].astype(np.float64)[at.patient] < CHILD
    asked, worst = at.mental > 0, at.mental == 2
    better = np.where(worst, 0, np.floor(at.other * 3))
    ice = course.signs["ice"][cell].astype(np.float64)
    sheet.numbers("ice_total", np.where(ice < 10, np.minimum(ice + better, 10), ice), asked & ~child)
    capd = course.signs["capd"][cell].astype(np.float64)
    sheet.numbers("capd_total", np.maximum(capd - better, 0), asked & child)
    sheet.levels("consciousness", CONSCIOUSNESS, course.signs["consciousness"][cell].astype(np.int64), asked)
    for item, sign, words in (
        ("aphasia", "aphasia", ("no", "global")),
        ("seizure", "seizure", SEIZURE),
        ("weakness", "weakness", ("none", "deep_focal")),
        ("raised_intracranial_pressure", "raised_pressure", RAISED_PRESSURE),
    ):
        level = course.signs[sign][cell].astype(np.int64)
        sheet.levels(item, words, level, worst & (level > 0))


def _examinations(course: Course, at: Moments, sheet: _Sheet) -> None:
    """Spleen once a week, and haemophagocytosis on the day on which it was first seen."""
    cell = (at.patient, at.day)
    zero = np.zeros(len(at.patient), dtype=np.int64)
    first = at.place == 0
    weekly = first & (DAYS[at.day] % 7 == 0) & (at.count > 0) & course.state["hospital"][cell].astype(bool)
    enlarged = course.signs["spleen_enlarged"][cell].astype(np.int64)
    sheet.levels("spleen", ("normal", "enlarged"), enlarged, weekly)
    seen = course.signs["haemophagocytosis"].astype(bool)
    began = seen & ~np.concatenate([np.zeros((len(seen), 1), dtype=bool), seen[:, :-1]], axis=1)
    sheet.levels("haemophagocytosis", ("yes",), zero, first & began[cell])
