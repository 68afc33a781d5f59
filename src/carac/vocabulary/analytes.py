"""The analytes: name, title, canonical unit, and the range outside which a value is implausible."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from carac.vocabulary.files import rows, words
from carac.vocabulary.spelling import fold, nearest


@dataclass(frozen=True)
class Analyte:
    """A laboratory quantity.

    Parameters
    ----------
    name: the word of the tables.
    title: as a doctor writes it.
    canonical_unit: unit of every value in the checked tables; "" for a quantity without unit.
    plausible_low, plausible_high: ends, in the canonical unit, outside which a value is taken for an error of unit or
        typing. They are carac's own, wide on purpose: extremes seen in leukaemia or hyperinflammation pass. The open
        end of a comparator ("<10" begins at 0) is not a value and is not held against them.
    note: a trap of the analyte, or "".
    """

    name: str
    title: str
    canonical_unit: str
    plausible_low: float
    plausible_high: float
    note: str

    def is_plausible(self, value: float) -> bool:
        """Whether a value in the canonical unit lies in the plausible range, its ends included."""
        return self.plausible_low <= value <= self.plausible_high


#: The tests of haemostasis whose last result of a day ends its window of 24 hours.
COAGULATION_TESTS = (
    *("platelets", "d_dimer", "fibrin_degradation_products", "prothrombin_time", "prothrombin_time_ratio", "inr"),
    *("aptt", "fibrinogen", "antithrombin", "prothrombin_time_prolongation", "aptt_prolongation"),
)


@cache
def _numbers() -> Mapping[str, int]:
    return MappingProxyType({name: place for place, name in enumerate(analytes())})


def number_of_analyte(name: str) -> int:
    """The place of an analyte in the list: a whole number is compared faster than a name, millions of times."""
    return _numbers()[name]


@cache
def analytes() -> Mapping[str, Analyte]:
    """All analytes by name, in the order of the file."""
    return MappingProxyType(
        {
            row["name"]: Analyte(
                name=row["name"],
                title=row["title"],
                canonical_unit=row["canonical_unit"],
                plausible_low=float(row["plausible_low"]),
                plausible_high=float(row["plausible_high"]),
                note=row["note"],
            )
            for row in rows("analytes.csv")
        }
    )


@cache
def _other_quantities() -> Mapping[str, str]:
    return MappingProxyType(
        {fold(name): row["what"] for row in rows("other_quantities.csv") for name in words(row["written"])}
    )


def other_quantity(text: str) -> str | None:
    """What a name of a quantity that carac does not read stands for, and what to give in its place; None of others."""
    return _other_quantities().get(fold(text))


def analyte_hint(text: str) -> str:
    """What may have been meant by a name that is no analyte, as a sentence; "" where nothing is near."""
    other = other_quantity(text)
    if other is not None:
        return other
    near = nearest(text, analytes())
    return f"Did you mean {near}?" if near else ""
