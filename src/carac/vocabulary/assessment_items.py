"""The closed list of bedside assessments: kind, unit, allowed words, range, and the definition that reads each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from carac.vocabulary.files import number, rows, words

#: A grade that a clinician recorded is kept beside the computed one: ``recorded_grade:astct_crs``.
RECORDED_GRADE = "recorded_grade:"


@dataclass(frozen=True)
class AssessmentItem:
    """Something observed at the bedside.

    Parameters
    ----------
    name: the word of the tables.
    title: as a doctor writes it.
    kind: "number" or "word".
    unit: canonical unit of a number; "" for a score.
    allowed: the words allowed; empty for a number.
    low, high: ends of what is possible or, for physiology, plausible, in the canonical unit; None where open.
    read_by: names of the definitions that read it.
    note: what to know, or "".
    """

    name: str
    title: str
    kind: str
    unit: str
    allowed: tuple[str, ...]
    low: float | None
    high: float | None
    read_by: tuple[str, ...]
    note: str


@cache
def assessment_items() -> Mapping[str, AssessmentItem]:
    """All items by name, in the order of the file."""
    return MappingProxyType(
        {
            row["item"]: AssessmentItem(
                name=row["item"],
                title=row["title"],
                kind=row["kind"],
                unit=row["unit"],
                allowed=words(row["allowed"]),
                low=number(row["low"]),
                high=number(row["high"]),
                read_by=words(row["read_by"]),
                note=row["note"],
            )
            for row in rows("assessment_items.csv")
        }
    )


def item_of(name: str) -> AssessmentItem | None:
    """The item of that name, None where there is none.

    ``recorded_grade:<definition>`` is an item for any definition named; whether carac has the definition is not known
    here, so its range has no upper end.
    """
    known = assessment_items().get(name)
    if known is not None:
        return known
    definition = name.removeprefix(RECORDED_GRADE)
    if definition == name or not definition.isidentifier():
        return None
    return AssessmentItem(name, f"Recorded grade ({definition})", "number", "", (), 0.0, None, (definition,), "")
