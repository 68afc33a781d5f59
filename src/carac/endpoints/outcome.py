"""From occurrences to the arrays of an analysis: entry, exit and status of everybody at risk in a window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from carac.endpoints.definition import Endpoint
from carac.endpoints.occurrences import OPEN, SURE, Occurrences
from carac.endpoints.people import (
    CONTACT,
    DEATH,
    ENDS,
    NEXT_THERAPY,
    PROGRESSION,
    Booleans,
    Floats,
    Integers,
    People,
)
from carac.endpoints.rules import DAYS_OF_MONTH, Reading, Role, Rules, Unassessed, Window
from carac.findings import CaracError
from carac.vocabulary.types import Grain

CENSORED, EVENT, COMPETING = 0, 1, 2


@dataclass(frozen=True)
class FlowStep:
    """One step: what is counted, how many, and why the others are not in the next one."""

    name: str
    count: int
    leaving: tuple[tuple[str, int], ...] = ()


class Ended:
    """People of whom it is known what ended their observation: 0 censored, 1 event, 2 competing."""

    status: Integers

    @property
    def events(self) -> int:
        """People with the event."""
        return int((self.status == EVENT).sum())

    @property
    def competing(self) -> int:
        """People with a competing event first."""
        return int((self.status == COMPETING).sum())


@dataclass(frozen=True)
class Outcome(Ended):
    """An endpoint in a window: one entry per person at risk.

    Parameters
    ----------
    endpoint, window, reading: what was asked.
    people: everybody in the record; `place` says which row each entry is.
    place: rows of `people`, ascending.
    entry: last day before the observation began; minus infinity for who was observed from the infusion on. Somebody is
        at risk after `entry` and up to and with `exit`.
    exit: last day of observation: of the event, of what competed, or of censoring.
    status: 0 censored, 1 event, 2 competing.
    flow: from the record to those at risk and with the event.
    notes: what a reader should know of how it was counted.
    ungraded_days, days: patient-days of observation that could not be graded, and all; 0 of 0 for events.
    """

    endpoint: Endpoint
    window: Window
    reading: Reading
    people: People
    place: Integers
    entry: Floats
    exit: Floats
    status: Integers
    flow: tuple[FlowStep, ...]
    notes: tuple[str, ...]
    ungraded_days: int
    days: int

    @property
    def at_risk(self) -> int:
        """People at risk."""
        return len(self.place)

    @property
    def delayed(self) -> bool:
        """Whether anybody came under observation later than the infusion."""
        return bool(np.isfinite(self.entry).any())

    @property
    def person_days(self) -> Floats:
        """Days at risk of each: the day of the infusion, or the first of the window, counts as one."""
        return self.exit - np.maximum(self.entry, -1.0)

    @property
    def person_months(self) -> float:
        """Months at risk of all together."""
        return float(self.person_days.sum() / DAYS_OF_MONTH)

    def column(self, name: str) -> npt.NDArray[Any]:
        """A column of the infusions for the people at risk: text as objects, else numbers with NaN for null."""
        if name not in self.people.table.column_names:
            raise CaracError(f"The infusions have no column {name!r}.")
        found: npt.NDArray[Any] = self.people.values(name)[self.place]
        return found

    def only(self, which: Booleans) -> Outcome:
        """The same for some of the people at risk; the flow stays that of all."""
        return Outcome(
            self.endpoint,
            self.window,
            self.reading,
            self.people,
            self.place[which],
            self.entry[which],
            self.exit[which],
            self.status[which],
            self.flow,
            self.notes,
            self.ungraded_days,
            self.days,
        )


def outcome_of(
    endpoint: Endpoint,
    found: Occurrences,
    people: People,
    window: Window,
    rules: Rules,
    reading: Reading,
    known_until: int,
) -> Outcome:
    """The arrays of an endpoint in a window.

    Parameters
    ----------
    found: its occurrences.
    known_until: last day on which it can be known: the end of the grid, or of the events.
    """
    begin = np.maximum(np.where(np.isfinite(people.start), people.start, 0.0), window.first)
    last = np.minimum(people.last, min(window.last, known_until))
    earlier = _first_day(found, people, found.state == SURE) < begin
    wanted = found.state >= (SURE if reading is Reading.SURE else OPEN)
    first_known = _first_day(found, people, wanted & (found.day >= begin[found.place]))
    first_ungraded, graded = _ungraded(endpoint, found, people, begin, last)
    if reading is Reading.UNKNOWN:
        first_known = np.fmin(first_known, first_ungraded)
    per_day = endpoint.grain is not Grain.EVENT
    unassessed = (graded == 0) & per_day & (reading is Reading.SURE) & (rules.unassessed is Unassessed.LEAVE_OUT)
    reasons = _reasons(people, window, begin, last, earlier, unassessed)
    kept = np.ones(len(people), dtype=bool)
    for _, which in reasons:
        kept &= ~which
    place = np.flatnonzero(kept)
    happened = first_known[place] <= last[place]
    exit_day = np.where(happened, first_known[place], last[place])
    status = np.where(happened, EVENT, ended_status(people, rules, last)[place])
    entry = np.where(begin > 0, begin - 1.0, -np.inf)[place]
    days = np.maximum(last - begin + 1, 0)[place] if per_day else np.zeros(0)
    known = np.minimum(graded[place], days) if per_day else np.zeros(0)
    flow = _flow(people, reasons, place, status)
    notes = _notes(endpoint, people, window, known_until, rules)
    return Outcome(
        endpoint,
        window,
        reading,
        people,
        place,
        entry,
        exit_day,
        status.astype(np.int64),
        flow,
        notes,
        int((days - known).sum()) if endpoint.grain is Grain.DAY else 0,
        int(days.sum()) if endpoint.grain is Grain.DAY else 0,
    )


def _first_day(found: Occurrences, people: People, which: Booleans) -> Floats:
    """First day of those rows per person; infinity where there is none."""
    first = np.full(len(people), np.inf)
    np.minimum.at(first, found.place[which], found.day[which])
    return first


def _ungraded(
    endpoint: Endpoint, found: Occurrences, people: People, begin: Floats, last: Floats
) -> tuple[Floats, Integers]:
    """First day of observation without a grade (infinity where every day has one), and the number of days with one."""
    size = len(people)
    if endpoint.grain is Grain.EVENT:
        return np.full(size, np.inf), np.ones(size, dtype=np.int64)
    if endpoint.grain is Grain.INFUSION:
        known = np.bincount(found.place, minlength=size)
        return np.where(known > 0, np.inf, begin), known
    inside = (found.day >= begin[found.place]) & (found.day <= last[found.place])
    place, day = found.place[inside], found.day[inside]
    graded = np.bincount(place, minlength=size)
    # rows are ordered by day: the n-th graded day is day `begin + n` as long as none is missing
    rank = np.arange(len(place)) - np.searchsorted(place, place, side="left")
    in_row = day == begin[place] + rank
    unbroken = np.bincount(place[in_row], minlength=size)
    first = begin + unbroken
    return np.where(first <= last, first, np.inf), graded


def _reasons(
    people: People, window: Window, begin: Floats, last: Floats, earlier: Booleans, unassessed: Booleans
) -> list[tuple[str, Booleans]]:
    """Why infusions are not at risk, each counted once, in order."""
    listed = [
        ("later infusion of the patient", people.left_out),
        ("observation ended before the infusion", people.last < 0),
        ("observation began after it ended, or after the window", begin > np.maximum(last, window.first)),
        (f"died before day {window.first}", (last < begin) & (people.ended_by == DEATH)),
        (f"observation ended before day {window.first}", last < begin),
        ("had it before the observation began", earlier & (people.start == begin)),
        (f"had it before day {window.first}", earlier),
        ("could not be assessed on any day of the window", unassessed),
    ]
    made, before = [], np.zeros(len(people), dtype=bool)
    for name, which in listed:
        own = which & ~before
        before = before | which
        if own.any():
            made.append((name, own))
    return made


def ended_status(people: People, rules: Rules, last: Floats) -> Integers:
    """Status of everybody without an event by their last day in a window: censored, or ended by what competes."""
    competes = people.ended_by == DEATH
    if rules.next_therapy is Role.COMPETE:
        competes = competes | (people.ended_by == NEXT_THERAPY)
    if rules.progression is Role.COMPETE:
        competes = competes | (people.ended_by == PROGRESSION)
    return np.where(competes & (people.last <= last), COMPETING, CENSORED)


def _flow(
    people: People, reasons: list[tuple[str, Booleans]], place: Integers, status: Integers
) -> tuple[FlowStep, ...]:
    leaving = tuple((name, int(which.sum())) for name, which in reasons)
    by_status = [int((status == which).sum()) for which in (EVENT, COMPETING, CENSORED)]
    return (
        FlowStep("infusions in the record", len(people), leaving),
        FlowStep("at risk", len(place)),
        FlowStep("with the event", by_status[0]),
        FlowStep("with a competing event first", by_status[1]),
        FlowStep("without either to the end of the window or of observation", by_status[2]),
    )


def _notes(endpoint: Endpoint, people: People, window: Window, known_until: int, rules: Rules) -> tuple[str, ...]:
    notes = [endpoint.note] if endpoint.note else []
    if known_until < window.last:
        what = "events are counted" if endpoint.grain is Grain.EVENT else "days are graded"
        notes.append(f"Only to day {known_until}: {what} no longer than that.")
    if unknown := int((people.without_follow_up & ~people.left_out).sum()):
        notes.append(f"Of {unknown} infusions the end of follow-up is not recorded; it is taken to reach the last day.")
    if late := int((people.death_after_contact & ~people.left_out).sum()):
        notes.append(f"{late} died after their last contact and are censored at it.")
    return tuple(notes)


def ends_of(outcome: Outcome) -> dict[str, int]:
    """How the observation of those without the event ended within the window: by what, and how many."""
    without = outcome.status != EVENT
    last = outcome.people.last[outcome.place]
    beyond = without & (last > outcome.exit)
    by = outcome.people.ended_by[outcome.place]
    counts = {ENDS[end]: int((without & ~beyond & (by == end)).sum()) for end in range(CONTACT, len(ENDS))}
    return {"end of the window": int(beyond.sum())} | {name: count for name, count in counts.items() if count}
