"""Shapes over time. Inside the mechanism arrays by day are [D, B], days by patients."""

from __future__ import annotations

import numpy as np

from carac.synthetic.course import DAYS, Array, Booleans, Floats, Integers
from carac.synthetic.random_numbers import normals

#: Wandering is drawn every so many days and goes straight between.
KNOT_DAYS = 3

#: The axis as a column, [D, 1].
DAY: Floats = DAYS.astype(np.float64)[:, None]


def bell(centre: Floats | float, rise: Floats | float, fall: Floats | float) -> Floats:
    """A bell of height 1 whose two sides have their own width, [D, B].

    Parameters
    ----------
    centre: day of the top, [B].
    rise, fall: standard deviation before and after it in days, [B] or one.
    """
    distance = DAY - centre
    result: Floats = np.exp(-0.5 * np.square(distance / np.where(distance < 0, rise, fall)))
    return result


def step_down(day: Floats, width: float) -> Floats:
    """1 long before a day and 0 long after it, [D, B].

    Parameters
    ----------
    day: middle of the step, [B].
    width: in days.
    """
    result: Floats = 1.0 / (1.0 + np.exp(np.clip((DAY - day) / width, -60.0, 60.0)))
    return result


def lagged(driver: Floats, half_life: float) -> Floats:
    """What follows a driver with a half-time, [D, B]; it starts where the driver starts.

    Parameters
    ----------
    driver: [D, B].
    half_life: in days.
    """
    share = 1.0 - 0.5 ** (1.0 / half_life)
    result = np.empty_like(driver)
    level = driver[0]
    for day, wanted in enumerate(driver):
        level = level + share * (wanted - level)
        result[day] = level
    return result


def wandering(seed: int, patients: Integers, name: str, size: float, memory: float) -> Floats:
    """A patient's slow wandering around the course, mean 0, [D, B].

    Parameters
    ----------
    seed, patients: as in `random_numbers`.
    name: of the quantity.
    size: standard deviation.
    memory: correlation from one day to the next, as it would be without the straight lines.
    """
    knots = -(-len(DAYS) // KNOT_DAYS) + 1
    levels = np.ascontiguousarray(normals(seed, patients, f"wandering.{name}", knots).T) * size
    kept = memory**KNOT_DAYS
    for knot in range(1, knots):
        levels[knot] = kept * levels[knot - 1] + np.sqrt(1.0 - kept**2) * levels[knot]
    result = np.empty((len(DAYS), len(patients)))
    for part in range(KNOT_DAYS):
        share = part / KNOT_DAYS
        of_part = result[part::KNOT_DAYS]
        of_part[:] = ((1.0 - share) * levels[:-1] + share * levels[1:])[: len(of_part)]
    return result


def runs(flags: Booleans) -> tuple[Integers, Integers, Integers]:
    """Runs of days on which a flag is set: patient, first and last day of each.

    Parameters
    ----------
    flags: [D, B].
    """
    padded = np.zeros((flags.shape[1], flags.shape[0] + 2), dtype=np.int8)
    padded[:, 1:-1] = flags.T
    change = np.diff(padded, axis=1)
    patient, first = np.nonzero(change == 1)
    _, after = np.nonzero(change == -1)
    return patient, DAYS[first], DAYS[after - 1]


def stays_after(starts: Booleans, length: int) -> Booleans:
    """A stay of so many days from each start on, [D, B].

    Parameters
    ----------
    starts: [D, B].
    length: in days.
    """
    result = starts.copy()
    for later in range(1, length):
        result[later:] |= starts[:-later]
    return result


def choice(uniform: Floats, weights: dict[str, float]) -> Array:
    """Words drawn by weight, [n].

    Parameters
    ----------
    uniform: [n].
    weights: of each word, 0 or more.
    """
    edges = np.cumsum(np.array(list(weights.values()), dtype=np.float64))
    position = np.searchsorted(edges, uniform * edges[-1], side="right")
    result: Array = np.array(list(weights), dtype=object)[np.minimum(position, len(edges) - 1)]
    return result
