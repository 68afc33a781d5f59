"""Platelets refractory to transfusion: two in a row without enough of a rise. A proposal of carac's own.

Source: none has an algorithm; catalogue 14, P16 ("refractory": failure of the corrected count increment twice, LOW).
The increment corrected for body surface and dose: Bishop JF et al. Transfus Med 1992;2:35-41.
doi:10.1111/j.1365-3148.1992.tb00132.x; 5 on the day after is from a secondary source.
Inputs: platelet transfusions; the lowest platelet count of the day of each, taken as the one that led to it, and that
of the day after; weight and height.
Values: the day after the transfusion that completes the failures; null where there is none, or it is not known;
`__status` says which. A transfusion fails where the increment, times the body surface (m2) over the platelets given
(10^11), is too small. What is not measured is neither a failure nor a success. Every constant is a parameter.
Five drawn courses that it gets right and two that it does not are in tests/cases/platelet_refractoriness.toml.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from carac.language.comparisons import Interval, at_least, below
from carac.language.definition import Certainty, Citation, Definition, Output, Rule, Status, Tables, Values
from carac.parameters import Parameter, numeric, whole
from carac.vocabulary.types import Grain, Laboratory, Worse

NAME = "platelet_refractoriness_proposal"
KEYS = ("patient_id", "infusion_number")
PLATELETS = Laboratory("platelets", Worse.LOWER)
SOURCE = "proposal of carac"
#: The corrected increment below which a transfusion has failed, and how many in a row must have.
INCREMENT, FAILURES = 5.0, 2
#: Mosteller's formula: the square root of height (cm) times weight (kg) over this is the body surface in m2.
MOSTELLER = 3600.0
#: How a record says that a dose is a number of transfusions.
UNITS = ("unit", "units")

PARAMETERS = (
    Parameter(
        "increment_below", INCREMENT, "corrected increment (10^9/L x m2 / 10^11) below which a transfusion has failed",
        lowest=0.1, source="secondary; catalogue 14, P16, LOW",
    ),
    Parameter(
        "failures_needed", FAILURES, "transfusion days in a row that must have failed", lowest=1, highest=5,
        source="catalogue 14, P16, LOW",
    ),
    Parameter("platelets_per_unit", 3.0, "platelets (10^11) in one transfusion", lowest=0.1, source=SOURCE),
    Parameter(
        "body_surface", None, "body surface (m2) where weight or height is not recorded; none leaves it open",
        lowest=0.1, highest=4.0, optional=True, source=SOURCE,
    ),
    Parameter("last_day", 100, "last day of a transfusion that is read", lowest=1, source=SOURCE),
)  # fmt: skip


def rows(tables: Tables, values: Values) -> ibis.Table:
    """One row per infusion."""
    every = tables.infusions.select(*KEYS)
    if "treatments" not in tables.present:
        nothing, text = ibis.null("int32"), ibis.null("string")
        return every.select(*KEYS, **_columns(nothing, text, nothing, nothing))
    judged = _judged(_transfusion_days(tables, whole(values, "last_day")), tables, values)
    needed = whole(values, "failures_needed")
    order = ibis.window(group_by=list(KEYS), order_by="day")
    shown, possible = (_in_a_row(judged.failed.fill_null(open_one), needed, order) for open_one in (False, True))
    judged = judged.mutate(shown_on=shown.ifelse(judged.day + 1, ibis.null("int32")), possible=possible.ifelse(1, 0))
    found = judged.group_by(*KEYS).aggregate(
        shown_on=judged.shown_on.min(),
        possible=judged.possible.max(),
        transfusion_days=judged.count(),
        judged_days=judged.failed.notnull().ifelse(1, 0).sum(),
    )
    found = every.left_join(found, list(KEYS))
    status = ibis.cases(
        (found.transfusion_days.isnull(), "never_transfused"),
        (found.shown_on.notnull(), "refractory"),
        (found.possible == 0, "not_refractory"),
        else_=ibis.null("string"),
    )
    counts = (found[name].fill_null(0).cast("int32") for name in ("transfusion_days", "judged_days"))
    return found.select(*KEYS, **_columns(found.shown_on.cast("int32"), status, *counts))


def _columns(shown_on: ir.Value, status: ir.Value, days: ir.Value, judged: ir.Value) -> dict[str, ir.Value]:
    return {
        NAME: shown_on,
        f"{NAME}__status": status,
        f"{NAME}__transfusion_days": days,
        f"{NAME}__judged_days": judged,
    }


def _transfusion_days(tables: Tables, last_day: int) -> ibis.Table:
    """The days with a transfusion, and how many were given."""
    given = tables.treatments.filter(tables.treatments.agent_class == "platelet_transfusion")
    counted = (given.unit.lower().isin(UNITS) & (given.dose > 0)).fill_null(False)
    given = given.select(
        *KEYS,
        day=ibis.coalesce(given.end_day, given.start_day).cast("int32"),
        units=counted.ifelse(given.dose, ibis.literal(1.0)),
    )
    given = given.filter((given.day >= 0) & (given.day <= last_day))
    return given.group_by(*KEYS, "day").aggregate(units=given.units.sum())


def _judged(given: ibis.Table, tables: Tables, values: Values) -> ibis.Table:
    """Whether each day's transfusion has failed: null where counts or body surface leave it open."""
    low, high = tables.days[PLATELETS.low], tables.days[PLATELETS.high]
    counts = tables.days.select(*KEYS, "day", low=low, high=high)
    before = given.left_join(counts, [*KEYS, "day"])
    before = before.select(*given.columns, before_low=before.low, before_high=before.high)
    following = counts.select(*KEYS, day=(counts.day - 1).cast("int32"), after_low=counts.low, after_high=counts.high)
    both = before.left_join(following, [*KEYS, "day"])
    both = both.select(*before.columns, "after_low", "after_high")
    people = tables.infusions
    measured = ((people.height * people.weight) / MOSTELLER).sqrt()
    surface = people.select(*KEYS, surface=ibis.coalesce(measured, ibis.literal(values["body_surface"], "float64")))
    whose = both.inner_join(surface, list(KEYS))
    increment = Interval(whose.after_low - whose.before_high, whose.after_high - whose.before_low)
    given_platelets = whose.units * numeric(values, "platelets_per_unit")
    corrected = Interval(*(end * whose.surface / given_platelets for end in (increment.low, increment.high)))
    least = numeric(values, "increment_below")
    failed = ibis.cases(
        # No rise at all is none, however large the patient and whatever was given.
        ((increment.high <= 0).fill_null(False) | below(corrected.high, least).fill_null(False), True),
        (at_least(corrected.low, least).fill_null(False), False),
        else_=ibis.null("boolean"),
    )
    return whose.select(*KEYS, "day", failed=failed)


