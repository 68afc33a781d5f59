"""Texts that stand for a laboratory value: a number, a comparator with a number, a range. Anything else is a finding."""

from __future__ import annotations

import re
from dataclasses import dataclass

#: How far inside its printed limit the open end of a comparator lies, so that "<10" is not 10 (catalogue, section 0).
INSIDE = 1e-6
INFINITY = float("inf")

_NUMBER = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?"
_COMPARATORS = {
    "<": "<", "less than": "<", "below": "<", "under": "<",
    ">": ">", "greater than": ">", "more than": ">", "above": ">", "over": ">",
    "<=": "<=", "=<": "<=", "≤": "<=", "at most": "<=", "less than or equal to": "<=",
    ">=": ">=", "=>": ">=", "≥": ">=", "at least": ">=", "greater than or equal to": ">=",
}  # fmt: skip
_COMPARED = re.compile(
    rf"^({'|'.join(re.escape(word) for word in sorted(_COMPARATORS, key=len, reverse=True))})\s*({_NUMBER})$", re.IGNORECASE
)
_RANGE = re.compile(rf"^({_NUMBER})\s*(?:-|–|to|\.\.)\s*({_NUMBER})$", re.IGNORECASE)
_DECIMAL_COMMA = re.compile(r"^[<>≤≥=\s]*[+-]?\d+,\d+$")


@dataclass(frozen=True)
class Reading:
    """A text read as an interval with both ends included; or the reason why it is none, with what would be right."""

    low: float | None = None
    high: float | None = None
    problem: str = ""
    remedy: str = ""


def compared(comparator: str, limit: float) -> Reading:
    """The interval of a comparator; values of the laboratory are not negative."""
    match _COMPARATORS.get(comparator.strip().lower(), comparator):
        case "<":
            return Reading(0.0, limit * (1 - INSIDE))
        case "<=":
            return Reading(0.0, limit)
        case ">":
            return Reading(limit * (1 + INSIDE), INFINITY)
        case ">=":
            return Reading(limit, INFINITY)
    raise ValueError(f"{comparator!r} is not a comparator")


def read_value(text: str) -> Reading:
    """A laboratory value as an interval.

    Parameters
    ----------
    text: as reported, such as ``45``, ``<10``, ``10-40``, ``GREATER THAN 2000``.

    Returns
    -------
    Both ends for a number, the interval for a comparator or a range; else the problem and what would be right.
    """
    stripped = " ".join(text.split())
    if re.fullmatch(_NUMBER, stripped):
        number = float(stripped)
        return Reading(number, number)
    if match := _COMPARED.match(stripped):
        return compared(match[1], float(match[2]))
    if match := _RANGE.match(stripped):
        low, high = float(match[1]), float(match[2])
        if low <= high:
            return Reading(low, high)
        return Reading(problem=f"the range {text!r} runs backwards", remedy="Write the lower end first.")
    if _DECIMAL_COMMA.match(stripped):
        return Reading(
            problem=f"the value {text!r} has a comma", remedy=f"Write a point for decimals ({stripped.replace(',', '.')!r})."
        )
    return Reading(problem=f"the value {text!r} is no number", remedy='Write a number, "<10", ">5000" or "10-40".')
