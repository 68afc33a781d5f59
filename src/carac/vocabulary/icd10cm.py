"""ICD-10-CM codes of the coagulation events. Source: catalogue section 8.2; the categories are the catalogue's own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from carac.vocabulary.files import rows

#: Side and vessel as the descriptions have them. Vessels that name no vessel (deep veins of the arm) are left out.
_SIDE = re.compile(r"\b(right|left|bilateral)\b", re.IGNORECASE)
_VESSEL = re.compile(
    r"\b(?:of|involving) (?:right |left |bilateral |unspecified )?"
    r"((?!unspecified|other|deep|superficial|small)[a-z -]+? (?:vein|veins|artery|arteries|vena cava))\b"
)
#: Of a sequela the side is that of the palsy; of an infarction of the heart, left and right are names of arteries.
_OTHER_SIDE = ("I69", "I21", "I22", "G45")


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

    @property
    def side(self) -> str | None:
        """Right, left or bilateral, where the description says so."""
        if self.code.startswith(_OTHER_SIDE):
            return None
        found = _SIDE.search(self.description)
        return found.group(1).lower() if found else None

    @property
    def vessel(self) -> str | None:
        """The vein or artery that the description names, such as "femoral vein"."""
        found = _VESSEL.search(self.description) if self.domain in ("VTE", "ATE") else None
        return found.group(1).replace("arteries", "artery").replace("veins", "vein") if found else None


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
