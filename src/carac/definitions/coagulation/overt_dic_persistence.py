"""For how many days in a row DIC has been overt: a score of one day is not yet a course.

Source: software convention (catalogue 4.8: trend over 2 or more consecutive days, `persistence_days`, default 1).
Inputs: overt DIC of each day by a score (`score`).
Values: days in a row, up to this one, on which the score was overt; 0 where it was not; null where days without a
complete score decide. `__persistent` says whether they reach `persistence_days`.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from carac.language.comparisons import agreed
from carac.language.definition import (
    Certainty,
    Citation,
    Columns,
    Definition,
    Layer,
    Output,
    Rule,
    Status,
    Values,
)
from carac.parameters import Parameter, whole
from carac.vocabulary.types import Grain

NAME = "overt_dic_persistence"
KEYS = ("patient_id", "infusion_number")
SCORES = {
    "isth_overt_dic_2025": "isth_overt_dic_2025__overt",
    "isth_overt_dic_2001_10xuln": "isth_overt_dic_2001_10xuln__overt",
    "cdss_malignant": "cdss_malignant__dic",
}
SCORE = Parameter(
    "score", "isth_overt_dic_2025", "whose reading of overt DIC is followed", tuple(SCORES), source="catalogue 4.8"
)
DAYS = Parameter(
    "persistence_days",
    1,
    "days in a row, this one the last, on which DIC has to be overt",
    lowest=1,
    highest=30,
    source="catalogue 4.8",
)


def _run(table: ibis.Table, overt: ir.BooleanValue) -> ir.IntegerValue:
    """Days in a row up to this one; the grid has every day."""
    so_far = ibis.window(group_by=list(KEYS), order_by="day", preceding=None, following=0)
    series = ibis.window(group_by=list(KEYS))
    without = overt.ifelse(ibis.null("int32"), table.day).max().over(so_far)
    before_first = table.day.min().over(series) - 1
    return (table.day - ibis.coalesce(without, before_first)).cast("int16")


def _bounds(values: Values) -> Layer:
    score = str(values["score"])

    def columns(table: ibis.Table) -> Columns:
        known, overt = table[f"{score}__lowest"].notnull(), table[SCORES[score]]
        ends = {"lowest": overt.fill_null(False), "highest": overt.fill_null(True)}
        nothing = ibis.null("int16")
        return {f"{NAME}__{end}": known.ifelse(_run(table, reading), nothing) for end, reading in ends.items()}

    return columns


def _value(values: Values) -> Layer:
    needed = whole(values, "persistence_days")

    def columns(table: ibis.Table) -> Columns:
        low, high = table[f"{NAME}__lowest"], table[f"{NAME}__highest"]
        reached = ibis.cases((low >= needed, True), (high < needed, False), else_=ibis.null("boolean"))
        return {NAME: agreed(low, high), f"{NAME}__persistent": reached}

    return columns


DEFINITIONS: tuple[Definition, ...] = (
    Definition(
        name=NAME,
        title="Days in a row with overt DIC",
        instrument="DIC persistence",
        version="2026",
        citation=Citation("Software convention of carac, 2026 (catalogue 4.8)"),
        status=Status.CONVENTION,
        certainty=Certainty.SECONDARY,
        population="all for whom the score is made",
        grain=Grain.DAY,
        outputs=(
            Output(
                "", "days in a row, up to this one, with overt DIC; null where incomplete scores decide", "int16", "d"
            ),
            Output("__lowest", "fewest such days, open days not overt; null without a score of the day", "int16", "d"),
            Output("__highest", "most such days, open days overt; null without a score of the day", "int16", "d"),
            Output(
                "__persistent",
                "whether they reach persistence_days: true, false, or null where incomplete scores decide",
                "boolean",
            ),
        ),
        layers=lambda values: [_bounds(values), _value(values)],
        parameters=(SCORE, DAYS),
        uses=tuple(SCORES),
        rules=(Rule("days", "days in a row with overt DIC (persistence_days)", "d", (("≥", 1, 1),)),),
        lowest=None,
        choices=("A day without a complete score may have been overt or not, and widens the range.",),
    ),
)
