"""Cumulative incidence of an endpoint, overall and by group, with what else a reader has to know of it.

Aalen-Johansen with death (and by choice next therapy or progression) competing and log-log intervals; Gray's test
between groups; the naive 1 - Kaplan-Meier and by how much it overstates; events per patient-month by window; bounds for
what could not be graded; mean time lost; mean cumulative count of events that recur.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from carac.endpoints.definition import Endpoint
from carac.endpoints.outcome import EVENT, Outcome
from carac.endpoints.people import array_of
from carac.endpoints.rules import Reading, Role, Unassessed, Window
from carac.endpoints.study import Study
from carac.findings import CaracError
from carac.statistics.checks import EstimationError
from carac.statistics.gray import gray_test
from carac.statistics.incidence import CumulativeIncidence, aalen_johansen, at_times, naive, time_lost, value_at
from carac.statistics.proportions import poisson_rate
from carac.statistics.recurrent import mean_count

#: Columns of the infusions that groups are made by, and how they are said.
GROUPINGS = {"product": "product", "disease": "disease", "target": "target", "centre": "centre", "sex": "sex"}
#: The group of those of whom nothing is recorded.
UNRECORDED = "not recorded"
#: Moments at which the curve is told.
MOMENTS = (30, 90, 100, 180, 365)


@dataclass(frozen=True)
class Value:
    """An estimate with its 95 % interval; the ends are None where they have no value."""

    estimate: float
    lower: float | None = None
    upper: float | None = None


@dataclass(frozen=True)
class Moment:
    """The curve on one day.

    Parameters
    ----------
    day: after infusion.
    at_risk: under observation at the beginning of that day.
    incidence: cumulative to that day.
    naive: 1 - Kaplan-Meier with competing events taken for censoring, on that day.
    """

    day: int
    at_risk: int
    incidence: Value
    naive: float

    @property
    def overstatement(self) -> float:
        """By how much the naive value is above the cumulative incidence."""
        return self.naive - self.incidence.estimate


@dataclass(frozen=True)
class Curve:
    """One group, or everybody.

    Parameters
    ----------
    label: of the group; empty for everybody.
    outcome: its people.
    curve: the step function; None where nobody is at risk.
    moments: the curve at the days that it reaches.
    time_lost: mean days lost to the endpoint by the last of them, that is the area under the curve: who has it 10 days
        before loses 10, who does not have it 0; None where there is no curve.
    """

    label: str
    outcome: Outcome
    curve: CumulativeIncidence | None
    moments: tuple[Moment, ...]
    time_lost: Value | None = None

    @property
    def last(self) -> Moment | None:
        """The last day that is told."""
        return self.moments[-1] if self.moments else None

    @property
    def emptied_at(self) -> float | None:
        """Day after which the curve cannot change although people came later (delayed entry)."""
        return self.curve.emptied_at if self.curve else None


@dataclass(frozen=True)
class GroupTest:
    """Gray's test between groups, or why there is none."""

    p_value: float | None
    statistic: float | None
    degrees_of_freedom: int
    left_out: tuple[str, ...]
    why_not: str = ""


@dataclass(frozen=True)
class Rate:
    """Events per patient-month in a window.

    Parameters
    ----------
    events: people with a first event; months: at risk of one.
    rate: first events per 100 patient-months, with the exact interval; None where nobody was at risk, and where the
        window is longer than the endpoint can be known.
    """

    window: Window
    people: int
    events: int
    months: float
    rate: Value | None


@dataclass(frozen=True)
class Bounds:
    """The incidence at the end of the window whatever the grades that are not known are.

    Parameters
    ----------
    day: of the estimates.
    lowest: nothing that is not known is an event.
    if_open: every day or event that could have been one is one.
    if_unknown: every patient-day without a grade is one as well.
    """

    day: int
    lowest: float
    if_open: float
    if_unknown: float


