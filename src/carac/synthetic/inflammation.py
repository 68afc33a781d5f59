"""Inflammation after infusion: CRS and ICANS with their days and grades, IEC-HS, and the curve that drives the rest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from carac.synthetic.course import Array, Floats, Integers
from carac.synthetic.people import People, by_setting, severity_uniform
from carac.synthetic.random_numbers import normals, uniforms
from carac.synthetic.shapes import DAY, bell, lagged
from carac.synthetic.world import World

GRADES = ("none", "grade_1", "grade_2", "grade_3", "grade_4")


@dataclass(frozen=True)
class Episode:
    """One syndrome of each patient.

    Parameters
    ----------
    top: highest grade, 0 without the syndrome, [B].
    onset: day with its fraction, [B].
    length: calendar days, at least 1, [B].
    grade: of each day, [D, B].
    """

    top: Integers
    onset: Floats
    length: Floats
    grade: Integers

    @property
    def end(self) -> Floats:
        """First day without the syndrome, [B]."""
        return np.floor(self.onset) + self.length


@dataclass(frozen=True)
class Inflammation:
    """What inflames each patient.

    Parameters
    ----------
    crs, icans: the two syndromes.
    peak: height of inflammation by the CAR T cells, [B].
    peak_day: its day, [B].
    expansion: inflammation by the CAR T cells, [D, B].
    iec_hs: course of IEC-HS, 0 to 1, [D, B].
    iec_hs_top: whether the patient has it, [B].
    hepatic: injury of the liver, 0 to about 1, [D, B].
    """

    crs: Episode
    icans: Episode
    peak: Floats
    peak_day: Floats
    expansion: Floats
    iec_hs: Floats
    iec_hs_top: Array
    hepatic: Floats


def by_grade(world: World, name: str, grade: Integers) -> Floats:
    """The number of each patient from a table by grade, [B].

    Parameters
    ----------
    world, name: of the table with the keys none, grade_1 … grade_4.
    grade: 0 to 4, [B].
    """
    table = world.table(name)
    return np.array([table[word] for word in GRADES])[grade]


def highest_grade(world: World, uniform: Floats, any_grade: Floats, severe: Floats) -> Integers:
    """Grade 0 to 4 from one uniform number, the small ones being the severe, [B].

    Parameters
    ----------
    world: shares of grade 2 and 4.
    uniform: [B].
    any_grade, severe: chance of grade 1 or more and of grade 3 or more, [B].
    """
    moderate = severe + (any_grade - severe) * world.number("inflammation.course.moderate_share")
    worst = severe * world.number("inflammation.course.life_threatening_share")
    limits = (any_grade, moderate, severe, worst)
    return np.sum([uniform < limit for limit in limits], axis=0).astype(np.int64)


def grade_by_day(world: World, top: Integers, onset: Floats, length: Floats) -> Integers:
    """Grade of each day: up to the highest grade once, at least 1 from onset to end, [D, B].

    Parameters
    ----------
    world: where and how wide the peak is.
    top, onset, length: of the episode, [B].
    """
    since = DAY - np.floor(onset)
    peak = np.floor(world.number("inflammation.course.peak_position") * length)
    width = np.maximum(world.number("inflammation.course.peak_width") * length, 0.6)
    height = np.exp(-0.5 * np.square((since - peak) / width))
    # 0.35 keeps the highest grade to the days near the peak.
    grade = np.maximum(np.ceil(top * height - 0.35), 1)
    return np.where((since >= 0) & (since < length) & (top > 0), grade, 0).astype(np.int64)


def draw_episode(
    world: World, name: str, people: People, uniform: Floats, normal: Floats, not_before: Floats | float
) -> Episode:
    """CRS or ICANS of each patient.

    Parameters
    ----------
    world: tables by product under the name.
    name: "crs" or "icans".
    people: product, disease.
    uniform: decides about the grade, [B].
    normal: decide about onset and length, [B, 2].
    not_before: earliest day of onset, [B].
    """
    course = "inflammation.course."
    table = f"inflammation.{name}"
    top = highest_grade(
        world, uniform, by_setting(world, f"{table}_any", people), by_setting(world, f"{table}_severe", people)
    )
    # Days are counted from 0, so the middle of the median day is half a day later.
    onset = (by_setting(world, f"{table}_onset", people) + 0.5) * np.exp(
        world.number(course + "onset_spread") * normal[:, 0]
    )
    onset = np.clip(np.maximum(onset, not_before), 0.3, world.number(course + "latest_onset"))
    length = (by_setting(world, f"{table}_length", people) + 0.5) * np.exp(
        world.number(course + "length_spread") * normal[:, 1]
        + world.number(course + "length_by_grade")
        * (np.maximum(top, 1) - world.number(f"{course}typical_grade.{name}"))
    )
    length = np.clip(np.floor(length), 1, 30)
    return Episode(top, onset, length, grade_by_day(world, top, onset, length))


def draw_inflammation(world: World, seed: int, patients: Integers, people: People) -> Inflammation:
    """Everything that inflames the patients, infections apart.

    Parameters
    ----------
    world, seed, patients: as in `random_numbers`.
    people: see `people`.
    """
    drive = people["inflammatory_drive"]
    normal = normals(seed, patients, "inflammation.episodes", 8)
    severity = severity_uniform(world.number("inflammation.course.shared_severity"), drive, normal[:, 0])
    crs = draw_episode(world, "crs", people, severity, normal[:, 1:3], 0.3)
    severity = severity_uniform(world.number("inflammation.course.shared_icans"), drive, normal[:, 3])
    icans = draw_episode(world, "icans", people, severity, normal[:, 4:6], np.where(crs.top > 0, crs.onset + 1.0, 2.0))
    icans = some_later(world, seed, patients, icans)
    peak, peak_day, expansion = expansion_curve(world, crs, normal[:, 6], normal[:, 7])
    iec_hs, has = iec_hs_course(world, seed, patients, crs)
    return Inflammation(
        crs, icans, peak, peak_day, expansion, iec_hs, has, hepatic_course(world, seed, patients, iec_hs)
    )


def some_later(world: World, seed: int, patients: Integers, icans: Episode) -> Episode:
    """A few of those with ICANS have it after day 14 instead."""
    uniform = uniforms(seed, patients, "inflammation.late_icans", 2)
    late = (icans.top > 0) & (uniform[:, 0] < world.number("inflammation.course.late_icans"))
    onset = np.where(late, 15.0 + 13.0 * uniform[:, 1], icans.onset)
    top = np.where(late, np.minimum(icans.top, 2), icans.top)
    return Episode(top, onset, icans.length, grade_by_day(world, top, onset, icans.length))


def expansion_curve(world: World, crs: Episode, normal: Floats, normal_day: Floats) -> tuple[Floats, Floats, Floats]:
    """Height, day and curve of the inflammation by the CAR T cells, about 1 where CRS turns severe.

    Parameters
    ----------
    world: heights by grade.
    crs: its days.
    normal, normal_day: of the height, and of the day in those without CRS, [B].
    """
    course = "inflammation.course."
    peak = by_grade(world, course + "peak_height", crs.top)
    peak = peak * np.exp(world.number(course + "peak_height_spread") * normal)
    position = world.number(course + "peak_position")
    peak_day = np.floor(crs.onset) + position * crs.length + 0.3
    silent = crs.top == 0
    peak_day = np.where(silent, world.number(course + "silent_day") + normal_day, peak_day)
    rise = np.where(silent, 2.5, position * crs.length / 1.8 + 0.6)
    fall = np.where(silent, 3.5, (1.0 - position) * crs.length / 1.8 + 0.9)
    return peak, peak_day, peak * bell(peak_day, rise, fall)


def iec_hs_course(world: World, seed: int, patients: Integers, crs: Episode) -> tuple[Floats, Array]:
    """IEC-HS of a few, after CRS: its course from 0 to 1, [D, B], and who has it, [B]."""
    name = "inflammation.iec_hs."
    uniform = uniforms(seed, patients, "inflammation.iec_hs", 2)
    normal = normals(seed, patients, "inflammation.iec_hs", 1)[:, 0]
    has = uniform[:, 0] < by_grade(world, name + "probability", crs.top)
    after = np.where(crs.top > 0, crs.end, 8.0)
    delay = world.number(name + "delay") * np.exp(world.number(name + "delay_spread") * normal)
    onset = np.maximum(after + delay, world.number(name + "earliest"))
    length = world.number(name + "length") * (0.75 + 0.5 * uniform[:, 1])
    course = bell(onset + 0.35 * length, length / 5.0, length / 3.0)
    return np.where(has, course, 0.0), has


def hepatic_course(world: World, seed: int, patients: Integers, iec_hs: Floats) -> Floats:
    """Injury of the liver by drugs and by IEC-HS, 0 to about 1, [D, B]."""
    name = "inflammation.hepatic."
    uniform = uniforms(seed, patients, "inflammation.hepatic", 3)
    has = uniform[:, 0] < world.number(name + "probability")
    day = world.number(name + "latest_day") * uniform[:, 1]
    width = world.number(name + "length") * (0.6 + 0.8 * uniform[:, 2])
    own = np.where(has, world.number(name + "height") * bell(day, 0.5 * width, width), 0.0)
    return np.maximum(own, world.number("inflammation.iec_hs.hepatic") * iec_hs)


def endothelial_injury(world: World, seed: int, patients: Integers, inflammation: Floats) -> Floats:
    """Injury of the vessels, which follows inflammation; patients differ in it, [D, B].

    Parameters
    ----------
    world, seed, patients: as in `random_numbers`.
    inflammation: of all causes, [D, B].
    """
    normal = normals(seed, patients, "inflammation.endothelium", 1)[:, 0]
    spread = np.exp(world.number("inflammation.markers.endothelial_spread") * normal)
    return spread * lagged(inflammation, world.number("inflammation.markers.endothelial_half_life"))
