"""What a user types, taken apart: days, times, values with units, courses."""

from __future__ import annotations

import re
from dataclasses import dataclass

from carac.cohort.values import read_value
from carac.findings import CaracError

_DAY = r"-?\d{1,4}"
_TIME = r"\d{1,2}:\d{2}"
_DECIMAL_COMMA = re.compile(r"[<>=≤≥ ]*\d+,\d+\D*")
_OF_DAYS = re.compile(rf"^({_DAY})(?:(?:\.\.|-)({_DAY}))?(?:@({_TIME}))?:(.+)$")
_COURSE = re.compile(rf"^({_DAY})(?:@({_TIME}))?(?:\.\.({_DAY}))?(?::(therapeutic|prophylactic))?$")
_NUMBER = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?"
_VALUE = re.compile(rf"^((?:<=|>=|<|>|≤|≥)?\s*{_NUMBER}(?:\s*-\s*{_NUMBER})?)\s*(.*)$")
_BY_LIMIT = re.compile(r"^(?:[x*×]\s*)?(ULN|LLN)$", re.IGNORECASE)
_ABOVE = re.compile(rf"^ULN\s*\+\s*({_NUMBER})\s*(?:s|sec)?$", re.IGNORECASE)


@dataclass(frozen=True)
class OfDay:
    """A text with the day that it belongs to, and the time of day where one is typed."""

    day: int
    time: str
    text: str


@dataclass(frozen=True)
class Course:
    """Days on which something was given."""

    first: int
    last: int
    time: str
    intent: str


@dataclass(frozen=True)
class Value:
    """A value as typed: an interval, its unit, or what it is measured by.

    Parameters
    ----------
    low, high: both ends; equal for a plain number.
    unit: as typed; empty where none was.
    by: ``ULN`` or ``LLN`` for a multiple of that limit, ``above`` for a distance above the upper limit, else empty.
    """

    low: float
    high: float
    unit: str = ""
    by: str = ""


def by_days(name: str, text: str, day: int, days_needed: bool = False) -> list[OfDay]:
    """The texts of a series such as ``0:3000,1..4:400``; one text without a day belongs to the day of the case."""
    parts = [part.strip() for part in text.split(",")]
    found: list[OfDay] = []
    for part in parts:
        match = _OF_DAYS.match(part)
        if match is None:
            if len(parts) > 1 or days_needed:
                if _DECIMAL_COMMA.fullmatch(text):
                    raise CaracError(f"{name}={text}: write a point for decimals: {name}={text.replace(',', '.')}.")
                raise CaracError(
                    f"{name}={text} is not understood at {part!r}; write DAY:VALUE for each day,"
                    f" such as {name}=0:3000,1:400,2..9:80."
                )
            return [OfDay(day, "", part)]
        first, last = int(match[1]), int(match[2] or match[1])
        if last < first:
            raise CaracError(f"{name}={text}: the days {match[1]} to {match[2]} run backwards.")
        found += [OfDay(number, _time(name, match[3]), match[4].strip()) for number in range(first, last + 1)]
    return found


def _time(name: str, text: str | None) -> str:
    if not text:
        return ""
    hour, minute = (int(part) for part in text.split(":"))
    if hour > 23 or minute > 59:
        raise CaracError(f"{name}: {text} is no time of day; write it as 08:30.")
    return f"{hour:02}:{minute:02}"


def courses(name: str, text: str) -> list[Course]:
    """Doses and courses such as ``-3``, ``2..9:prophylactic`` or ``1@08:30,4``."""
    found = []
    for part in (part.strip() for part in text.split(",")):
        match = _COURSE.match(part)
        if match is None:
            raise CaracError(
                f"{name}={text} is not understood at {part!r}; write no, yes, the day of the dose (-3),"
                " or its first and last day (2..9), with :prophylactic behind it where it was."
            )
        first, last = int(match[1]), int(match[3] or match[1])
        if last < first:
            raise CaracError(f"{name}={text}: the course ends before it starts.")
        found.append(Course(first, last, _time(name, match[2]), match[4] or ""))
    return found


def value(name: str, text: str) -> Value:
    """A value such as ``45``, ``<10``, ``10-40``, ``95mg/dL``, ``8xULN`` or ``ULN+4``."""
    above = _ABOVE.match(text.strip())
    if above:
        return Value(float(above[1]), float(above[1]), by="above")
    match = _VALUE.match(text.strip())
    if match is None:
        raise CaracError(f"{name}={text} is no value; write a number with its unit, '<10', 10-40, or 8xULN.")
    reading = read_value(match[1])
    if reading.problem or reading.low is None or reading.high is None:
        raise CaracError(f"{name}={text}: {reading.problem}. {reading.remedy}")
    limit = _BY_LIMIT.match(match[2])
    return Value(reading.low, reading.high, "" if limit else match[2].strip(), limit[1].upper() if limit else "")