def _in_a_row(failed: ir.BooleanValue, needed: int, order: ibis.expr.builders.WindowBuilder) -> ir.BooleanValue:
    """Whether this transfusion day and those just before it have all failed."""
    together = failed
    for earlier in range(1, needed):
        together = together & failed.lag(earlier).over(order).fill_null(False)
    return together


DEFINITIONS: tuple[Definition, ...] = (
    Definition(
        name=NAME,
        title="Platelets refractory to transfusion",
        instrument="Refractory cytopenia",
        version="proposal",
        citation=Citation(
            "Proposal of carac, 2026; increment after Bishop JF et al. Transfus Med 1992;2:35-41",
            "10.1111/j.1365-3148.1992.tb00132.x",
        ),
        status=Status.PROPOSAL,
        certainty=Certainty.LOW,
        population="recipients of CAR T cells who are given platelets",
        grain=Grain.INFUSION,
        inputs=(PLATELETS,),
        outputs=(
            Output("", "first day on which counts show it; null where they do not, or it is not known", "int32", "d"),
            Output(
                "__status",
                "refractory, not_refractory, never_transfused; null where counts that are missing decide, or without "
                "treatments",
                "string",
            ),
            Output("__transfusion_days", "days with a platelet transfusion; null without treatments", "int32", "d"),
            Output("__judged_days", "of these, days that counts could judge; null without treatments", "int32", "d"),
        ),
        rows=rows,
        parameters=PARAMETERS,
        rules=(
            Rule("increment", "corrected increment on the day after", "10^9/L x m2 / 10^11", (("<", INCREMENT, 1),)),
            Rule("failures", "transfusion days in a row that failed", "", (("≥", FAILURES, 1),)),
        ),
        lowest=None,
        monotone=False,
        by_default=False,
        choices=(
            "No source has an algorithm for CAR T cells: every constant is carac's own, or from a secondary source.",
            "The lowest count of the day of the transfusion is taken as the one before it, the lowest of the next day "
            "as the one after it; several transfusions of a day are judged together.",
            "Without weight and height only a transfusion without any rise has surely failed; a record rarely says "
            "how many platelets were given.",
            "Bleeding, fever, a large spleen and consumption make increments small too: it is no sign of antibodies.",
        ),
        needs=("treatments",),
    ),
)
