"""Platelet recovery to 20 and to 50, after CIBMTR: the first of three consecutive values without transfusion.

Source: footnote of T-ICAHT, Rejeski K, Sanz J, Fei T, et al. Blood 2025;146:834-846. doi:10.1182/blood.2025028833; the
manual of CIBMTR from memory, high (catalogue 2.4).
Inputs: the lowest platelet count of each day (10^9/L) from the infusion on, and platelet transfusions.
Values: the first of three consecutive values, on different days, at or above the threshold, after a first count below
it; 7 days or more lie between the last transfusion and it. Null where the platelets did not recover, never fell, or
where that is not known; `__status` says which.
Open in the source: whether the 7 days are counted to the first of the three values or to each (`clock`).
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from carac.language.comparisons import at_least, below
from carac.language.definition import Certainty, Citation, Definition, Output, Rule, Status, Tables, Values
from carac.parameters import Parameter, whole
from carac.vocabulary.types import Exposure, Grain, Input, Laboratory, Worse

KEYS = ("patient_id", "infusion_number")
PLATELETS = Laboratory("platelets", Worse.LOWER)
CITATION = Citation("Rejeski K et al. Blood 2025;146:834-846", "10.1182/blood.2025028833")
THRESHOLDS = (20, 50)
#: Consecutive values at or above the threshold.
VALUES = 3

PARAMETERS = (
    Parameter(
        "days_without_transfusion", 7, "days from the last platelet transfusion to the value", lowest=1, highest=30,
        source="catalogue 2.4",
    ),
    Parameter(
        "clock", "first", "whether the days without transfusion are counted to the first of the values or to each",
        ("first", "each"), source="catalogue 2.4",
    ),
)  # fmt: skip


def transfused(values: Values) -> Exposure:
    """Platelets on the day or so few days before that a value may stand on them."""
    days = whole(values, "days_without_transfusion") - 1
    return Exposure(f"platelets_transfused_within_{days}_days", ("platelet_transfusion",), days_after=days)


def _recovery(name: str, threshold: int, tables: Tables, values: Values) -> ibis.Table:
    exposure = transfused(values)
    days = tables.days.filter(tables.days.day >= 0, tables.days[PLATELETS.low].notnull())
    rows = days.select(*KEYS, "day", low=days[PLATELETS.low], high=days[PLATELETS.high], transfused=days[exposure.name])
    earlier = ibis.window(group_by=list(KEYS), order_by="day", preceding=(None, 1))
    order = ibis.window(group_by=list(KEYS), order_by="day")
    rows = rows.mutate(
        fell=below(rows.high, threshold).ifelse(1, 0),
        fell_maybe=below(rows.low, threshold).ifelse(1, 0),
        surely=at_least(rows.low, threshold),
        maybe=at_least(rows.high, threshold),
    )
    rows = rows.mutate(after=rows.fell.max().over(earlier) == 1, after_maybe=rows.fell_maybe.max().over(earlier) == 1)

    def recovered(met: ir.BooleanValue, void: ir.BooleanValue, after: ir.BooleanValue) -> ir.BooleanValue:
        free = ~void
        together = met & free & after
        for further in range(1, VALUES):
            following = met.lead(further).over(order).fill_null(False)
            together = together & following
            if values["clock"] == "each":
                together = together & free.lead(further).over(order).fill_null(False)
        return together.fill_null(False)

    nothing = ibis.null("int32")
    rows = rows.mutate(
        sure=recovered(rows.surely, rows.transfused.fill_null(True), rows.after).ifelse(rows.day, nothing),
        possible=recovered(rows.maybe, rows.transfused.fill_null(False), rows.after_maybe).ifelse(rows.day, nothing),
    )
    found = rows.group_by(*KEYS).aggregate(
        earliest=rows.possible.min(), latest=rows.sure.min(), fell=rows.fell.max(), fell_maybe=rows.fell_maybe.max()
    )
    known = found.earliest.notnull() & (found.earliest == found.latest)
    status = ibis.cases(
        (found.fell_maybe == 0, "never_below"),
        (known, "recovered"),
        (found.earliest.isnull() & (found.fell == 1), "not_recovered"),
        else_=ibis.null("string"),
    )
    return found.select(
        *KEYS,
        **{
            name: known.ifelse(found.latest, ibis.null("int32")).cast("int32"),
            f"{name}__lowest": found.earliest.cast("int32"),
            f"{name}__highest": found.latest.cast("int32"),
            f"{name}__status": status,
        },
    )


def _definition(threshold: int) -> Definition:
    name = f"platelet_recovery_{threshold}"
    return Definition(
        name=name,
        title=f"Platelet recovery to {threshold}",
        instrument="Platelet recovery",
        version="CIBMTR style",
        citation=CITATION,
        status=Status.CONSENSUS,
        certainty=Certainty.MEMORY_HIGH,
        population="patients after cell therapy whose platelets fell",
        grain=Grain.INFUSION,
        inputs=(PLATELETS, transfused({"days_without_transfusion": 7})),
        inputs_of=lambda values: _inputs(values),
        outputs=(
            Output("", "day of recovery; null where there is none or it is not known", "int32", "d"),
            Output("__lowest", "earliest possible day of recovery; null where none is possible", "int32", "d"),
            Output("__highest", "earliest sure day of recovery; null where none is sure", "int32", "d"),
            Output(
                "__status",
                "recovered, not_recovered (within the grid), never_below; null where what is missing decides",
                "string",
            ),
        ),
        rows=lambda tables, values: _recovery(name, threshold, tables, values),
        parameters=PARAMETERS,
        rules=(
            Rule(
                "platelets", "platelets, three consecutive values", "10^9/L", (("≥", threshold, 1),), PLATELETS.column
            ),
            Rule("transfusion", "since the last platelet transfusion", "d", (("≥", 7, 1),)),
        ),
        lowest=None,
        monotone=False,
        choices=(
            "The three values are consecutive measurements on different days, not consecutive days.",
            "Recovery is sought after a first count below the threshold from day 0 on.",
            "Without a table of treatments nobody knows of transfusions: the day has a range.",
        ),
    )


def _inputs(values: Values) -> tuple[Input, ...]:
    return (PLATELETS, transfused(values))


DEFINITIONS: tuple[Definition, ...] = tuple(_definition(threshold) for threshold in THRESHOLDS)
