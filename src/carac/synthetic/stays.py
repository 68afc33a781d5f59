"""Where a patient is, as stretches of days: ward, intensive care, at home."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from carac.synthetic.course import DAYS, Course, Integers

PLACES = ("outpatient", "ward", "intensive_care")


@dataclass(frozen=True)
class Stretches:
    """Stretches of days in one place, ordered by patient and day.

    Parameters
    ----------
    patient: position in the batch, [S].
    first, last: days since infusion, [S].
    place: place in `PLACES`, [S].
    """

    patient: Integers
    first: Integers
    last: Integers
    place: Integers


def places(course: Course) -> Integers:
    """Where each patient is on each day, as a place in `PLACES`, [B, D].

    -1 stands before the first admission and after the last day on which the patient is seen.
    """
    hospital = course.state["hospital"].astype(bool)
    intensive = hospital & course.state["intensive_care"].astype(bool)
    place = np.where(intensive, PLACES.index("intensive_care"), np.where(hospital, PLACES.index("ward"), 0))
    begun = np.maximum.accumulate(hospital, axis=1) | (course.people["lymphodepletion_day"][:, None] <= DAYS)
    return np.where(begun & (course.last_seen_day[:, None] >= DAYS), place, -1)


def stretches(course: Course) -> Stretches:
    """Every stretch of a batch."""
    place = places(course)
    before = np.concatenate([np.full((len(place), 1), -2), place[:, :-1]], axis=1)
    after = np.concatenate([place[:, 1:], np.full((len(place), 1), -2)], axis=1)
    patient, first = np.nonzero((place != before) & (place >= 0))
    _, last = np.nonzero((place != after) & (place >= 0))
    return Stretches(patient, DAYS[first], DAYS[last], place[patient, first])


def stay_numbers(course: Course) -> Integers:
    """Number of the stay in hospital that holds each day, from 1; 0 outside a stay. Shape [B, D]."""
    inside = places(course) > 0
    begins = inside & ~np.concatenate([np.zeros((len(inside), 1), dtype=bool), inside[:, :-1]], axis=1)
    return np.where(inside, np.cumsum(begins, axis=1), 0)
