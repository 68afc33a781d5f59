"""ICD-10-CM codes of the coagulation events. Source: catalogue section 8.2; the categories are the catalogue's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from carac.vocabulary.files import rows


@dataclass(frozen=True)
class IcdCode:
    """A billable code.

    Parameters
    ----------
    code: with its dot, such as "I82.412".
    description: of the code set.
    domain, category: of the catalogue; `event_classes.class_of` joins them to the classes.
    acuity: acute, unknown, follow_up, chronic or history.
    role: whether it counts as an event; the catalogue lists the roles under section 8.2.
    """

    code: str
    description: str
    domain: str
    category: str
    acuity: str
    role: str


def _key(text: str) -> str:
    return text.replace(".", "").replace(" ", "").upper()


@cache
def icd10cm() -> Mapping[str, IcdCode]:
    """All codes by code, with the dot."""
    return MappingProxyType({row["code"]: IcdCode(**row) for row in rows("icd10cm.csv")})


@cache
def _by_key() -> dict[str, IcdCode]:
    return {_key(code): entry for code, entry in icd10cm().items()}


def code_of(text: str | None) -> IcdCode | None:
    """The code written as given, its dot and its capitals optional; None where it is not in the list.

    A heading such as "I82.4" is not in the list: a code must be complete.
    """
    return None if not text else _by_key().get(_key(text))
