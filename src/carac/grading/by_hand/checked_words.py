"""Words and numbers that a user types, checked against what is allowed."""

from __future__ import annotations

from collections.abc import Sequence

from carac.findings import CaracError
from carac.grading.by_hand import texts
from carac.vocabulary.spelling import fold, nearest
from carac.vocabulary.units import conversion, known_units

YES = {"yes": "yes", "y": "yes", "true": "yes", "1": "yes", "no": "no", "n": "no", "false": "no", "0": "no"}


def word_of(name: str, text: str, allowed: Sequence[str]) -> str:
    """The word among those allowed; `name` is for the message. Raises CaracError for any other."""
    word = fold(text).replace(" ", "_")
    if set(allowed) == {"no", "yes"}:
        word = YES.get(word, word)
    if word not in allowed:
        near = nearest(word, allowed)
        hint = f"Did you mean {near}?" if near else f"Write one of {', '.join(allowed)}."
        raise CaracError(f"{name}={text} is not known. {hint}")
    return word


def number_of(name: str, text: str, quantity: str, unit: str, low: float | None, high: float | None) -> float:
    """The number in the unit of the quantity, within its ends where it has any. Raises CaracError for what is none."""
    read = texts.value(name, text)
    if read.by or read.low != read.high:
        raise CaracError(f"{name}={text} must be one number{' in ' + unit if unit else ''}.")
    number = read.low
    if read.unit and read.unit != unit:
        found = conversion(quantity, read.unit)
        if found is None:
            units = ", ".join(dict.fromkeys(known_units(quantity))) or unit or "none"
            raise CaracError(f"{name}={text}: the unit {read.unit!r} is not known; units are {units}.")
        number = found.apply(number)
    if (low is not None and number < low) or (high is not None and number > high):
        upper = "any number" if high is None else f"{high:g}"
        raise CaracError(f"{name}={text} must lie between {low or 0:g} and {upper} {unit}".strip() + ".")
    return number
