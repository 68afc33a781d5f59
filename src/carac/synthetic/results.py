"""What the laboratory prints: the value at the hour of the sample, with noise, in the assay's range and precision.

A result beyond the range of its assay is a bound ("<0.19"). Nothing is taken from who is no longer seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from carac.synthetic.bits import parts
from carac.synthetic.centres import Centres
from carac.synthetic.course import DAYS, Array, Booleans, Course, Floats, Integers
from carac.synthetic.laboratory import Assay, Limits, assays, groups_of, limits
from carac.synthetic.ordering import Draws, asked
from carac.synthetic.random_numbers import uniforms

#: Minutes after midnight at which the values of `Course.latent` hold.
_SIX = 360
_MINUTES = 1_440
#: Bits of one random number per day and machine: lost and noise in the morning, the same in the evening.
_PARTS = (10, 16, 10, 16)


@dataclass(frozen=True)
class Results:
    """Laboratory results, ordered by patient, time and assay.

    Parameters
    ----------
    patient: position in the batch, [R].
    time: to the minute, datetime64[m], [R].
    assay: place in `laboratory.assays()`, [R].
    value: number as printed, in the unit of the row; of a bound, its limit, [R].
    bound: -1 for "<", 1 for ">", 0 for a number, [R].
    lower_limit, upper_limit: limits of normal in the unit of the row, NaN where none is printed, [R].
    """

    patient: Integers
    time: Array
    assay: Integers
    value: Floats
    bound: Integers
    lower_limit: Floats
    upper_limit: Floats


def results(course: Course, drawn: Draws, centres: Centres) -> Results:
    """Every laboratory result of the samples of a batch.

    Parameters
    ----------
    course, drawn, centres: the batch, its samples and its centres.
    """
    wanted = asked(course, drawn, centres)
    laboratory = centres.laboratory()
    values = np.empty(wanted.shape)
    bounds = np.zeros(wanted.shape, dtype=np.int64)
    lost, noise = _noise(course, drawn)
    machines = _machines()
    for place, assay in enumerate(assays()):
        machine = machines.index(assay.noise_as)
        own = _values(course, drawn, assay, noise[machine]) * limits().factor[laboratory[drawn.patient], place]
        values[:, place], bounds[:, place] = printed(own, assay)
        wanted[:, place] &= ~lost[machine] & np.isfinite(own)
    sample, assay_place = np.nonzero(wanted)
    group = groups_of(course.people["sex"], course.people["age"])
    return _rows(course, drawn, sample, assay_place, values, bounds, laboratory, group)


def _rows(
    course: Course,
    drawn: Draws,
    sample: Integers,
    assay: Integers,
    values: Floats,
    bounds: Integers,
    laboratory: Integers,
    group: Integers,
) -> Results:
    patient = drawn.patient[sample]
    normal: Limits = limits()
    date = course.people["infusion_date"].astype("datetime64[D]")[drawn.patient] + DAYS[drawn.day]
    time = date.astype("datetime64[m]") + drawn.minute.astype("timedelta64[m]")
    return Results(
        patient,
        time[sample],
        assay,
        values[sample, assay],
        bounds[sample, assay],
        normal.lower[laboratory[patient], group[patient], assay],
        normal.upper[laboratory[patient], group[patient], assay],
    )


def _machines() -> list[str]:
    """What shares one machine and its random numbers; a new one goes to the end of laboratory.csv."""
    return list(dict.fromkeys(assay.noise_as for assay in assays()))


def _noise(course: Course, drawn: Draws) -> tuple[Booleans, Floats]:
    """Whether each machine gives no result of each sample (clotted, haemolysed, not done), and its noise.

    Both [machines, N]; the noise is standard normal.
    """
    machines, days = len(_machines()), len(DAYS)
    numbers = uniforms(course.seed, course.patients, "observation.noise", machines * days)
    own = numbers[drawn.patient, np.arange(machines)[:, None] * days + drawn.day]
    chances = np.stack(parts(own, _PARTS))
    lost, noise = np.where(drawn.evening, chances[2:], chances[:2])
    return np.asarray(lost < course.world.number("observation.lost")), np.asarray(ndtri(noise))


def _values(course: Course, drawn: Draws, assay: Assay, noise: Floats) -> Floats:
    """Values with noise, in the canonical unit, [N]."""
    latent = course.latent[assay.analyte]
    after = np.minimum(drawn.day + 1, course.last_seen_day[drawn.patient] - DAYS[0])
    weight = (drawn.minute - _SIX) / _MINUTES
    start, end = latent[drawn.patient, drawn.day], latent[drawn.patient, np.maximum(after, drawn.day)]
    variation = course.world.number(f"observation.noise.variation.{assay.analyte}")
    # The median is the value itself.
    return np.asarray((start + weight * (end - start)) * np.exp(variation * noise))


def printed(values: Floats, assay: Assay) -> tuple[Floats, Integers]:
    """Values in the precision of the laboratory, and on which side they are bounds.

    Parameters
    ----------
    values: in the canonical unit.
    assay: with its precision and the range of its assay.
    """
    # Rounding twice gives 0.3 where 3 x 0.1 would give 0.30000000000000004.
    rounded = np.round(np.round(values * 10.0**assay.decimals) / 10.0**assay.decimals, max(assay.decimals, 0))
    below = rounded < assay.lowest
    above = rounded > assay.highest
    value = np.where(below, assay.lowest, np.where(above, assay.highest, rounded))
    return value, np.where(below, -1, np.where(above, 1, 0))
