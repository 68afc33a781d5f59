"""What the incidence would have been had less been collected: serious events, symptomatic ones, or thirty days alone.

Trials report adverse events of a window, often only serious ones; asymptomatic and catheter-related thrombosis is
then hardly seen (Lee 2026, doi:10.4081/btvb.2026.461, limitations). Here each way of collecting is applied to the same
fully collected record. An event without the feature that a way asks for is not collected in the estimate, and is in its
upper bound.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from carac.endpoints.definition import Endpoint
from carac.endpoints.occurrences import NO, OPEN, SURE, Occurrences
from carac.endpoints.outcome import Outcome, outcome_of
from carac.endpoints.rules import Reading, Window
from carac.endpoints.study import Study
from carac.findings import CaracError
from carac.statistics.incidence import aalen_johansen, at_times
from carac.vocabulary.types import Grain

Integers = npt.NDArray[np.int64]
#: Per feature, SURE or NO by event; an event that is not in it is not known.
Features = Mapping[str, Mapping[str, int]]

#: What is asked where nothing is named.
ENDPOINTS = ("any_bleeding", "clinically_relevant_bleeding", "venous_thrombosis", "arterial_thrombosis")
#: An adverse event is serious where one of these is so (ICH E2A: fatal, life-threatening, hospitalisation begun or
#: prolonged; an event that needed more than that to prevent it counts as medically important).
SERIOUS = ("fatal", "life_threatening", "hospitalised_because", "level_of_care_raised", "invasive_intervention")
#: An event is not serious only where all of these are denied.
MUST_BE_DENIED = ("fatal", "life_threatening", "hospitalised_because")
FIRST_MONTH = 30


@dataclass(frozen=True)
class Way:
    """A way of collecting events.

    Parameters
    ----------
    name, title: short name, and in words.
    serious, symptomatic: what an event must be to be collected.
    last_day: the end of collection; None takes the end of the window.
    """

    name: str
    title: str
    serious: bool = False
    symptomatic: bool = False
    last_day: int | None = None


WAYS = (
    Way("everything", "everything that is recorded"),
    Way("thirty_days", "days 0 to 30 only", last_day=FIRST_MONTH),
    Way("symptomatic", "symptomatic events only", symptomatic=True),
    Way("serious", "serious events only", serious=True),
    Way("as_a_trial", "serious and symptomatic events of days 0 to 30", True, True, last_day=FIRST_MONTH),
)


@dataclass(frozen=True)
class Collected:
    """The incidence as one way of collecting would have told it.

    Parameters
    ----------
    way: of collecting.
    people: at risk; events: people with a first event that is collected.
    incidence, lower, upper: cumulative to the end of collection, with the 95 % interval.
    highest: incidence if every event whose features are not recorded had been collected.
    unknown: first events of which it cannot be said whether they would have been collected.
    """

    way: Way
    people: int
    events: int
    incidence: float
    lower: float
    upper: float
    highest: float
    unknown: int


@dataclass(frozen=True)
class Reported:
    """One endpoint under every way; `ways` is empty where nobody is at risk."""

    endpoint: Endpoint
    ways: tuple[Collected, ...]

    @property
    def share_seen(self) -> Mapping[str, float]:
        """Incidence of each way as a share of what everything gives; empty where that is 0."""
        if not self.ways or not self.ways[0].incidence:
            return {}
        return {one.way.name: one.incidence / self.ways[0].incidence for one in self.ways}


@dataclass(frozen=True)
class UnderReporting:
    """What `under_reporting` finds."""

    window: Window
    endpoints: tuple[Reported, ...]
    left_out: tuple[tuple[str, str], ...]
    methods: str


def under_reporting(
    study: Study,
    names: Sequence[str] = ENDPOINTS,
    window: str | Window = "to_365",
    ways: Sequence[Way] = WAYS,
) -> UnderReporting:
    """The incidence of endpoints of events had less been collected.

    Parameters
    ----------
    study: a graded cohort with its rules.
    names: endpoints of events; one that cannot be counted in this cohort is named in `left_out`.
    window: of full collection.
    ways: the first is full collection.

    Raises
    ------
    CaracError: an unknown endpoint or window, or an endpoint that is not one of events.
    """
    chosen = study.window(window)
    found, left_out = [], []
    features: Features | None = None
    for name in names:
        endpoint = study.endpoint(name)
        if endpoint.grain is not Grain.EVENT:
            raise CaracError(f"{name} is no endpoint of events: nobody reports it as serious or not.")
        if reason := study.lacks(endpoint):
            left_out.append((endpoint.title, reason))
            continue
        features = _features(study) if features is None else features
        found.append(Reported(endpoint, tuple(_ways(study, endpoint, chosen, ways, features))))
    return UnderReporting(chosen, tuple(found), tuple(left_out), _methods(chosen))


def _ways(study: Study, endpoint: Endpoint, window: Window, ways: Sequence[Way], features: Features) -> list[Collected]:
    found = study.occurrences(endpoint)
    made = []
    for way in ways:
        last = window.last if way.last_day is None else min(way.last_day, window.last)
        own = Window(f"to_{last}", window.first, last)
        collected = replace(found, state=np.minimum(found.state, _collected(found, way, features)))
        sure, perhaps = (
            outcome_of(endpoint, collected, study.people, own, study.rules, reading, study.known_until(endpoint))
            for reading in (Reading.SURE, Reading.OPEN)
        )
        if sure.at_risk:
            made.append(_told(way, sure, perhaps))
    return made


def _told(way: Way, sure: Outcome, perhaps: Outcome) -> Collected:
    low, high = (aalen_johansen(made.exit, made.status, entry=made.entry) for made in (sure, perhaps))
    at = at_times(low, [low.time[-1]])
    return Collected(
        way,
        sure.at_risk,
        sure.events,
        float(at.estimate[0]),
        float(at.lower[0]),
        float(at.upper[0]),
        float(high.estimate[-1]),
        perhaps.events - sure.events,
    )


def _collected(found: Occurrences, way: Way, features: Features) -> Integers:
    """SURE, OPEN or NO for each event: whether a way would have collected it."""
    states = np.full(len(found.place), SURE, dtype=np.int64)
    for feature, wanted in (("serious", way.serious), ("symptomatic", way.symptomatic)):
        if wanted:
            states = np.minimum(states, [features[feature].get(one, OPEN) for one in found.event_id.tolist()])
    return states


def _features(study: Study) -> Features:
    """Whether events were serious and symptomatic: SURE or NO by event; who is in neither is not known."""
    by_event: dict[str, dict[str, int]] = {}
    if "event_features" in study.graded.present:
        listed = ", ".join(f"'{name}'" for name in (*SERIOUS, "symptomatic"))
        rows = study.graded.engine.fetch(
            "SELECT event_id, feature, CASE WHEN flag THEN 1 ELSE 0 END AS flag FROM event_features"
            f" WHERE feature IN ({listed}) AND flag IS NOT NULL"
        )
        for row in rows.to_pylist():
            by_event.setdefault(row["event_id"], {})[row["feature"]] = row["flag"]
    made: dict[str, dict[str, int]] = {"serious": {}, "symptomatic": {}}
    for event, said in by_event.items():
        if any(said.get(name) for name in SERIOUS):
            made["serious"][event] = SURE
        elif all(name in said for name in MUST_BE_DENIED):
            made["serious"][event] = NO
        if "symptomatic" in said:
            made["symptomatic"][event] = SURE if said["symptomatic"] else NO
    return made


def _methods(window: Window) -> str:
    return (
        f"The record of {window} was taken as fully collected, and each way of collecting was applied to it: events of"
        f" days 0 to {FIRST_MONTH}; symptomatic events; serious events (fatal, life-threatening, hospitalised or moved"
        " to a higher level of care because of it, or an invasive intervention); and all of these together. Incidence"
        " is cumulative to the end of collection (Aalen-Johansen). An event of which the record does not say whether"
        " it was serious or symptomatic is left out of the estimate and counted in its upper bound."
    )