@dataclass(frozen=True)
class Incidence:
    """What `incidence` finds.

    Parameters
    ----------
    overall: everybody at risk.
    groups: by `by`, largest first; empty without groups.
    test: between the groups; None without groups.
    rates: per 100 patient-months, by window.
    bounds: for what could not be graded; None where nobody is at risk, and beside groups.
    mean_count: expected number of events per person by the end of the window; None where it cannot be estimated.
    methods: a sentence or two for a methods section.
    """

    endpoint: Endpoint
    window: Window
    by: str
    overall: Curve
    groups: tuple[Curve, ...]
    test: GroupTest | None
    rates: tuple[Rate, ...]
    bounds: Bounds | None
    mean_count: Value | None
    recurrences: int
    methods: str

    @property
    def curves(self) -> tuple[Curve, ...]:
        """Everybody, then the groups."""
        return (self.overall, *self.groups)


def incidence(
    study: Study,
    name: str | Endpoint,
    by: str = "",
    window: str | Window = "to_100",
    rate_windows: Sequence[str | Window] = ("0_to_30", "31_to_90", "to_100", "to_365"),
) -> Incidence:
    """Cumulative incidence of an endpoint.

    Parameters
    ----------
    study: a graded cohort with its rules.
    name: of the endpoint.
    by: what groups are made by, one of `GROUPINGS`, or a column of the infusions with words; empty makes none.
    window: days in which the endpoint is sought.
    rate_windows: for events per patient-month.

    Raises
    ------
    CaracError: an unknown endpoint, window or grouping, or an endpoint that cannot be counted in this cohort.
    """
    outcome = study.outcome(name, window)
    groups = _groups(study, outcome, by) if by else ()
    count, recurrences = _mean_count(study, outcome)
    return Incidence(
        outcome.endpoint,
        outcome.window,
        by,
        curve_of("", outcome),
        groups,
        compared(outcome, group_labels(study, outcome, by)) if by else None,
        tuple(_rate(study, outcome.endpoint, study.window(one)) for one in rate_windows),
        None if by else bounds_of(study, outcome),
        count,
        recurrences,
        methods(study, outcome, by),
    )


def curve_of(label: str, outcome: Outcome) -> Curve:
    """The curve of one group and what it says at the usual days and at the end of its window."""
    if not outcome.at_risk:
        return Curve(label, outcome, None, ())
    curve = aalen_johansen(outcome.exit, outcome.status, entry=outcome.entry)
    plain = naive(outcome.exit, outcome.status, entry=outcome.entry)
    reached = _last_known(outcome, curve)
    days = [day for day in MOMENTS if outcome.window.first <= day < reached] + [reached]
    at = at_times(curve, days)
    crude = value_at(plain.time, plain.estimate, np.asarray(days, dtype=np.float64), 0.0)
    moments = tuple(
        Moment(
            day,
            int(at.at_risk[place]),
            Value(float(at.estimate[place]), float(at.lower[place]), float(at.upper[place])),
            float(crude[place]),
        )
        for place, day in enumerate(days)
    )
    return Curve(label, outcome, curve, moments, _time_lost(outcome, float(reached)))


def _time_lost(outcome: Outcome, reached: float) -> Value | None:
    try:
        found = time_lost(outcome.exit, outcome.status, reached, entry=outcome.entry)
    except EstimationError:
        # everybody's observation ended on day 0
        return None
    return Value(found.estimate, found.lower, found.upper)


def _last_known(outcome: Outcome, curve: CumulativeIncidence) -> int:
    """The last day that somebody was observed to; where all had ended, the end of the window."""
    return outcome.window.last if curve.event_free[-1] <= 0 else int(curve.time[-1])


def group_labels(study: Study, outcome: Outcome, by: str) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    """The group of each person at risk."""
    if by not in study.people.table.column_names:
        raise CaracError(f"There is no grouping {by!r}; known are {', '.join(GROUPINGS)}.")
    values = array_of(study.people.table, by)[outcome.place]
    return np.array([UNRECORDED if value is None or value != value else str(value) for value in values], dtype=object)


def _groups(study: Study, outcome: Outcome, by: str) -> tuple[Curve, ...]:
    labels = group_labels(study, outcome, by)
    names = sorted(set(labels), key=lambda name: (-int((labels == name).sum()), name))
    return tuple(curve_of(name, outcome.only(labels == name)) for name in names)


