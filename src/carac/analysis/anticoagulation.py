"""Anticoagulants: who was given which, at what platelet counts; bleeding and thrombosis on them and off them.

A day counts as on an anticoagulant from the day after its start to the day after its last dose (`day_states`), so that
no day before it began, and no event for which it was begun, counts for it. Events per day on and off, and Cox models in
which the exposure changes by day, follow from that. Beside them stands what a comparison of "ever treated" with "never
treated" would have told: whoever was treated had to be free of the event until then, and those days would count for the
treatment (immortal time: Suissa S. Am J Epidemiol 2008;167:492-499).

Recurrence is the next thrombosis of those who had one: from the infusion on where it was before, else from the first
after it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from carac.analysis.day_states import (
    PROPHYLACTIC,
    THERAPEUTIC,
    UNKNOWN_DOSE,
    anticoagulated,
    day_columns,
    known_before,
    lacks,
    states,
)
from carac.analysis.factors import ANTICOAGULANT, BY_DAY, VALUE_HOLDS, Columns, Factor, Kind
from carac.analysis.hazard_models import AtRisk, Fit, fitted, rows_by_day
from carac.analysis.incidence import Value
from carac.analysis.risk import members_of
from carac.definitions.ctcae.version_5 import PLATELETS
from carac.endpoints.definition import Endpoint
from carac.endpoints.outcome import EVENT
from carac.endpoints.people import Booleans, Floats, Integers
from carac.endpoints.rules import DAYS_OF_MONTH, Window
from carac.endpoints.study import Study
from carac.findings import CaracError
from carac.statistics.proportions import poisson_rate

#: Whose events are counted on and off an anticoagulant.
ENDPOINTS = ("any_bleeding", "clinically_relevant_bleeding", "any_thrombosis")
#: The endpoint whose next event is a recurrence.
RECURRING = "any_thrombosis"
_PRIOR = "recent_thrombosis_proposal"
_GRADE = "ctcae_v5_platelets"
#: CTCAE grades of platelets by which days are told apart, and their words: those that withhold anticoagulants.
_CUTS = sorted(cut for cut, grade in PLATELETS.below.items() if grade >= 3)
BANDS = (
    f"platelets below {_CUTS[0]:g}",
    *(f"{low:g} to below {high:g}" for low, high in pairwise(_CUTS)),
    f"{_CUTS[-1]:g} or more",
    "not known",
)
DOSES = (PROPHYLACTIC, THERAPEUTIC, UNKNOWN_DOSE)


@dataclass(frozen=True)
class Given:
    """One agent, dose, or any of them.

    Parameters
    ----------
    name: of the agent or the dose; "any".
    people: with at least one day on it under observation.
    days: patient-days on it under observation.
    days_by_platelets: of them in each of `BANDS`.
    """

    name: str
    people: int
    days: int
    days_by_platelets: tuple[int, ...]


@dataclass(frozen=True)
class Rate:
    """Events per 100 patient-months of one kind of day.

    Parameters
    ----------
    name: "off", "on", or a dose; `platelets` names the band, or is empty for all of them.
    days, events: patient-days at risk and events on them.
    rate: with the exact interval; None where there is no such day.
    """

    name: str
    platelets: str
    days: int
    events: int
    rate: Value | None


@dataclass(frozen=True)
class Compared:
    """One endpoint on and off anticoagulants.

    Parameters
    ----------
    endpoint, title: what is counted.
    people, events: at risk, and with the event.
    rates: off, on, by dose; then off and on in each band of platelets.
    by_day, adjusted, by_dose: Cox models by day: on against off; the same at the platelets of the day; by dose, at the
        platelets of the day where these are graded. Lines of platelets come last.
    naive: ever against never treated, as if it were known at the beginning.
    ever: people with a day on it before the event or the end.
    immortal_days: their patient-days before the first of these, which the naive comparison counts for the treatment.
    """

    endpoint: Endpoint
    title: str
    people: int
    events: int
    rates: tuple[Rate, ...]
    by_day: Fit
    by_dose: Fit
    adjusted: Fit | None
    naive: Fit
    ever: int
    immortal_days: int


@dataclass(frozen=True)
class Anticoagulation:
    """What `anticoagulation` finds."""

    window: Window
    given: tuple[Given, ...]
    compared: tuple[Compared, ...]
    left_out: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    methods: str


@dataclass(frozen=True)
class Followed:
    """People at risk of one kind of event: after `start`, up to and with `stop`.

    Parameters
    ----------
    place: row of the study's people.
    member: number of the patient.
    """

    place: Integers
    start: Floats
    stop: Floats
    event: Booleans
    member: Integers

    def days(self, last: int) -> Booleans:
        """Whether each is at risk on days 0 to `last`."""
        day = np.arange(last + 1)
        found: Booleans = (day > self.start[:, None]) & (day <= self.stop[:, None])
        return found


def anticoagulation(
    study: Study,
    endpoints: Sequence[str | Endpoint] = ENDPOINTS,
    window: str | Window = "to_100",
    recurrence: bool = True,
) -> Anticoagulation:
    """Exposure to anticoagulants, and events on and off them.

    Parameters
    ----------
    study: a graded cohort with its rules.
    endpoints: whose first events are counted; one that cannot be counted in this cohort is named in `left_out`.
    window: in days; it ends where patient-days do, because treatments are read no longer.
    recurrence: whether the next thrombosis of those who had one is counted as well.

    Raises
    ------
    CaracError: an unknown endpoint or window, or a record without a table of treatments.
    """
    if reason := lacks(study, BY_DAY[ANTICOAGULANT]):
        raise CaracError(f"Anticoagulation cannot be told: {reason}.")
    asked = study.window(window)
    last = min(asked.last, int(study.graded.parameters.get("grid", "last_day") or 0))
    chosen = Window(asked.name, min(asked.first, last), last)
    exposure = _Exposure.of(study, last)
    known = [study.endpoint(one) for one in endpoints]
    left_out = [(one.title, why) for one in known if (why := study.lacks(one))]
    made = [
        _compared(exposure, one, one.title, _first_events(study, one, chosen)) for one in known if not study.lacks(one)
    ]
    if recurrence:
        again = study.endpoint(RECURRING)
        if why := study.lacks(again):
            left_out.append((f"recurrence of {again.title}", why))
        else:
            made.append(_compared(exposure, again, f"recurrence of {again.title}", _next_events(study, again, chosen)))
    notes = () if asked.last <= last else (f"Only to day {last}: treatments are read no longer than patient-days.",)
    return Anticoagulation(
        chosen, _given(study, exposure, chosen), tuple(made), tuple(left_out), notes, _methods(chosen)
    )


# ---- who was given what


@dataclass(frozen=True)
class _Exposure:
    """By infusion and day: on any, a dose or an agent; the band of platelets; platelets as they enter a model."""

    on: Mapping[str, Booleans]
    band: Integers
    platelets: Floats | None

    @property
    def last(self) -> int:
        return self.band.shape[1] - 1

    @classmethod
    def of(cls, study: Study, last: int) -> _Exposure:
        factor = BY_DAY["platelets"]
        on = anticoagulated(study, last)
        if lacks(study, factor):
            return cls(on, np.full((len(study.people), last + 1), len(BANDS) - 1), None)
        ends = [f"{_GRADE}__lowest", f"{_GRADE}__highest"]
        read = day_columns(study, ends, last)
        low, high = (_bands(known_before(read[end], factor.carry)) for end in ends)
        # A range of grades tells the band only where both ends lie in it.
        band = np.where(low == high, low, len(BANDS) - 1)
        return cls(on, band, states(study, [factor], last)[factor.name])


def _bands(grade: Floats) -> Integers:
    """The place among `BANDS` of each grade of platelets; the last one where there is none."""
    band = np.full(grade.shape, len(BANDS) - 1)
    for place, cut in enumerate(_CUTS):
        band[grade == PLATELETS.below[cut]] = place
    band[grade < PLATELETS.below[_CUTS[-1]]] = len(_CUTS)
    return band


def _given(study: Study, exposure: _Exposure, window: Window) -> tuple[Given, ...]:
    people = study.people
    begin = np.maximum(np.where(np.isfinite(people.start), people.start, 0.0), window.first)
    day = np.arange(exposure.last + 1)
    seen = (day >= begin[:, None]) & (day <= people.last[:, None]) & ~people.left_out[:, None]
    made = []
    for name, on in exposure.on.items():
        inside = on & seen
        if name in DOSES and not inside.any():
            continue
        bands = tuple(int((inside & (exposure.band == place)).sum()) for place in range(len(BANDS)))
        made.append(Given(name, int(inside.any(axis=1).sum()), int(inside.sum()), bands))
    return tuple(made)


# ---- who is at risk


def _first_events(study: Study, endpoint: Endpoint, window: Window) -> Followed:
    outcome = study.outcome(endpoint, window)
    return Followed(outcome.place, outcome.entry, outcome.exit, outcome.status == EVENT, members_of(outcome))


def _next_events(study: Study, endpoint: Endpoint, window: Window) -> Followed:
    """The next thrombosis of everybody who had one; a further site of the same day is none."""
    found = study.recurrent(endpoint, window)
    outcome = found.outcome
    start = np.where(_had_before(study)[outcome.place], outcome.entry, np.inf)
    stop, event = found.stop.astype(np.float64), np.zeros(outcome.at_risk, dtype=bool)
    for person, day in zip(found.person.tolist(), found.event_day.tolist(), strict=True):
        if start[person] == np.inf:
            start[person] = day
        elif not event[person] and day > start[person]:
            stop[person], event[person] = day, True
    kept = start < stop
    return Followed(outcome.place[kept], start[kept], stop[kept], event[kept], members_of(outcome)[kept])


def _had_before(study: Study) -> Booleans:
    """Who had a thrombosis before the infusion; nobody where that is not graded or not known."""
    if _PRIOR not in study.people.table.column_names:
        return np.zeros(len(study.people), dtype=bool)
    return np.array([word not in (None, "never") for word in study.people.values(_PRIOR)], dtype=bool)


# ---- on and off


def _compared(exposure: _Exposure, endpoint: Endpoint, title: str, followed: Followed) -> Compared:
    on = {name: exposure.on[name][followed.place] for name in ("any", *DOSES)}
    days = followed.days(exposure.last)
    first_on = np.where((days & on["any"]).any(axis=1), (days & on["any"]).argmax(axis=1), exposure.last + 1)
    ever = first_on <= exposure.last
    before = days & (np.arange(exposure.last + 1) < first_on[:, None])
    rows, person, day = rows_by_day(followed.start, followed.stop, followed.event, followed.member)

    def by_day(*factors: tuple[str, str]) -> list[Columns]:
        return [_flag(words, on[name][person, day]) for name, words in factors]

    whether = by_day(("any", "On an anticoagulant"))
    doses = by_day(*((name, _dose(name)) for name in DOSES if (on[name] & days).any()))
    platelets: list[Columns] = []
    if exposure.platelets is not None:
        platelets = [Columns(BY_DAY["platelets"], ("",), exposure.platelets[followed.place][person, day][:, None])]
    once = AtRisk(followed.start, followed.stop, followed.event, followed.member)
    return Compared(
        endpoint,
        title,
        len(followed.place),
        int(followed.event.sum()),
        _rates(exposure, followed, on, days),
        fitted(rows, whether),
        fitted(rows, [*(doses or whether), *platelets]),
        fitted(rows, [*whether, *platelets]) if platelets else None,
        fitted(once, [_flag("Ever on an anticoagulant", ever)]),
        int(ever.sum()),
        int(before[ever].sum()),
    )


def _dose(name: str) -> str:
    return name if name == UNKNOWN_DOSE else f"{name} dose"


def _flag(title: str, values: Booleans) -> Columns:
    name = title.lower().replace(" ", "_")
    return Columns(Factor(name, title, "", Kind.FLAG, ""), ("",), values.astype(np.float64)[:, None])


def _rates(exposure: _Exposure, followed: Followed, on: Mapping[str, Booleans], days: Booleans) -> tuple[Rate, ...]:
    happened = np.zeros_like(days)
    had = np.flatnonzero(followed.event)
    happened[had, followed.stop[had].astype(np.int64)] = True
    kinds = {"off": ~on["any"], "on": on["any"], **{name: on[name] for name in DOSES}}
    made = [_rate(name, "", which & days, happened) for name, which in kinds.items()]
    made = [one for one in made if one.days or one.name in ("off", "on")]
    band = exposure.band[followed.place]
    for place, words in enumerate(BANDS):
        inside = days & (band == place)
        made += [_rate(name, words, kinds[name] & inside, happened) for name in ("off", "on")]
    return tuple(made)


def _rate(name: str, platelets: str, days: Booleans, happened: Booleans) -> Rate:
    at_risk, events = int(days.sum()), int((days & happened).sum())
    if not at_risk:
        return Rate(name, platelets, 0, events, None)
    found = poisson_rate(events, at_risk / DAYS_OF_MONTH / 100)
    value = Value(float(found.estimate[0]), float(found.lower[0]), float(found.upper[0]))
    return Rate(name, platelets, at_risk, events, value)


def _methods(window: Window) -> str:
    return (
        f"On {window} a patient-day counted as on an anticoagulant from the day after the start of a course to the day"
        " after its last dose, so that neither the time before it nor an event for which it was begun counted for it."
        " Events per 100 patient-months have exact Poisson intervals; hazard ratios are those of cause-specific Cox"
        " models with the exposure changing by day (Firth's penalty where events were few), also at the platelet"
        f" count of the day before, which holds for up to {VALUE_HOLDS} days without one."
        " A recurrence is the next thrombosis of those with one before the infusion or after it."
        " The comparison of ever with never treated is given only to show the immortal time in it."
    )
