"""The made-up laboratories: what each analyte is printed in, between which limits, and the limits of normal beside it.

Three laboratories with reagents of their own; a centre belongs to one of them. All of it is invented, of a size that a
hospital laboratory could print. The canonical unit of an analyte is that of carac's vocabulary.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from io import StringIO

import numpy as np

from carac.synthetic.course import Array, Floats, Integers

#: How many laboratories there are.
LABORATORIES = 3
#: Whose limits of normal are printed; a child is younger than `CHILD` years.
GROUPS = ("female", "male", "child")
CHILD = 12.0


@dataclass(frozen=True)
class Assay:
    """How an analyte is reported.

    Parameters
    ----------
    analyte: word of the vocabulary.
    panel: what it is ordered with.
    unit: canonical; empty for a quantity without unit.
    decimals: digits after the point; -1 rounds to tens.
    lowest, highest: what lies beyond is reported as "<" or ">"; NaN where the assay has no such limit.
    noise_as: analyte whose random numbers it shares, because both come from one sample in one machine.
    other_unit: unit of laboratories that print another; empty where there is none.
    other_factor, other_decimals: value in the other unit = value x factor, and its digits.
    """

    analyte: str
    panel: str
    unit: str
    decimals: int
    lowest: float
    highest: float
    noise_as: str
    other_unit: str
    other_factor: float
    other_decimals: int


@cache
def assays() -> tuple[Assay, ...]:
    """Every assay, in the order in which the results of one sample are printed."""
    return tuple(
        Assay(
            row["analyte"],
            row["panel"],
            row["unit"],
            int(row["decimals"]),
            _number(row["lowest"]),
            _number(row["highest"]),
            row["noise_as"],
            row["other_unit"],
            _number(row["other_factor"]),
            int(row["other_decimals"] or 0),
        )
        for row in _rows("laboratory.csv")
    )


@dataclass(frozen=True)
class Limits:
    """Limits of normal, and what the reagent of a laboratory makes of a value.

    Parameters
    ----------
    lower, upper: in the canonical unit, [laboratory, group, assay]; NaN where none is printed.
    factor: result of the laboratory = value x factor, [laboratory, assay].
    """

    lower: Floats
    upper: Floats
    factor: Floats


@cache
def limits() -> Limits:
    """The limits of normal of every laboratory, group and assay."""
    place = {assay.analyte: number for number, assay in enumerate(assays())}
    shape = (LABORATORIES, len(GROUPS), len(place))
    lower, upper = np.full(shape, np.nan), np.full(shape, np.nan)
    factor = np.ones((LABORATORIES, len(place)))
    for row in _rows("laboratory_limits.csv"):
        laboratory, assay = int(row["laboratory"]), place[row["analyte"]]
        groups = slice(None) if row["group"] == "all" else GROUPS.index(row["group"])
        lower[laboratory, groups, assay] = _number(row["lower_limit"])
        upper[laboratory, groups, assay] = _number(row["upper_limit"])
        factor[laboratory, assay] = _number(row["factor"])
    return Limits(lower, upper, factor)


def groups_of(sex: Array, age: Array) -> Integers:
    """Whose limits of normal each patient has, as a place in `GROUPS`, [B].

    Parameters
    ----------
    sex: "female" or "male", [B].
    age: years, [B].
    """
    adult = np.where(sex == "female", GROUPS.index("female"), GROUPS.index("male"))
    return np.where(age.astype(np.float64) < CHILD, GROUPS.index("child"), adult).astype(np.int64)


def _rows(name: str) -> list[dict[str, str]]:
    text = (files("carac.synthetic") / name).read_text(encoding="utf-8")
    return list(csv.DictReader(StringIO(text)))


def _number(text: str) -> float:
    return float(text) if text else float("nan")
