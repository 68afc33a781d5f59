"""How sure a record is of an event: four words, and what others write for them.

A word of FHIR is one of its `verificationStatus` of conditions.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from carac.vocabulary.files import rows
from carac.vocabulary.spelling import fold

CONFIRMED, PROBABLE, SUSPECTED, RULED_OUT = CERTAINTIES = ("confirmed", "probable", "suspected", "ruled_out")

#: What each means for a grade.
MEANING = {
    CONFIRMED: "the event is taken as it is",
    PROBABLE: "taken as it is",
    SUSPECTED: "a bleed is graded by its features; whether a clot counts is open until imaging or a parameter decides",
    RULED_OUT: "there was no such event: it has no grade and never counts",
}


@cache
def event_certainty() -> Mapping[str, str]:
    """The certainty that each word stands for, by word."""
    return MappingProxyType({row["word"]: row["certainty"] for row in rows("event_certainty.csv")})


def certainty_of(text: str) -> str | None:
    """The certainty that a word stands for, capitals and blanks as you like; None where it is not in the list."""
    return event_certainty().get(fold(text).replace(" ", "_"))
