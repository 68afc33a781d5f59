"""Numbers, intervals and bands as a doctor writes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from carac.language.definition import Rule
from carac.vocabulary.analytes import analytes

_TIE = 1e-9
_INSIDE = 2e-6
_COMPARISON = {"<": "below", "≤": "at most", ">": "above", "≥": "at least"}
#: Comparators lie a relative 1e-6 inside their printed limit; printed with five digits they are the limit again.
_DIGITS = 4


def number(value: float) -> str:
    """A number with at most four significant digits, and no more decimals than it needs."""
    if value == int(value) and abs(value) < 1e7:
        return str(int(value))
    text = f"{value:.{_DIGITS}g}"
    return f"{float(text):.0f}" if "e" in text else text


def interval(low: float | None, high: float | None) -> str:
    """A value, or the interval in which it lies."""
    if low is None or high is None:
        return "not measured"
    if low == high:
        return number(low)
    if low == float("-inf") or (low == 0 and high == float("inf")):
        return "unknown"
    if high == float("inf"):
        return f">{number(low)}"
    if low == 0:
        return f"<{number(high)}"
    return f"{number(low)} to {number(high)}"


def of_row(row: Mapping[str, Any], column: str) -> str:
    """The value of an input column of a row."""
    return interval(row.get(f"{column}__from"), row.get(f"{column}__to"))


def title(analyte: str) -> str:
    """An analyte as it is written."""
    return analytes()[analyte].title if analyte in analytes() else analyte.replace("_", " ")


def unit(analyte: str) -> str:
    """Its canonical unit, with a blank before it; empty where it has none."""
    found = analytes()[analyte].canonical_unit if analyte in analytes() else ""
    return f" {found.replace('{FEU}', ' FEU')}" if found else ""


def met(rule: Rule, value: float) -> tuple[str, float, float] | None:
    """The worst cut-point of a rule that a value meets; None where it meets none."""
    for comparison, constant, points in rule.cuts:
        slack = abs(constant) * _TIE
        reached = {
            "<": value < constant - slack,
            "≤": value <= constant + slack,
            ">": value > constant + slack,
            "≥": value >= constant - slack,
            "=": value >= constant - slack,
        }[comparison]
        if reached:
            return comparison, constant, points
    return None


def band(rule: Rule, low: float | None, high: float | None) -> str:
    """What a value meets, such as "below 25"; for an interval, what its two ends meet."""
    if low is None or high is None:
        return ""
    ends = {_met_words(rule, low), _met_words(rule, high)}
    return " or ".join(sorted(ends)) + _at_the_cut(rule, {low, high})


def _at_the_cut(rule: Rule, ends: set[float]) -> str:
    """Where an end is a cut-point itself and just does not meet it."""
    for comparison, constant, _ in rule.cuts:
        if comparison in "<>" and any(abs(end - constant) <= abs(constant) * _TIE for end in ends):
            return f" ({number(constant)} itself is not {cut_words(comparison, constant)})"
    return ""


def _met_words(rule: Rule, value: float) -> str:
    found = met(rule, value)
    if found is None:
        return f"not {cut_words(*rule.cuts[-1][:2])}" if rule.cuts else ""
    return cut_words(found[0], found[1])


def share_words(comparison: str, constant: float) -> str:
    """A cut-point of a share, in percent."""
    return f"{_COMPARISON[comparison]} {number(round(constant * 100, 1))}%"


def cut_words(comparison: str, constant: float) -> str:
    """A cut-point in words; "=" is a judged item."""
    if comparison == "=":
        return "yes"
    return f"{_COMPARISON[comparison]} {number(constant)}"


def grade_words(value: Any, lowest: Any, highest: Any) -> str:
    """A grade, or the range that what is missing leaves; empty where nothing is known."""
    if value is not None:
        return number(value) if isinstance(value, int | float) else str(value)
    if lowest is None or highest is None:
        return ""
    return f"{number(lowest)} to {number(highest)}" if highest != float("inf") else f"at least {number(lowest)}"


def day_words(day: int) -> str:
    """A day relative to infusion."""
    return f"day {day}" if day >= 0 else f"day −{-day}"


def plural(count: int, word: str) -> str:
    """A count with its noun."""
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def days(numbers: Sequence[int]) -> str:
    """Days in a row, such as "day 4, 5 and 7"."""
    more = [f" and {day}" if day == numbers[-1] else f", {day}" for day in numbers[1:]]
    return day_words(numbers[0]) + "".join(more)


def opening(text: str) -> str:
    """A text that opens a sentence."""
    return text if text[1:2].isupper() else text[:1].upper() + text[1:]


def listed(parts: Sequence[str], last: str = "and") -> str:
    """Parts in a row, such as "a, b and c"."""
    return f" {last} ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)
