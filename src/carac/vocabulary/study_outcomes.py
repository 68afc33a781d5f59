"""The outcomes that study files name, and the diseases: closed lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from carac.vocabulary.files import rows


@dataclass(frozen=True)
class StudyOutcome:
    """An outcome of published studies.

    Parameters
    ----------
    name, title: the word in files, and for people.
    column: short title for the head of a table.
    group: thrombosis, bleeding, laboratory, toxicity or death.
    order: in tables.
    """

    name: str
    title: str
    column: str
    group: str
    order: int


@cache
def study_outcomes() -> Mapping[str, StudyOutcome]:
    """The outcomes by name, in the order of tables."""
    found = (StudyOutcome(**{**row, "order": int(row["order"])}) for row in rows("study_outcomes.csv"))  # type: ignore[arg-type]
    return MappingProxyType({one.name: one for one in sorted(found, key=lambda one: one.order)})


@cache
def study_diseases() -> Mapping[str, str]:
    """The abbreviations of diseases in study files, and what they stand for."""
    return MappingProxyType({row["name"]: row["title"] for row in rows("study_diseases.csv")})
