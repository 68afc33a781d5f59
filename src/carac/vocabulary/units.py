"""The closed table of unit conversions, per analyte and per assessment item.

Sources: catalogue sections 0.1, 11.1 and 11.3; a row's status says whether the catalogue states it, whether it is plain
arithmetic between metric units, or whether it is from memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from types import MappingProxyType

from carac.vocabulary.analytes import analytes
from carac.vocabulary.assessment_items import assessment_items
from carac.vocabulary.files import rows, words, yes
from carac.vocabulary.unit_spelling import dimer_basis, normalise_unit

#: D-dimer is reported as fibrinogen equivalent units or as D-dimer units; the two differ about twofold.
BASES = ("FEU", "DDU")


@dataclass(frozen=True)
class Conversion:
    """How a value in one unit becomes a value in the canonical unit: (value + offset_before) * multiply / divide.

    Parameters
    ----------
    quantity: analyte or assessment item.
    unit: the unit converted from, as carac prints it; "" for none.
    canonical_unit: the unit converted to; "" for none.
    multiply, divide: both are kept, because 150 mg/dL / 100 is 1.5 g/L exactly and 150 * 0.01 is not; printed ties
        stay ties only so.
    offset_before: added before scaling; -32 for degrees Fahrenheit, 0 for every analyte.
    basis: "FEU" or "DDU" for D-dimer, else "".
    basis_needed: True where a D-dimer unit does not say FEU or DDU and no basis was given: the factor is that of FEU
        and must not be used.
    approximate: True where the factor depends on the assay (DDU to FEU).
    status: "catalogue", "arithmetic" or "memory".
    note: what to know, or "".
    """

    quantity: str
    unit: str
    canonical_unit: str
    multiply: float
    divide: float
    offset_before: float
    basis: str
    basis_needed: bool
    approximate: bool
    status: str
    note: str

    def apply(self, value: float) -> float:
        """A value in the canonical unit.

        Raises
        ------
        ValueError: the basis of a D-dimer is needed and not known.
        """
        if self.basis_needed:
            raise ValueError(f"{self.quantity} in {self.unit} cannot be converted: say whether it is FEU or DDU.")
        return (value + self.offset_before) * self.multiply / self.divide


@dataclass(frozen=True)
class _Table:
    conversions: Mapping[tuple[str, str], Conversion]
    refusals: Mapping[tuple[str, str], str]


def _canonical_units() -> dict[str, str]:
    units = {name: analyte.canonical_unit for name, analyte in analytes().items()}
    units.update({name: item.unit for name, item in assessment_items().items() if item.kind == "number"})
    return units


@cache
def _table() -> _Table:
    canonical = _canonical_units()
    conversions: dict[tuple[str, str], Conversion] = {}
    refusals: dict[tuple[str, str], str] = {}
    for row in rows("units.csv"):
        for quantity in words(row["quantity"]):
            key = (quantity, normalise_unit(row["unit"]))
            if key in conversions or key in refusals:
                raise ValueError(f"units.csv has two rows for {quantity} in {row['unit']!r}.")
            if not row["multiply"]:
                refusals[key] = row["note"]
                continue
            conversions[key] = Conversion(
                quantity=quantity,
                unit=row["unit"],
                canonical_unit=canonical[quantity],
                multiply=float(row["multiply"]),
                divide=float(row["divide"]),
                offset_before=float(row["offset_before"]),
                basis=row["basis"],
                basis_needed=False,
                approximate=yes(row["approximate"]),
                status=row["status"],
                note=row["note"],
            )
    # A score has no unit; "1", "points" and "score" say the same.
    for quantity, unit in canonical.items():
        if not unit and (quantity, "") not in conversions:
            for spelling in ("", "1", "points", "score"):
                conversions[quantity, spelling] = Conversion(
                    quantity, spelling, "", 1.0, 1.0, 0.0, "", False, False, "arithmetic", ""
                )
    return _Table(MappingProxyType(conversions), MappingProxyType(refusals))


def conversion(quantity: str, unit_text: str | None, basis: str | None = None) -> Conversion | None:
    """How a value in the given unit becomes one in the canonical unit, None where the unit is unknown or refused.

    Parameters
    ----------
    quantity: analyte or assessment item.
    unit_text: as the source wrote it; None or "" where absent, which is right for a quantity without unit only.
    basis: "FEU" or "DDU", of a D-dimer whose unit does not say; a unit that says so has the last word.

    Raises
    ------
    ValueError: a basis that is neither FEU nor DDU.
    """
    asked = (basis or "").strip().upper()
    if asked and asked not in BASES:
        raise ValueError(f"The basis of a D-dimer is FEU or DDU, not {basis!r}.")
    found = _table().conversions
    key = normalise_unit(unit_text)
    if quantity != "d_dimer" or dimer_basis(unit_text) or not key:
        return found.get((quantity, key))
    if asked:
        return found.get((quantity, f"{key}{{{asked.casefold()}}}"))
    plain = found.get((quantity, f"{key}{{feu}}"))
    if plain is None:
        return None
    return replace(plain, unit=plain.unit.removesuffix("{FEU}"), basis="", basis_needed=True)


def why_not(quantity: str, unit_text: str | None) -> str | None:
    """Why a known unit cannot be converted, in a clause for a message; None where nothing special is known of it."""
    return _table().refusals.get((quantity, normalise_unit(unit_text)))


def known_units(quantity: str) -> tuple[str, ...]:
    """The units, as printed, from which a quantity can be converted; for messages. The absent unit is left out."""
    return tuple(c.unit for (name, _), c in _table().conversions.items() if name == quantity and c.unit)
