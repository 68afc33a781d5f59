"""When an endpoint begins, and what it coincides with: CRS, ICANS, low platelets, low fibrinogen, against chance.

Chance is the exact expectation within each patient's own course: had the event fallen on any of the days on which it
could have fallen, each as likely, on how many of them would the other toxicity have been there? The number that do is a
sum of independent yes-or-no draws with a chance per patient (a Poisson-binomial distribution), of which the exact
probability of at least as many as were seen is given. No random numbers.

Two courses are taken. Over the whole window chance overlap is small merely because both toxicities are early; within
the period of the event (days 0 to 7, 8 to 30, 31 to 100, later) that is taken out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from carac.endpoints.definition import Endpoint
from carac.endpoints.outcome import EVENT, Outcome
from carac.endpoints.people import Floats, Integers
from carac.endpoints.rules import Window
from carac.endpoints.study import Study
from carac.findings import CaracError
from carac.vocabulary.types import Grain

Booleans = npt.NDArray[np.bool_]

#: What an event may coincide with: endpoints of patient-days.
STATES = ("crs_any", "icans_any", "thrombocytopenia_grade_3", "hypofibrinogenaemia_grade_2")
#: Periods by which bleeding is reported (catalogue 7.6).
PERIODS = ((0, 7), (8, 30), (31, 100), (101, None))
#: Days before and after an event that count as around it.
AROUND = 3


@dataclass(frozen=True)
class Onset:
    """Days of the first event.

    Parameters
    ----------
    days: of each person with the event, ascending.
    quartiles: lower quartile, median, upper quartile; None without events.
    periods: people whose first event fell into each of `PERIODS`.
    """

    days: Floats
    quartiles: tuple[float, float, float] | None
    periods: tuple[int, ...]

    @property
    def range(self) -> tuple[int, int] | None:
        """First and last day; None without events."""
        return (int(self.days[0]), int(self.days[-1])) if len(self.days) else None


@dataclass(frozen=True)
class Overlap:
    """How often another toxicity was there.

    Parameters
    ----------
    state: the endpoint of patient-days.
    around: days before and after that count; 0 is the day itself.
    events: people with the event.
    assessed: of them, those with a graded day of the state around the event; the others say nothing.
    present: of the assessed, those with the state around the event.
    expected: number that chance would give over the whole window, and within the period of the event.
    p_value, p_value_in_period: probability that chance gives at least as many as `present`; None without events.
    """

    state: Endpoint
    around: int
    events: int
    assessed: int
    present: int
    expected: float
    expected_in_period: float
    p_value: float | None
    p_value_in_period: float | None


@dataclass(frozen=True)
class Timing:
    """What `timing` finds; `events` is everybody with the event, in the order of `days`."""

    endpoint: Endpoint
    window: Window
    outcome: Outcome
    onset: Onset
    overlaps: tuple[Overlap, ...]
    left_out: tuple[tuple[str, str], ...]
    methods: str


def timing(
    study: Study,
    name: str | Endpoint,
    window: str | Window = "to_100",
    states: Sequence[str] = STATES,
    around: Sequence[int] = (0, AROUND),
) -> Timing:
    """Day of onset of an endpoint, and what it coincides with.

    Parameters
    ----------
    study: a graded cohort with its rules.
    name: of the endpoint.
    window: days in which its first event is sought.
    states: endpoints of patient-days; one that cannot be counted in this cohort is named in `left_out`.
    around: days before and after the event that count; each makes a line of its own.

    Raises
    ------
    CaracError: an endpoint that is unknown or cannot be counted, or a state that is not one of patient-days.
    """
    outcome = study.outcome(name, window)
    overlaps, left_out = [], []
    for state in states:
        endpoint = study.endpoint(state)
        if endpoint.grain is not Grain.DAY:
            raise CaracError(f"{state} is no state of patient-days, so nothing can coincide with it.")
        if endpoint.name == outcome.endpoint.name:
            continue
        if reason := study.lacks(endpoint):
            left_out.append((endpoint.title, reason))
            continue
        course = _course(study, endpoint, outcome)
        overlaps += [_overlap(outcome, endpoint, course, days) for days in around]
    return Timing(
        outcome.endpoint,
        outcome.window,
        outcome,
        onset_of(outcome),
        tuple(overlaps),
        tuple(left_out),
        _methods(outcome, around),
    )


def onset_of(outcome: Outcome) -> Onset:
    """Days of the first event of everybody who had one."""
    days = np.sort(outcome.exit[outcome.status == EVENT])
    quartiles = None
    if len(days):
        low, middle, high = (float(value) for value in np.quantile(days, [0.25, 0.5, 0.75]))
        quartiles = (low, middle, high)
    return Onset(days, quartiles, tuple(int(np.sum(_in_period(days, place))) for place in range(len(PERIODS))))


def _in_period(days: Floats, place: int) -> Booleans:
    first, last = PERIODS[place]
    return (days >= first) & (days <= (np.inf if last is None else last))


@dataclass(frozen=True)
class _Course:
    """Per person at risk and day of the window: whether the state was there, and whether it was graded."""

    present: Booleans
    graded: Booleans


def _course(study: Study, state: Endpoint, outcome: Outcome) -> _Course:
    last = outcome.window.last
    present = np.zeros((len(study.people), last + 1), dtype=bool)
    graded = np.zeros_like(present)
    found = study.occurrences(state)
    inside = found.day <= last
    place, day = found.place[inside], found.day[inside].astype(np.int64)
    graded[place, day] = True
    present[place, day] = found.state[inside] == 2
    return _Course(present[outcome.place], graded[outcome.place])


def _overlap(outcome: Outcome, state: Endpoint, course: _Course, around: int) -> Overlap:
    had = np.flatnonzero(outcome.status == EVENT)
    present = _spread(course.present[had], around)
    graded = _spread(course.graded[had], around)
    day = outcome.exit[had].astype(np.int64)
    rows = np.arange(len(had))
    assessed = graded[rows, day] if len(had) else np.zeros(0, dtype=bool)
    seen = present[rows, day] & assessed if len(had) else assessed
    possible = graded & _could_have_been(outcome, had)
    whole = _chance(present, possible, assessed)
    periods = np.array([_period_of(one) for one in range(graded.shape[1])])
    near = _chance(present, possible & (periods[day][:, None] == periods), assessed)
    number = int(seen.sum())
    return Overlap(
        state,
        around,
        len(had),
        int(assessed.sum()),
        number,
        float(whole.sum()),
        float(near.sum()),
        at_least(number, whole) if len(whole) else None,
        at_least(number, near) if len(near) else None,
    )


def _could_have_been(outcome: Outcome, had: Integers) -> Booleans:
    """Days on which the first event could have fallen: from the beginning of observation to its end, whatever came."""
    days = np.arange(outcome.window.last + 1)
    last = outcome.people.last[outcome.place[had]]
    possible: Booleans = (days > outcome.entry[had][:, None]) & (days <= last[:, None])
    return possible


def _spread(days: Booleans, around: int) -> Booleans:
    """Whether any day within so many days is true."""
    found = days.copy()
    for shift in range(1, around + 1):
        found[:, shift:] |= days[:, :-shift]
        found[:, :-shift] |= days[:, shift:]
    return found


def _period_of(day: int) -> int:
    return next(place for place, (_, last) in enumerate(PERIODS) if last is None or day <= last)


def _chance(present: Booleans, possible: Booleans, assessed: Booleans) -> Floats:
    """Share of the possible days of each assessed person around which the state was present."""
    days = possible[assessed].sum(axis=1)
    there: Floats = (present & possible)[assessed].sum(axis=1) / np.maximum(days, 1)
    return there


def at_least(number: int, chances: Floats) -> float:
    """Probability that at least so many of independent draws succeed (Poisson-binomial, by convolution, O(n^2)).

    Parameters
    ----------
    number: successes.
    chances: of each draw.
    """
    density = np.ones(1)
    for chance in chances:
        density = np.concatenate([density * (1 - chance), [0.0]]) + np.concatenate([[0.0], density * chance])
    return float(min(1.0, max(0.0, density[number:].sum())))


def _methods(outcome: Outcome, around: Sequence[int]) -> str:
    spans = " and ".join("on the day" if days == 0 else f"within {days} days" for days in around)
    return (
        f"Onset of {outcome.endpoint.title} is the day of the first event on {outcome.window}. Overlap is the number"
        f" of people with the other toxicity {spans}, of those with a graded day there. Chance overlap is the exact"
        " expectation had the event fallen on any graded day of the patient's own course, each as likely: over the"
        " whole window, and within the period (days 0 to 7, 8 to 30, 31 to 100, later) in which it fell. P is the"
        " probability that chance gives at least as much overlap (Poisson-binomial, one-sided)."
    )
