"""The closed list of features of an event, from which every scale grades it; booleans have three values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from carac.vocabulary.files import number, rows, words

#: The grade a clinician recorded and the one an adjudicator gave are features, kept apart from the computed one.
GRADES = {"recorded_grade:": "Recorded grade", "adjudicated_grade:": "Adjudicated grade"}

_TRUE = frozenset({"true", "t", "yes", "y", "1", "1.0"})
_FALSE = frozenset({"false", "f", "no", "n", "0", "0.0"})


@dataclass(frozen=True)
class EventFeature:
    """Something known of an event.

    Parameters
    ----------
    name: the word of the tables.
    title: as a doctor writes it.
    kind: "bool", "number" or "word".
    unit: unit of a number; "" for a count.
    allowed: the words allowed; empty unless the kind is "word".
    low, high: ends of what is plausible for a number; None where open.
    asked_by: names of the definitions that ask for it.
    note: what to know, or "".
    """

    name: str
    title: str
    kind: str
    unit: str
    allowed: tuple[str, ...]
    low: float | None
    high: float | None
    asked_by: tuple[str, ...]
    note: str


@cache
def event_features() -> Mapping[str, EventFeature]:
    """All features by name, in the order of the file."""
    return MappingProxyType(
        {
            row["feature"]: EventFeature(
                name=row["feature"],
                title=row["title"],
                kind=row["kind"],
                unit=row["unit"],
                allowed=words(row["allowed"]),
                low=number(row["low"]),
                high=number(row["high"]),
                asked_by=words(row["asked_by"]),
                note=row["note"],
            )
            for row in rows("event_features.csv")
        }
    )


def feature_of(name: str) -> EventFeature | None:
    """The feature of that name, None where there is none.

    ``recorded_grade:<definition>`` and ``adjudicated_grade:<definition>`` are numbers for any definition named.
    """
    known = event_features().get(name)
    if known is not None:
        return known
    for prefix, title in GRADES.items():
        definition = name.removeprefix(prefix)
        if definition != name and definition.isidentifier():
            return EventFeature(name, f"{title} ({definition})", "number", "", (), 0.0, None, (definition,), "")
    return None


def boolean_of(text: str | None) -> bool | None:
    """A three-valued boolean: None where absent, which is unknown and never false.

    Raises
    ------
    ValueError: a text that is neither true, false, yes, no, 1 nor 0.
    """
    word = (text or "").strip().casefold()
    if not word:
        return None
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise ValueError(f"{text!r} is not a boolean: write true or false, or leave it empty where it is not known.")
