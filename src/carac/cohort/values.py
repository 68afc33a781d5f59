"""Texts that stand for a laboratory value: a number, a comparator with a number, a range; else a finding."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import isinf

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
    rf"^({'|'.join(re.escape(word) for word in sorted(_COMPARATORS, key=len, reverse=True))})\s*({_NUMBER})$",
    re.IGNORECASE,
)
_RANGE = re.compile(rf"^({_NUMBER})\s*(?:-|–|\x96|to|\.\.)\s*({_NUMBER})$", re.IGNORECASE)
_DECIMAL_COMMA = re.compile(r"^[<>≤≥=\s]*[+-]?\d+,\d+$")


@dataclass(frozen=True)
class Reading:
    """A text read as an interval with both ends included; or why it is none (a clause), and what would be right."""

    low: float | None = None
    high: float | None = None
    problem: str = ""
    remedy: str = ""


_TOO_LARGE = Reading(problem="the value is too large for a number", remedy="Write it as it was measured.")


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
        return _TOO_LARGE if isinf(number) else Reading(number, number)
    if match := _COMPARED.match(stripped):
        limit = float(match[2])
        if limit < 0 or (limit == 0 and _COMPARATORS[match[1].lower()] == "<"):
            return Reading(problem="the value compares with a number below 0", remedy="Write the limit of the assay.")
        return _TOO_LARGE if isinf(limit) else compared(match[1], limit)
    if match := _RANGE.match(stripped):
        low, high = float(match[1]), float(match[2])
        if low > high:
            return Reading(problem="the range runs backwards", remedy="Write the lower end first.")
        return _TOO_LARGE if isinf(high) else Reading(low, high)
    if _DECIMAL_COMMA.match(stripped):
        remedy = "Write a point for decimals, and nothing between thousands."
        return Reading(problem="the value has a comma", remedy=remedy)
    return Reading(problem="the value is no number", remedy='Write a number, "<10", ">5000" or "10-40".')
