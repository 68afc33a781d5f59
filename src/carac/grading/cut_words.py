"""Numbers, intervals and cut-points as a doctor writes them; it imports nothing heavy, so that one case is quick."""

from __future__ import annotations

from typing import Protocol

_TIE = 1e-9
_COMPARISON = {"<": "below", "≤": "at most", ">": "above", "≥": "at least"}
#: Comparators lie a relative 1e-6 inside their printed limit; printed with five digits they are the limit again.
_DIGITS = 4


class HasCuts(Protocol):
    """A criterion as data: comparison, constant, points; worst first."""

    @property
    def cuts(self) -> tuple[tuple[str, float, float], ...]: ...


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


def met(rule: HasCuts, value: float) -> tuple[str, float, float] | None:
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


def band(rule: HasCuts, low: float | None, high: float | None) -> str:
    """What a value meets, such as "below 25"; for an interval, what its two ends meet."""
    if low is None or high is None:
        return ""
    ends = {_met_words(rule, low), _met_words(rule, high)}
    return " or ".join(sorted(ends)) + _at_the_cut(rule, {low, high})


def _at_the_cut(rule: HasCuts, ends: set[float]) -> str:
    """Where an end is a cut-point itself and just does not meet it."""
    for comparison, constant, _ in rule.cuts:
        if comparison in "<>" and any(abs(end - constant) <= abs(constant) * _TIE for end in ends):
            return f" ({number(constant)} itself is not {cut_words(comparison, constant)})"
    return ""


def _met_words(rule: HasCuts, value: float) -> str:
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
