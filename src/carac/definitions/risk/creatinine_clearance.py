"""Creatinine clearance after Cockcroft and Gault, from the creatinine before lymphodepletion.

Source: Cockcroft DW, Gault MH. Nephron 1976;16:31-41 (from memory, high; catalogue 15).
Inputs: age (years), weight (kg), sex, creatinine (mg/dL).
Values: mL/min: (140 - age) x weight x 0.85 if female / (72 x creatinine); null where an input is missing, or known
only as an interval (its lowest and highest value then stand beside).
"""

from __future__ import annotations

import ibis

from carac.definitions.endothelium.easix import quotient
from carac.language.comparisons import Interval, agreed, number
from carac.language.definition import (
    Certainty,
    Citation,
    Columns,
    Definition,
    Output,
    Rule,
    Status,
    interval,
)
from carac.vocabulary.types import Baseline, Grain, OfPatient

NAME = "creatinine_clearance"
CREATININE = Baseline("creatinine")
FEMALE, DIVISOR, FROM_AGE = 0.85, 72.0, 140.0


def _bounds(table: ibis.Table) -> Columns:
    sex = table.sex.lower()
    share = ibis.cases(
        (sex.isin(("female", "f")), number(FEMALE)), (sex.isin(("male", "m")), number(1.0)), else_=ibis.null("float64")
    )
    mass = (number(FROM_AGE) - table.age) * table.weight * share / number(DIVISOR)
    clearance = quotient([Interval(mass, mass)], interval(table, CREATININE))
    return {f"{NAME}__lowest": clearance.low, f"{NAME}__highest": clearance.high}


def _value(table: ibis.Table) -> Columns:
    return {NAME: agreed(table[f"{NAME}__lowest"], table[f"{NAME}__highest"])}


DEFINITIONS: tuple[Definition, ...] = (
    Definition(
        name=NAME,
        title="Creatinine clearance (Cockcroft-Gault)",
        instrument="Creatinine clearance",
        version="1976",
        citation=Citation("Cockcroft DW, Gault MH. Nephron 1976;16:31-41"),
        status=Status.CONSENSUS,
        certainty=Certainty.MEMORY_HIGH,
        population="adults with stable creatinine",
        grain=Grain.INFUSION,
        inputs=(CREATININE, OfPatient("age"), OfPatient("weight")),
        outputs=(
            Output("", "clearance before lymphodepletion; null where an input is missing", "float64", "mL/min"),
            Output("__lowest", "lowest possible clearance; null where an input is missing", "float64", "mL/min"),
            Output("__highest", "highest possible clearance; null where an input is missing", "float64", "mL/min"),
        ),
        layers=lambda _: [_bounds, _value],
        rules=(Rule("formula", "(140 - age) x weight x 0.85 if female / (72 x creatinine)", "", ()),),
        lowest=None,
        monotone=False,
    ),
)
