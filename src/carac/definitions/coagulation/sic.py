"""Sepsis-induced coagulopathy, 2017; outside sepsis, as in cytokine release syndrome, it is SIC-like and no more.

Source: Iba T, Nisio MD, Levy JH, et al. BMJ Open 2017;7:e017046. doi:10.1136/bmjopen-2017-017046; for the ISTH: Iba T
et al. J Thromb Haemost 2019;17:1989-1994. doi:10.1111/jth.14578.
Inputs: INR, platelets (10^9/L), and the sum of four SOFA items (lung, circulation, liver, kidney).
Values: 0 to 6; SIC if the total is 4 or more and INR and platelets together give more than 2; null where what is
missing decides.
Open in the source: nothing in the points. It presupposes sepsis, which carac does not judge: read it as SIC-like.
"""

from __future__ import annotations

import ibis

from carac.definitions.coagulation.sofa import URINE_OUTPUT, criteria
from carac.language.bands import Bands
from carac.language.combined import Combined
from carac.language.comparisons import Interval
from carac.language.definition import Certainty, Citation, Columns, Definition, Layer, Output, Values
from carac.language.event_rules import at_least_grade
from carac.language.points import Item, Total
from carac.language.score import About, score
from carac.language.windows import CARRY_FORWARD, SCORE_WINDOW
from carac.vocabulary.types import Laboratory, Worse

NAME = "sic"
#: Total, and points of INR and platelets, from which on it is SIC.
TOTAL_FROM, COAGULATION_FROM = 4, 3

INR = Item("inr", "INR", Laboratory("inr", Worse.HIGHER), "", Bands(above={1.4: 2, 1.2: 1}))
PLATELETS = Item(
    "platelets", "platelets", Laboratory("platelets", Worse.LOWER), "10^9/L", Bands(below={100: 2, 150: 1})
)


def total(values: Values) -> Total:
    """INR, platelets, and SOFA of at most 2 points."""
    sofa = Combined("sofa", "sum of four SOFA items", criteria(values), bands=Bands(at_least={2: 2, 1: 1}))
    return Total((INR, PLATELETS, sofa))


def _reading(table: ibis.Table) -> Columns:
    ends = {end: table[f"{NAME}__inr__{end}"] + table[f"{NAME}__platelets__{end}"] for end in ("lowest", "highest")}
    coagulation = at_least_grade(Interval(ends["lowest"], ends["highest"]), COAGULATION_FROM)
    enough = at_least_grade(Interval(table[f"{NAME}__lowest"], table[f"{NAME}__highest"]), TOTAL_FROM)
    known = table[f"{NAME}__lowest"].notnull()
    return {f"{NAME}__sic": known.ifelse(coagulation & enough, ibis.null("boolean"))}


def _more(values: Values) -> list[Layer]:
    return [_reading]


DEFINITIONS: tuple[Definition, ...] = (
    score(
        About(
            name=NAME,
            title="SIC-like score (sepsis-induced coagulopathy outside sepsis)",
            instrument="SIC",
            version="2017",
            citation=Citation("Iba T et al. BMJ Open 2017;7:e017046", "10.1136/bmjopen-2017-017046"),
            certainty=Certainty.VERIFIED,
            population="adults with sepsis; SIC-like elsewhere",
            meaning="score, 0 to 6; null where what is missing decides",
            parameters=(URINE_OUTPUT, CARRY_FORWARD, SCORE_WINDOW),
            more_outputs=(
                Output(
                    "__sic",
                    "total of 4 or more, of which INR and platelets give more than 2: true, false, or null where what "
                    "is missing decides",
                    "boolean",
                ),
            ),
            choices=("It presupposes sepsis, which is not judged here: outside sepsis it is SIC-like.",),
        ),
        total,
        _more,
    ),
)
