"""What may go with a risk: columns of the infusion and states of the day, and how each enters a model.

A number enters per so many units, or per doubling where its values are skewed; a word as a group against the most
frequent one; yes or no as it is. What is not recorded is missing, never the reference. A value known only as an
interval enters by its middle, or by its reported end where it has only one ("<10", ">5000").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from carac.definitions.proposals.recent_thrombosis import CLASSES as THROMBOSIS_CLASSES
from carac.endpoints.people import Booleans, Floats
from carac.findings import CaracError
from carac.vocabulary.spelling import nearest

#: Levels of a group with fewer people are put together, or the model could be fitted to one person.
SMALLEST_LEVEL = 10
OTHERS = "others"


class Kind(StrEnum):
    """How a factor enters a model."""

    NUMBER = "number"
    LOGARITHM = "logarithm"
    GROUP = "group"
    FLAG = "flag"


@dataclass(frozen=True)
class Factor:
    """One factor.

    Parameters
    ----------
    name: of the factor; title: as it is printed; unit: of one step, such as "per 10 years".
    kind: how it enters.
    column: of the infusions, or of the patient-days; with `__from` and `__to` behind it where `interval`.
    step: a number enters per so many units, a logarithm per so many doublings; negative turns it round.
    needs: the definition that holds the column; empty where the record itself does.
    words: what the words of a flag mean; a word that is not in it is missing.
    analyte: that it measures; an endpoint that is made of the same has the factor by definition.
    carry: days for which the last value of a day stands in for days without one.
    note: what a reader has to know of it.
    """

    name: str
    title: str
    unit: str
    kind: Kind
    column: str
    step: float = 1.0
    needs: str = ""
    interval: bool = False
    words: Mapping[str, float] = field(default_factory=dict)
    analyte: str = ""
    carry: int = 0
    note: str = ""


def _baseline(analyte: str, title: str, unit: str, needs: str, kind: Kind, step: float) -> Factor:
    return Factor(f"{analyte}_baseline", title, unit, kind, f"{analyte}_baseline", step, needs, True)


_RECENT = {word: 1.0 for _, word in THROMBOSIS_CLASSES} | {"over_180_days": 0.0, "never": 0.0}
_PRIOR = dict.fromkeys([*_RECENT, "date_not_known"], 1.0) | {"never": 0.0}
_THROMBOSIS = "recent_thrombosis_proposal"
_LOG = Kind.LOGARITHM

#: What is known at infusion, in the order in which factors are taken into a joint model where nothing is chosen:
#: those that the literature names first, before anything of this record is looked at.
AT_INFUSION: Mapping[str, Factor] = {
    one.name: one
    for one in (
        Factor(
            *("prior_thrombosis", "Thrombosis before infusion", "against none recorded", Kind.FLAG, _THROMBOSIS),
            needs=_THROMBOSIS,
            words=_PRIOR,
            note="Earlier events are read as far back as the parameter grid.events_days_before says.",
        ),
        Factor(
            *("recent_thrombosis", "Thrombosis in the 180 days before infusion", "against none in them", Kind.FLAG),
            *(_THROMBOSIS, 1.0, _THROMBOSIS),
            words=_RECENT,
            note="A history without a date is missing here.",
        ),
        _baseline("platelets", "Platelets before treatment", "per halving", "car_hematotox", _LOG, -1.0),
        Factor("age", "Age", "per 10 years", Kind.NUMBER, "age", 10.0),
        Factor("easix_pre", "EASIX before lymphodepletion", "per doubling", _LOG, "easix_pre", needs="easix_pre"),
        Factor("car_hematotox", "CAR-HEMATOTOX", "per point", Kind.NUMBER, "car_hematotox", needs="car_hematotox"),
        _baseline(
            *("fibrinogen", "Fibrinogen before treatment", "per 1 g/L lower", "ctcae_v5_fibrinogen_with_baseline"),
            *(Kind.NUMBER, -1.0),
        ),
        _baseline("c_reactive_protein", "CRP before treatment", "per doubling", "car_hematotox", _LOG, 1),
        _baseline("ferritin", "Ferritin before treatment", "per doubling", "car_hematotox", _LOG, 1),
        _baseline("lactate_dehydrogenase", "LDH before treatment", "per doubling", "easix_pre", _LOG, 1),
        _baseline("haemoglobin", "Haemoglobin before treatment", "per 1 g/dL lower", "car_hematotox", Kind.NUMBER, -1),
        Factor("sex", "Sex", "", Kind.GROUP, "sex"),
        Factor("disease", "Disease", "", Kind.GROUP, "disease"),
        Factor("product", "Product", "", Kind.GROUP, "product"),
        Factor("target", "Target", "", Kind.GROUP, "target"),
        Factor("centre", "Centre", "", Kind.GROUP, "centre"),
    )
}

#: The state of the day that anticoagulants give; it is made from the treatments, not from a column.
ANTICOAGULANT = "anticoagulant"

#: Days without an assessment for which a grade holds, and days without a result for which a laboratory value does.
GRADE_HOLDS, VALUE_HOLDS = 3, 7
#: What changes by day. A grade that is only a range is not known: its lower end would count what is missing as 0.
BY_DAY: Mapping[str, Factor] = {
    one.name: one
    for one in (
        Factor(
            "platelets", "Platelets", "per halving", _LOG, "platelets_lowest", -1.0, "ctcae_v5_platelets", True,
            analyte="platelets", carry=VALUE_HOLDS,
        ),
        Factor("crs", "CRS", "per grade", Kind.NUMBER, "astct_crs", needs="astct_crs", carry=GRADE_HOLDS),
        Factor(ANTICOAGULANT, "Anticoagulant", "on it against off it", Kind.FLAG, ""),
        Factor(
            "fibrinogen", "Fibrinogen", "per 1 g/L lower", Kind.NUMBER, "fibrinogen_lowest", -1.0,
            "ctcae_v5_fibrinogen", True, analyte="fibrinogen", carry=VALUE_HOLDS,
        ),
        Factor("icans", "ICANS", "per grade", Kind.NUMBER, "astct_icans", needs="astct_icans", carry=GRADE_HOLDS),
    )
}  # fmt: skip

#: The definitions that all of them need.
NEEDED = tuple(dict.fromkeys(one.needs for one in (*AT_INFUSION.values(), *BY_DAY.values()) if one.needs))


def factor_of(name: str, known: Mapping[str, Factor]) -> Factor:
    """The factor of that name; raises `CaracError` with the nearest."""
    if name in known:
        return known[name]
    near = nearest(name, known)
    raise CaracError(
        f"There is no risk factor {name!r}; " + (f"did you mean {near}?" if near else f"known are {', '.join(known)}.")
    )


@dataclass(frozen=True)
class Columns:
    """What a factor becomes in a model.

    Parameters
    ----------
    factor: of which.
    labels: one per column: the level of a group, else empty.
    values: [rows, columns]; NaN in all columns where the factor is missing.
    reference: the level of a group that the others are compared with.
    together: levels that were too small and stand together.
    """

    factor: Factor
    labels: tuple[str, ...]
    values: Floats
    reference: str = ""
    together: tuple[str, ...] = ()

    @property
    def missing(self) -> Booleans:
        """Rows without a value."""
        found: Booleans = np.asarray(np.isnan(self.values).any(axis=1), dtype=bool)
        return found

    @property
    def counted(self) -> bool:
        """Whether rows with and without it can be counted: a flag or a level."""
        return self.factor.kind in (Kind.FLAG, Kind.GROUP)


def columns_of(factor: Factor, values: npt.NDArray[Any]) -> Columns:
    """The columns of a model from the values of a factor, one per row: numbers, or words with None for missing."""
    if factor.kind is Kind.GROUP:
        return _levels(factor, values)
    if factor.kind is Kind.FLAG:
        numbers = [factor.words.get(str(one), np.nan) for one in values] if factor.words else values
        return Columns(factor, ("",), np.asarray(numbers, dtype=np.float64)[:, None])
    return Columns(factor, ("",), scaled(factor, np.asarray(values, dtype=np.float64))[:, None])


def scaled(factor: Factor, values: Floats) -> Floats:
    """Values per step of the factor; of any shape."""
    if factor.kind is not Kind.LOGARITHM:
        return values / factor.step
    positive = values[values > 0]
    # a count of 0 has no logarithm: it enters as the lowest count that was seen
    least = float(positive.min()) if positive.size else 1.0
    return np.log2(np.where(values <= 0, least, values)) / factor.step


def middle(low: Floats, high: Floats) -> Floats:
    """One value for an interval: its middle; the reported end of "<10" and ">5000"."""
    open_low, open_high = ~np.isfinite(low) | (low == 0), ~np.isfinite(high)
    value = np.where(open_low & ~open_high, high, np.where(open_high & ~open_low, low, (low + high) / 2))
    return np.where(np.isnan(low) | np.isnan(high), np.nan, value)


def _levels(factor: Factor, values: npt.NDArray[Any]) -> Columns:
    known = np.array([one is not None for one in values], dtype=bool)
    words = np.array([str(one) for one in values], dtype=object)
    levels, counts = np.unique(words[known].astype(str), return_counts=True) if known.any() else ((), ())
    sizes = dict(zip(map(str, levels), map(int, counts), strict=True))
    small = tuple(level for level, count in sizes.items() if count < SMALLEST_LEVEL)
    if len(small) > 1:
        words = np.where(np.isin(words.astype(str), small), OTHERS, words.astype(str)).astype(object)
        sizes = {level: count for level, count in sizes.items() if level not in small}
        sizes[OTHERS] = int((words[known] == OTHERS).sum())
    else:
        small = ()
    ordered = sorted(sizes, key=lambda level: (-sizes[level], level))
    if not ordered:
        return Columns(factor, ("",), np.full((len(values), 1), np.nan))
    design = np.array([words == level for level in ordered[1:]], dtype=np.float64).T.reshape(len(values), -1)
    design[~known] = np.nan
    return Columns(factor, tuple(ordered[1:]), design, ordered[0], small)
