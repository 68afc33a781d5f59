"""Codes of laboratory tests and units: LOINC and OMOP. Source: catalogue sections 11.1 and 11.3."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from carac.vocabulary.files import rows

#: Names and addresses under which sources give the two systems.
_SYSTEMS = {"loinc": "LOINC", "http://loinc.org": "LOINC", "https://loinc.org": "LOINC", "omop": "OMOP"}


@dataclass(frozen=True)
class AnalyteCode:
    """A code of a laboratory test.

    Parameters
    ----------
    system: "LOINC" or "OMOP" (concept id).
    code: as printed.
    analyte: name in the vocabulary.
    basis: "FEU" or "DDU" where the code settles it for D-dimer, else "".
    method: what the code says of the method, or "".
    status: "verified" or "memory".
    note: what to know, or "".
    """

    system: str
    code: str
    analyte: str
    basis: str
    method: str
    status: str
    note: str


@dataclass(frozen=True)
class UnitConcept:
    """An OMOP unit concept: its id, the unit, "verified" or "memory", and a note."""

    concept: int
    unit: str
    status: str
    note: str


@cache
def analyte_codes() -> Mapping[tuple[str, str], AnalyteCode]:
    """All codes by system and code."""
    return MappingProxyType({(row["system"], row["code"]): AnalyteCode(**row) for row in rows("analyte_codes.csv")})


@cache
def unit_concepts() -> Mapping[int, UnitConcept]:
    """All OMOP unit concepts by id."""
    return MappingProxyType(
        {
            int(row["concept"]): UnitConcept(int(row["concept"]), row["unit"], row["status"], row["note"])
            for row in rows("omop_units.csv")
        }
    )


def analyte_of_code(system: str, code: str | int) -> AnalyteCode | None:
    """The test a code stands for, None where carac does not know it.

    Parameters
    ----------
    system: "LOINC", its address, or "OMOP", in any case.
    code: LOINC code or OMOP concept id.
    """
    name = _SYSTEMS.get(system.strip().casefold().rstrip("/"))
    return None if name is None else analyte_codes().get((name, str(code).strip()))


def unit_of_omop_concept(concept: int | str | None) -> str | None:
    """The unit of an OMOP unit concept id; None where it is absent (0), unknown or not an id."""
    text = str(concept).strip()
    found = unit_concepts().get(int(text)) if text.isdecimal() else None
    return None if found is None else found.unit
