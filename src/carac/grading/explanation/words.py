"""Numbers, intervals and bands as a doctor writes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from carac.grading.cut_words import band, cut_words, interval, met, number, share_words
from carac.vocabulary.analytes import analytes

__all__ = ["band", "cut_words", "interval", "met", "number", "share_words"]


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