def compared(outcome: Outcome, labels: np.ndarray[tuple[int], np.dtype[np.object_]]) -> GroupTest:
    """Gray's test between those whose group is recorded; in a later window all enter together."""
    known = labels != UNRECORDED
    left_out = (UNRECORDED,) if not known.all() else ()
    start = float(outcome.window.first)
    if outcome.delayed and not (start > 0 and (outcome.entry[known] <= start - 1).all()):
        return GroupTest(None, None, 0, left_out, "Gray's test does not know delayed entry")
    if not (outcome.status[known] == EVENT).any():
        return GroupTest(None, None, 0, left_out, "no event happened in any group")
    try:
        # days count from the beginning of the window
        found = gray_test(outcome.exit[known] - start, outcome.status[known], labels[known].astype(str))
    except EstimationError as error:
        return GroupTest(None, None, 0, left_out, str(error))
    return GroupTest(found.p_value, found.statistic, found.degrees_of_freedom, left_out)


def _rate(study: Study, endpoint: Endpoint, window: Window) -> Rate:
    outcome = study.outcome(endpoint, window)
    months = outcome.person_months
    if months <= 0 or study.known_until(endpoint) < window.last:
        return Rate(window, outcome.at_risk, outcome.events, months, None)
    found = poisson_rate(outcome.events, months / 100)
    value = Value(float(found.estimate[0]), float(found.lower[0]), float(found.upper[0]))
    return Rate(window, outcome.at_risk, outcome.events, months, value)


def bounds_of(study: Study, outcome: Outcome) -> Bounds | None:
    """The incidence under each reading of what is not known, on the last day of the sure one; None of nobody."""
    if not outcome.at_risk:
        return None
    day = _last_known(outcome, aalen_johansen(outcome.exit, outcome.status, entry=outcome.entry))
    values = []
    # whom nobody could assess is among the bounds: without the event in the lowest
    everybody = study.under(replace(study.rules, unassessed=Unassessed.NO_EVENT))
    for reading in Reading:
        made = everybody.outcome(outcome.endpoint, outcome.window, reading)
        curve = aalen_johansen(made.exit, made.status, entry=made.entry)
        values.append(float(value_at(curve.time, curve.estimate, np.array([float(day)]), 0.0)[0]))
    return Bounds(day, *values)


def _mean_count(study: Study, outcome: Outcome) -> tuple[Value | None, int]:
    """Expected number of events per person by the end of the window, and how many came after a first."""
    if not outcome.at_risk:
        return None, 0
    found = study.recurrent(outcome.endpoint, outcome.window)
    again = len(found.person) - len(set(found.person.tolist()))
    moment = float(min(outcome.window.last, found.stop.max()))
    try:
        made = mean_count(found.person, found.event_day, found.stop, found.died, [moment], found.entry)
    except EstimationError:
        return None, again
    return Value(float(made.estimate[0]), float(made.lower[0]), float(made.upper[0])), again


def methods(study: Study, outcome: Outcome, by: str = "") -> str:
    """How it was estimated, to be pasted."""
    rules = study.rules
    competes = ["death"] + [
        word
        for word, role in (("next therapy", rules.next_therapy), ("progression", rules.progression))
        if role is Role.COMPETE
    ]
    censors = ["last contact"] + [
        word
        for word, role in (("next therapy", rules.next_therapy), ("progression", rules.progression))
        if role is Role.CENSOR
    ]
    if rules.later_infusion:
        censors.append("a later infusion")
    window = outcome.window
    parts = [
        f"Cumulative incidence of {outcome.endpoint.title} on {window} was estimated with the Aalen-Johansen"
        f" estimator; {_listed(competes)} competed, observation was censored at {_listed(censors)},"
        " and 95 % confidence intervals are on the log-log scale. The mean time lost to it is the area under that curve"
        " (Andersen), and the mean cumulative count has death ending the counting (Ghosh and Lin)."
    ]
    if window.first:
        parts.append(f"Those still observed and free of it on day {window.first} were at risk.")
    if outcome.delayed and not window.first:
        parts.append("Who came under observation after the infusion was at risk from then on (delayed entry).")
    if by:
        parts.append(f"Groups by {GROUPINGS.get(by, by)} were compared with Gray's test.")
    if outcome.days:
        parts.append(
            f"Of {outcome.days} patient-days of observation {outcome.ungraded_days} could not be graded and counted as"
            " days without the event; bounds say what this can have hidden."
        )
    return " ".join(parts)


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
