"""Independence from platelet and from red cell transfusion: the first of so many days without one. A proposal.

Source: none states an algorithm; a proposal of carac's own, after catalogue 2.4.
Inputs: transfusions of platelets or red cells; the day on which observation ends (death, follow-up, the grid).
Values: the first day after a transfusion on which so many days without another begin; null where there was no
transfusion, where observation ends too early, or where no table of treatments is recorded; `__status` says which.
A later transfusion does not undo it: `__transfused_again` counts the days with one.
"""

from __future__ import annotations

import ibis

from carac.language.definition import Certainty, Citation, Definition, Output, Rule, Status, Tables, Values
from carac.parameters import Parameter
from carac.vocabulary.types import Grain

KEYS = ("patient_id", "infusion_number")
CITATION = Citation(
    "Proposal of carac, 2026; after Rejeski K et al. Blood 2025;146:834-846", "10.1182/blood.2025028833"
)
KINDS = (("platelet", "platelet_transfusion", 7), ("red_cell", "red_cell_transfusion", 28))


def _parameters(days: int) -> tuple[Parameter, ...]:
    return (
        Parameter(
            "days_without", days, "days without a transfusion that make independence", lowest=1, highest=100,
            source="proposal of carac",
        ),
    )  # fmt: skip


def _rows(name: str, agent_class: str, tables: Tables, values: Values) -> ibis.Table:
    days, infusions = int(str(values["days_without"])), tables.infusions
    ends = [infusions[f"{event}_day"].fill_null(10000) for event in ("death", "follow_up_end")]
    every = infusions.select(*KEYS, observed_to=ibis.least(infusions.last_day, *ends).cast("int32"))
    if "treatments" not in tables.present:
        return every.select(
            *KEYS,
            **{
                name: ibis.null("int32"),
                f"{name}__status": ibis.null("string"),
                f"{name}__transfused_again": ibis.null("int32"),
            },
        )
    given = tables.treatments.filter(tables.treatments.agent_class == agent_class)
    last = ibis.coalesce(given.end_day, given.start_day)
    given = given.mutate(given_day=last).filter(last >= 0)
    given = given.group_by(*KEYS, "given_day").aggregate(doses=given.count())
    order = ibis.window(group_by=list(KEYS), order_by="given_day")
    given = given.mutate(next_day=given.given_day.lead().over(order))
    joined = given.inner_join(every, list(KEYS))
    until = ibis.coalesce(joined.next_day - 1, joined.observed_to)
    free = (until - joined.given_day) >= days
    joined = joined.mutate(start=free.ifelse(joined.given_day + 1, ibis.null("int32")))
    first = joined.group_by(*KEYS).aggregate(start=joined.start.min(), courses=joined.count())
    later = joined.inner_join(first.select(*KEYS, found=first.start), list(KEYS))
    again = later.filter(later.given_day >= later.found).group_by(*KEYS).aggregate(again=ibis._.count())
    found = every.left_join(first, list(KEYS)).select(*every.columns, "start", "courses")
    found = found.left_join(again, list(KEYS)).select(*found.columns, "again")
    status = ibis.cases(
        (found.courses.isnull(), "never_transfused"), (found.start.notnull(), "independent"), else_="not_shown"
    )
    counted = found.start.notnull().ifelse(found.again.fill_null(0), ibis.null("int64"))
    return found.select(
        *KEYS,
        **{
            name: found.start.cast("int32"),
            f"{name}__status": status,
            f"{name}__transfused_again": counted.cast("int32"),
        },
    )


def _definition(kind: str, agent_class: str, days: int) -> Definition:
    name = f"{kind}_independence_proposal"
    words = kind.replace("_", " ")
    return Definition(
        name=name,
        title=f"Independence from {words} transfusion",
        instrument="Transfusion independence",
        version="proposal",
        citation=CITATION,
        status=Status.PROPOSAL,
        certainty=Certainty.LOW,
        population="recipients of CAR T cells",
        grain=Grain.INFUSION,
        outputs=(
            Output("", "first day of independence; null where there is none, or it is not known", "int32", "d"),
            Output(
                "__status",
                "independent, not_shown (observation ends before), never_transfused; null without treatments",
                "string",
            ),
            Output("__transfused_again", "days with a transfusion after it; null without independence", "int32", "d"),
        ),
        rows=lambda tables, values: _rows(name, agent_class, tables, values),
        parameters=_parameters(days),
        rules=(Rule("days_without", f"days without a {words} transfusion", "d", (("≥", days, 1),)),),
        lowest=None,
        monotone=False,
        by_default=False,
        choices=(
            "No source states a number of days: 7 for platelets is that of recovery, 28 for red cells carac's.",
            "Only transfusions from day 0 on are read; the first free stretch decides.",
        ),
        needs=("treatments",),
    )


DEFINITIONS: tuple[Definition, ...] = tuple(_definition(*kind) for kind in KINDS)
