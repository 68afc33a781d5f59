"""Joins the categories of the ICD-10-CM list to the classes of catalogue section 8.1: the one place that does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from carac.vocabulary.files import rows, yes
from carac.vocabulary.icd10cm import IcdCode

#: First levels of the classes.
LEVEL_1 = ("venous", "arterial", "bleeding", "coagulation", "other", "context", "baseline")


@dataclass(frozen=True)
class EventClass:
    """What a category of codes is.

    Parameters
    ----------
    domain, category: of the ICD-10-CM list.
    level_1: one of `LEVEL_1`; baseline is history and standing treatment, context explains and is no event.
    level_2: class within it, spelt as in catalogue section 8.1 where that has one.
    catheter: True for a modifier that makes a venous event catheter-related.
    septic: True for septic thrombosis, which is flagged.
    site: site of the vocabulary; "" where the code does not settle it, which is unknown.
    note: what to know, or "".

    Whether a code counts is not said here but by its role: a chronic or excluded code has a class too.
    """

    domain: str
    category: str
    level_1: str
    level_2: str
    catheter: bool
    septic: bool
    site: str
    note: str


@dataclass(frozen=True)
class ClassName:
    """A class, its title for reports, and the section of the catalogue that names it."""

    level_1: str
    level_2: str
    title: str
    source: str


@cache
def event_classes() -> Mapping[tuple[str, str], EventClass]:
    """All mappings by domain and category."""
    return MappingProxyType(
        {
            (row["domain"], row["category"]): EventClass(
                domain=row["domain"],
                category=row["category"],
                level_1=row["level_1"],
                level_2=row["level_2"],
                catheter=yes(row["catheter"]),
                septic=yes(row["septic"]),
                site=row["site"],
                note=row["note"],
            )
            for row in rows("event_classes.csv")
        }
    )


@cache
def class_names() -> Mapping[tuple[str, str], ClassName]:
    """All classes by level 1 and level 2."""
    return MappingProxyType(
        {(row["level_1"], row["level_2"]): ClassName(**row) for row in rows("event_class_names.csv")}
    )


def class_of(code: IcdCode) -> EventClass:
    """The class of a code of the list."""
    return event_classes()[code.domain, code.category]
