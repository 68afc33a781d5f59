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


@dataclass(frozen=True)
class InLiterature:
    """How studies would have counted an endpoint of carac, so that the two can lie side by side.

    Parameters
    ----------
    endpoint, outcome: of carac's endpoints, and of the list of study outcomes.
    definition, grades: as study files say them; "" for what they do not say.
    """

    endpoint: str
    outcome: str
    definition: str
    grades: str


@cache
def endpoints_in_literature() -> Mapping[str, InLiterature]:
    """Endpoints that studies count as well, in the order of figures."""
    found = (InLiterature(**row) for row in rows("endpoints_in_literature.csv"))
    return MappingProxyType({one.endpoint: one for one in found})
