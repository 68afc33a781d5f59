"""What carac takes from a registry's results record, the same for both layouts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Group:
    """One reporting group; groups of one record may count the same people.

    Parameters
    ----------
    name, title, description: as the record has them.
    deaths, deaths_at_risk, serious_at_risk, other_at_risk: None where not given. The last two say that a group was
        looked at for events of which no term is listed.
    """

    name: str
    title: str
    description: str
    deaths: int | None = None
    deaths_at_risk: int | None = None
    serious_at_risk: int | None = None
    other_at_risk: int | None = None


@dataclass(frozen=True)
class Affected:
    """How many of one group had one term; None where the record does not say."""

    group: str
    affected: int | None
    at_risk: int | None


@dataclass(frozen=True)
class Event:
    """One term of the serious or of the other events, with its groups."""

    term: str
    serious: bool
    groups: tuple[Affected, ...]


@dataclass(frozen=True)
class Record:
    """A results record.

    Parameters
    ----------
    number: such as NCT00000000.
    title, sponsor, conditions, interventions: as given.
    allocation: RANDOMIZED, NA …, in capitals; "" where not given. observational: whether no treatment was assigned.
    phase: "3", "2/3"; "" where none.
    enrolment: None where not given.
    updated: date of the last update.
    time_frame, note: of the adverse events.
    threshold: percentage from which other events are listed; None where not given.
    vocabulary: of the terms, such as "MedDRA 22.0".
    groups, events: see there.
    """

    number: str
    title: str
    sponsor: str
    conditions: tuple[str, ...]
    interventions: tuple[str, ...]
    allocation: str
    observational: bool
    phase: str
    enrolment: int | None
    updated: str
    time_frame: str
    note: str
    threshold: float | None
    vocabulary: str
    groups: tuple[Group, ...]
    events: tuple[Event, ...]
