"""The rules of counting that a study has to state: windows, what censors, what competes, who is a person at risk."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any

from carac.findings import CaracError

#: Days of a month where incidence is given per patient-month.
DAYS_OF_MONTH = 365.25 / 12


@dataclass(frozen=True)
class Window:
    """Days after infusion, both ends included; a window that begins later asks only those still free of the event."""

    name: str
    first: int
    last: int

    def __post_init__(self) -> None:
        if self.first < 0 or self.last < self.first:
            raise CaracError(
                f"The window {self.name} goes from day {self.first} to day {self.last}; it must begin on day 0 or later"
                " and not end before."
            )

    def __str__(self) -> str:
        return f"days {self.first} to {self.last}"


#: The windows that publications report; the last two begin at the infusion.
WINDOWS: Mapping[str, Window] = {
    window.name: window
    for window in (
        Window("0_to_30", 0, 30),
        Window("31_to_90", 31, 90),
        Window("to_100", 0, 100),
        Window("to_365", 0, 365),
    )
}


class Role(StrEnum):
    """What next therapy or progression does to the follow-up: nothing, end it (censored), or compete."""

    IGNORE = "ignore"
    CENSOR = "censor"
    COMPETE = "compete"


class Unassessed(StrEnum):
    """What is made of a person of whom no day of the window could be graded."""

    LEAVE_OUT = "leave out"
    NO_EVENT = "no event"


class Reading(StrEnum):
    """What is made of days and events whose grade is not known.

    SURE: only what surely reached the endpoint counts; days that cannot be graded count as days without it.
    OPEN: what could have reached it counts too: graded with a range, or an event present that cannot be graded.
    UNKNOWN: patient-days without any grade count as well, and so do people without a graded day. The incidence lies
    between SURE and UNKNOWN whatever is missing; with many days without a test UNKNOWN says nearly nothing.
    """

    SURE = "sure"
    OPEN = "open"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Rules:
    """Who counts, and until when.

    Parameters
    ----------
    infusions: "first" takes the first infusion of each patient, so that people are independent; "all" takes every one.
    death: always competes.
    next_therapy, progression: see `Role`.
    later_infusion: whether a later infusion of the patient ends the follow-up (censored).
    unassessed: see `Unassessed`; of endpoints per day or infusion.
    merge_hours: bleeds or clots of one site that began less than so many hours apart are one event.
    merge_days: an episode of a state of days ends when it was absent for more than so many days.
    """

    infusions: str = "first"
    next_therapy: Role = Role.IGNORE
    progression: Role = Role.IGNORE
    later_infusion: bool = True
    unassessed: Unassessed = Unassessed.LEAVE_OUT
    merge_hours: int = 24
    merge_days: int = 7

    def __post_init__(self) -> None:
        if self.infusions not in ("first", "all"):
            raise CaracError(f"The rule infusions is {self.infusions!r}; it must be first or all.")
        if self.merge_hours < 0 or self.merge_days < 0:
            raise CaracError("Events cannot be merged over less than 0 hours or days.")


_WORDS: Mapping[str, type[StrEnum]] = {"next_therapy": Role, "progression": Role, "unassessed": Unassessed}


def rules_from(changes: Mapping[str, Any]) -> Rules:
    """The rules, some of them changed; raises `CaracError` for a name or value that cannot be."""
    known = {field.name: getattr(Rules(), field.name) for field in fields(Rules)}
    made: dict[str, Any] = {}
    for name, value in changes.items():
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}."
            raise CaracError(f"There is no rule {name!r}; {hint}")
        made[name] = _rule(name, value, known[name])
    return replace(Rules(), **made)


def _rule(name: str, value: Any, default: Any) -> Any:
    if name in _WORDS:
        words = [str(word) for word in _WORDS[name]]
        if value not in words:
            raise CaracError(f"The rule {name} is {value!r}; it must be one of {', '.join(words)}.")
        return _WORDS[name](value)
    if type(value) is not type(default):
        kinds = {bool: "true or false", int: "a whole number", str: "a word"}
        raise CaracError(f"The rule {name} is {value!r}; it must be {kinds[type(default)]}.")
    return value


def windows_from(table: Mapping[str, Any]) -> dict[str, Window]:
    """Windows by name from pairs of days, such as ``{"0_to_7": [0, 7]}``."""
    made = {}
    for name, days in table.items():
        pair = days if isinstance(days, list | tuple) else ()
        if len(pair) != 2 or not all(isinstance(day, int) and not isinstance(day, bool) for day in pair):
            raise CaracError(f"The window {name} is {days!r}; write its first and last day, such as [0, 30].")
        made[name] = Window(name, *pair)
    return made


def window_of(name: str | Window, known: Mapping[str, Window] = WINDOWS) -> Window:
    """The window of a name; raises `CaracError` with those that are known."""
    if isinstance(name, Window):
        return name
    if name not in known:
        raise CaracError(f"There is no window {name!r}; known are {', '.join(known)}.")
    return known[name]
