"""A graded cohort with its endpoints and its rules: what analyses ask for their arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from carac.endpoints.definition import Endpoint, endpoint_of, shipped
from carac.endpoints.occurrences import SURE, Occurrences, columns_read, occurrences_of
from carac.endpoints.outcome import COMPETING, Outcome, ended_status, outcome_of
from carac.endpoints.people import PEOPLE, Booleans, Floats, Integers, People, array_of, people_of
from carac.endpoints.rules import WINDOWS, Reading, Rules, Window, window_of
from carac.findings import CaracError
from carac.grading.run import Graded
from carac.vocabulary.types import Grain

#: The columns of patient-days that a study reads, from day 0 on.
DAYS = "study_days"


@dataclass(frozen=True)
class Recurrent:
    """Every event of everybody at risk, for mean cumulative counts.

    Parameters
    ----------
    outcome: the people: `place`, `entry`; its exit is that of the first event and not used here.
    person: place in the arrays below (from 0) of each event.
    event_day: day of each event, ascending within a person.
    stop, died: last day of observation in the window, and whether a competing event ended it.
    entry: as in `Outcome`.
    """

    outcome: Outcome
    person: Integers
    event_day: Floats
    stop: Floats
    died: Booleans
    entry: Floats


@dataclass
class Study:
    """What analyses are made from.

    Parameters
    ----------
    graded: a graded cohort.
    endpoints: by name; None takes those of carac.
    rules: who counts and until when; None takes the defaults.
    windows: by name; None takes those of carac.
    files: hash of each file of the record, by name, for what is saved of it; empty where it is not known.
    """

    graded: Graded
    endpoints: Mapping[str, Endpoint] | None = None
    rules: Rules = field(default_factory=Rules)
    windows: Mapping[str, Window] | None = None
    files: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.endpoints = dict(self.endpoints or shipped())
        self.windows = {**WINDOWS, **(self.windows or {})}
        self.people: People = people_of(self.graded, self.rules)
        self._found: dict[str, Occurrences] = {}
        self._day_columns: set[str] = set()
        self._under: dict[Rules, Study] = {}

    def endpoint(self, name: str | Endpoint) -> Endpoint:
        """The endpoint of that name; raises `CaracError` with the nearest."""
        return name if isinstance(name, Endpoint) else endpoint_of(name, self.endpoints or {})

    def window(self, name: str | Window) -> Window:
        """The window of that name."""
        return window_of(name, self.windows or {})

    def lacks(self, name: str | Endpoint) -> str:
        """Why an endpoint cannot be counted in this cohort; empty where it can."""
        endpoint = self.endpoint(name)
        graded = {definition.name for definition in self.graded.plan.definitions}
        missing = [one for one in endpoint.definitions if one not in graded]
        if missing:
            return f"{', '.join(missing)} was not graded (name it with --definition)"
        if endpoint.grain is Grain.EVENT and "events" not in self.graded.present:
            return "the record has no table of events"
        columns = set(self.graded.columns(endpoint.grain))
        values = [one.column for one in endpoint.criteria if one.definition is None and endpoint.grain is Grain.DAY]
        absent = [column for column in values if f"{column}__from" not in columns]
        return f"no graded definition holds {', '.join(absent)}" if absent else ""

    def available(self, names: Iterable[str] | None = None) -> list[Endpoint]:
        """The endpoints that can be counted, of those named or of all."""
        wanted = names if names is not None else list(self.endpoints or {})
        return [self.endpoint(name) for name in wanted if not self.lacks(name)]

    def occurrences(self, name: str | Endpoint) -> Occurrences:
        """Every event and patient-day of an endpoint.

        Raises
        ------
        CaracError: it cannot be counted in this cohort.
        """
        endpoint = self.endpoint(name)
        if endpoint.name not in self._found:
            if reason := self.lacks(endpoint):
                raise CaracError(f"The endpoint {endpoint.name} cannot be counted: {reason}.")
            if endpoint.grain is Grain.DAY:
                self.prepare([endpoint, *self.available()])
            source = DAYS if endpoint.grain is Grain.DAY else ""
            last_day = self.known_until(endpoint)
            self._found[endpoint.name] = occurrences_of(self.graded, endpoint, self.people, last_day, source)
        return self._found[endpoint.name]

    def prepare(self, endpoints: Iterable[Endpoint]) -> None:
        """Gather the columns of several endpoints of days into one narrow table: the patient-days are a view over
        many, and reading them once is what takes the time."""
        days = [one for one in endpoints if one.grain is Grain.DAY]
        wanted: set[str] = set().union(*(columns_read(one) for one in days))
        if wanted <= self._day_columns:
            return
        self._day_columns |= wanted
        columns = ", ".join(sorted(self._day_columns))
        self.graded.engine.create(
            DAYS,
            f"SELECT place, day, {columns} FROM patient_days_full JOIN {PEOPLE} USING (patient_id, infusion_number)"
            " WHERE day >= 0",
        )

    def under(self, rules: Rules) -> Study:
        """The same cohort under other rules; what was read of it is kept."""
        if rules not in self._under:
            other = Study(self.graded, self.endpoints, rules, self.windows, self.files)
            other._found, other._day_columns = self._found, self._day_columns
            self._under[rules] = other
        return self._under[rules]

    def known_until(self, endpoint: Endpoint) -> int:
        """Last day on which an endpoint can be known: of the events, or of the grid."""
        name = "events_last_day" if endpoint.grain is Grain.EVENT else "last_day"
        return int(self.graded.parameters.get("grid", name) or 0)

    def outcome(
        self, name: str | Endpoint, window: str | Window = "to_100", reading: Reading = Reading.SURE
    ) -> Outcome:
        """Entry, exit and status of everybody at risk.

        Parameters
        ----------
        name: of the endpoint.
        window: a name, or days.
        reading: what is made of days and events whose grade is not known.

        Raises
        ------
        CaracError: an unknown name, or an endpoint that cannot be counted in this cohort.
        """
        endpoint, chosen = self.endpoint(name), self.window(window)
        found = self.occurrences(endpoint)
        return outcome_of(endpoint, found, self.people, chosen, self.rules, reading, self.known_until(endpoint))

    def recurrent(self, name: str | Endpoint, window: str | Window = "to_100") -> Recurrent:
        """Every sure event of those at risk: bleeds and clots of one site close in time are one; states of days count
        as episodes. Who had the event before the window or before observation began is not at risk, as in `outcome`."""
        outcome = self.outcome(name, window)
        found = self.occurrences(name)
        last = np.minimum(self.people.last, min(outcome.window.last, self.known_until(outcome.endpoint)))
        begins = _beginnings(found, self.rules, outcome.endpoint.grain is Grain.EVENT)
        index = np.full(len(self.people), -1, dtype=np.int64)
        index[outcome.place] = np.arange(outcome.at_risk)
        person, day = index[found.place[begins]], found.day[begins]
        inside = (day <= last[found.place[begins]]) & (day > outcome.entry[person]) & (person >= 0)
        died = ended_status(self.people, self.rules, last)[outcome.place] == COMPETING
        return Recurrent(outcome, person[inside], day[inside], last[outcome.place], died, outcome.entry)

    def days(self, definition: str, end: str = "lowest", first: int = 0, last: int = 100) -> Floats:
        """A grade of each infusion and day, [people, last - first + 1]; NaN where it is not known.

        Parameters
        ----------
        definition: name of a definition per day, or of a column of the patient-days.
        end: "lowest" the grade it surely has, "highest" the one it may have, "" the column itself.
        """
        column = f"{definition}__{end}" if end else definition
        rows = self.graded.engine.fetch(
            f"SELECT place, day, {column} AS value FROM patient_days_full JOIN {PEOPLE}"
            f" USING (patient_id, infusion_number) WHERE day BETWEEN {first} AND {last} AND {column} IS NOT NULL"
        )
        values = np.full((len(self.people), last - first + 1), np.nan)
        place, day = (array_of(rows, name).astype(np.int64) for name in ("place", "day"))
        values[place, day - first] = array_of(rows, "value")
        return values


def _beginnings(found: Occurrences, rules: Rules, event: bool) -> Integers:
    """Rows on which a sure event or episode begins, ascending."""
    rows = np.flatnonzero(found.state == SURE)
    if not len(rows):
        return rows
    site = np.unique(np.array([str(site) for site in found.site[rows]]), return_inverse=True)[1]
    order = np.lexsort((found.hour[rows], site, found.place[rows]))
    rows, group = rows[order], (found.place[rows] * (int(site.max()) + 1) + site)[order]
    gap = np.diff(found.hour[rows], prepend=-np.inf)
    # a state that was absent for one day more than may be missing has ended
    apart = rules.merge_hours if event else 24 * (rules.merge_days + 2)
    begins: Integers = np.sort(rows[(np.diff(group, prepend=-1) != 0) | (gap >= apart)])
    return begins
