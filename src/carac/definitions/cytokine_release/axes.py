"""The two axes of the ASTCT grade: hypotension and hypoxia, each 0 to 4, as lowest and highest possible grade."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from carac.language.comparisons import Interval, above
from carac.language.signs import Sign
from carac.vocabulary.types import Worse

#: L/min by nasal cannula; exactly 6 is still low flow.
LOW_FLOW = 6.0

#: Numbered in the order of the grades they give.
DEVICES = {
    "none": 0,
    "blow_by": 1,
    "nasal_cannula": 2,
    "high_flow_nasal_cannula": 3,
    "facemask": 3,
    "non_rebreather": 3,
    "venturi": 3,
    "cpap": 4,
    "bipap": 4,
    "mechanical_ventilation": 5,
}
NASAL_CANNULA, MASK, POSITIVE_PRESSURE = 2, 3, 4

NO_YES = {"no": 0, "yes": 1}
SIGNS = (
    Sign("hypotension", NO_YES),
    Sign("hypotension_treatment", {"none": 0, "fluids": 1}),
    Sign("oxygen_device", DEVICES),
    Sign("oxygen_flow"),
)
#: What is said of a device stands in only while the same device is in use.
OF_DEVICE = ("oxygen_flow", "fio2")
#: Whose sign it is. Where one date says both, the sign is counted.
ATTRIBUTIONS = (
    Sign("hypotension_due_to_crs", NO_YES),
    Sign("hypoxia_due_to_crs", NO_YES),
    Sign("fever_due_to_other_cause", NO_YES, Worse.LOWER),
    Sign("home_positive_pressure", NO_YES, Worse.LOWER),
)


def _is(value: ir.NumericValue, number: int) -> ir.BooleanValue:
    """Equal, and false for null."""
    return ibis.coalesce(value, -1) == number


def vasopressor_grade(table: ibis.Table, count: ir.IntegerValue, vasopressin_alone: int) -> ir.IntegerValue:
    """One vasopressor, with or without vasopressin, gives 3; two or more, vasopressin not counted, give 4."""
    return ibis.cases(
        (count >= 2, 4), (table.vasopressors >= 1, 3), (table.vasopressin == 1, vasopressin_alone), else_=0
    )


def hypotension(table: ibis.Table, treatments_recorded: bool, vasopressin_alone: int) -> Interval:
    """Hypotension, 0 to 4; a vasopressor in effect is hypotension also where none was written down.

    Without a record of treatments, hypotension whose treatment is not recorded may have needed any vasopressor.
    """
    recorded = table.hypotension.notnull()
    lowest = _is(table.hypotension, 1).ifelse(2, 0)
    if treatments_recorded:
        highest = _is(table.hypotension, 0).ifelse(0, 2)
        by_lowest = vasopressor_grade(table, table.together_lowest, vasopressin_alone)
        by_highest = vasopressor_grade(table, table.together_highest, vasopressin_alone)
        axis = Interval(ibis.greatest(lowest, by_lowest), ibis.greatest(highest, by_highest))
    else:
        stated = recorded & table.hypotension_treatment.notnull()
        highest = ibis.cases((_is(table.hypotension, 0), 0), (stated, 2), else_=4)
        axis = Interval(lowest, highest)
    return _unless(_is(table.hypotension_due_to_crs, 0), axis)


def hypoxia(table: ibis.Table) -> Interval:
    """Hypoxia by the oxygen that was needed, 0 to 4; unknown flow by nasal cannula is 2 or 3."""
    device, flow = table.oxygen_device, table.oxygen_flow
    at_home = device.isin([DEVICES["cpap"]]) & _is(table.home_positive_pressure, 1)
    high_flow = above(flow, LOW_FLOW)
    lowest = ibis.cases(
        (device.isnull(), ibis.coalesce(above(flow, 0.0), False).ifelse(2, 0)),
        (at_home | (device == 0), 0),
        (device >= POSITIVE_PRESSURE, 4),
        (device == MASK, 3),
        (device == NASAL_CANNULA, ibis.coalesce(high_flow, False).ifelse(3, 2)),
        else_=2,
    )
    highest = ibis.cases(
        (device.isnull(), 4),
        (device == NASAL_CANNULA, ibis.coalesce(high_flow, True).ifelse(3, 2)),
        else_=lowest,
    )
    return _unless(_is(table.hypoxia_due_to_crs, 0), Interval(lowest, highest))


def _unless(removed: ir.BooleanValue, axis: Interval) -> Interval:
    return Interval(removed.ifelse(0, axis.low), removed.ifelse(0, axis.high))
