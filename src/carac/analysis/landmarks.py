"""An endpoint seen from a landmark: who is still free of it and observed, and what happened to them afterwards."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from carac.endpoints.outcome import CENSORED, Ended, Outcome
from carac.endpoints.people import Floats, Integers
from carac.endpoints.rules import Role, Window
from carac.endpoints.study import Study
from carac.findings import CaracError
from carac.statistics.checks import EstimationError
from carac.statistics.landmark import landmark


@dataclass(frozen=True)
class Ahead(Ended):
    """What is ahead of people at a landmark.

    Parameters
    ----------
    outcome: the endpoint in its window.
    day: the landmark; -1 is before the infusion, and events of day 0 then count.
    last: last day on which events count.
    place: rows of the study's people, ascending.
    time, status: from the landmark on. Who was seen free of events to the end of `last` has a time after the horizon.
    gone: at risk in the window, but with the event, dead or out of observation by the landmark.
    not_yet: came under observation after it.
    """

    outcome: Outcome
    day: int
    last: int
    place: Integers
    time: Floats
    status: Integers
    gone: int
    not_yet: int

    @property
    def horizon(self) -> float:
        """Days from the landmark to the last day, that day included."""
        return float(self.last - self.day)

    @property
    def days(self) -> str:
        """The days on which events count."""
        return f"days {self.day + 1} to {self.last}"


def ahead_of(study: Study, name: str, window: str | Window, day: int) -> Ahead:
    """What is ahead at a landmark.

    Parameters
    ----------
    name: of the endpoint.
    window: in which its first event counts; a window that begins after the landmark moves it to the day before.
    day: after infusion; -1 takes what was known before the infusion.

    Raises
    ------
    CaracError: the landmark is not before the end of the window, or the endpoint cannot be counted.
    """
    chosen = study.window(window)
    outcome = study.outcome(name, chosen)
    moment = max(day, chosen.first - 1)
    last = min(chosen.last, study.known_until(outcome.endpoint))
    if moment >= last:
        raise CaracError(f"Nothing is left to foretell: the landmark is day {moment}, and events count to day {last}.")
    # who is asked from a later beginning of the window enters with it
    entry = np.where(outcome.entry <= moment, -np.inf, outcome.entry)
    try:
        found = landmark(outcome.exit + 1.0, outcome.status, moment + 1.0, entry=entry + 1.0)
    except EstimationError:
        nothing = np.zeros(0, dtype=np.int64)
        late = int((entry > moment).sum())
        return Ahead(outcome, moment, last, nothing, np.zeros(0), nothing, outcome.at_risk - late, late)
    # seen free of events through the whole of the last day: beyond the horizon
    free = (found.status == CENSORED) & (found.time >= last - moment)
    time = np.where(free, last - moment + 0.5, found.time)
    return Ahead(outcome, moment, last, outcome.place[found.rows], time, found.status, found.gone, found.not_yet)


def competing_words(study: Study) -> str:
    """What competes under the rules of the study, in words."""
    rules = study.rules
    also = [
        word
        for word, role in (("next therapy", rules.next_therapy), ("progression", rules.progression))
        if role is Role.COMPETE
    ]
    return " and ".join(["death", *also]) if len(also) < 2 else "death, next therapy and progression"
