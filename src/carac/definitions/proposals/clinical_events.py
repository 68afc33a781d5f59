"""Clinical haemostatic events of each day: bleeds by the WHO scale and thromboses that count, for CARAC.

Source: catalogue 5.2 (bleeding of WHO grade 1 or more, or a thrombotic event); a proposal.
Inputs: the results of `who_bleeding` and `thrombosis_class`, by day of onset.
Values: how many events have their onset on the day; 0 on a day without; null where no table of events is recorded, or
where what is missing decides (a clot of which nobody can say whether it counts), with the fewest and the most.
"""

from __future__ import annotations

import ibis

from carac.language.comparisons import agreed
from carac.language.definition import Certainty, Citation, Definition, Output, Rule, Status, Tables, Values
from carac.language.event_rules import certainly, possibly
from carac.parameters import Parameter, whole
from carac.vocabulary.event_certainty import SUSPECTED
from carac.vocabulary.types import Grain

NAME = "haemostatic_events_proposal"
BLEEDING, THROMBOSIS = "who_bleeding", "thrombosis_class"
KEYS = ("patient_id", "infusion_number", "day")
EVENT_KEYS = ("patient_id", "infusion_number", "event_id")

WHO_FROM = Parameter(
    "who_grade_from", 1, "WHO grade of bleeding from which on it is a clinical event", lowest=1, highest=4,
    source="catalogue 5.2",
)  # fmt: skip


def rows(tables: Tables, values: Values) -> ibis.Table:
    """One row per day: how many bleeds and clots began on it, surely and possibly."""
    days = tables.days.select(*KEYS)
    nothing = ibis.null("int32")
    if "events" not in tables.present:
        absent = {f"{NAME}{suffix}": nothing for suffix in ("", "__lowest", "__highest", "__bleeds", "__thromboses")}
        return days.mutate(**absent, **{f"{NAME}__worst_bleed": ibis.null("int8")})
    found = _by_day(_bleeds(tables, values), "bleed").outer_join(
        _by_day(_clots(tables), "clot").rename({f"clot_{key}": key for key in KEYS}),
        [("patient_id", "clot_patient_id"), ("infusion_number", "clot_infusion_number"), ("day", "clot_day")],
    )
    found = found.mutate(**{key: ibis.coalesce(found[key], found[f"clot_{key}"]) for key in KEYS})
    joined = days.left_join(found.drop(*(f"clot_{key}" for key in KEYS)), list(KEYS))
    counts = {
        name: joined[name].fill_null(0).cast("int32")
        for name in ("bleed_surely", "bleed_maybe", "clot_surely", "clot_maybe")
    }
    low, high = counts["bleed_surely"] + counts["clot_surely"], counts["bleed_maybe"] + counts["clot_maybe"]
    return joined.select(
        *KEYS,
        **{
            NAME: agreed(low, high),
            f"{NAME}__lowest": low,
            f"{NAME}__highest": high,
            f"{NAME}__bleeds": agreed(counts["bleed_surely"], counts["bleed_maybe"]),
            f"{NAME}__thromboses": agreed(counts["clot_surely"], counts["clot_maybe"]),
            f"{NAME}__worst_bleed": joined.bleed_worst.cast("int8"),
        },
    )


def _bleeds(tables: Tables, values: Values) -> ibis.Table:
    graded, least = tables.results[BLEEDING], whole(values, "who_grade_from")
    graded = graded.inner_join(tables.events.select(*EVENT_KEYS, "day", "certainty"), list(EVENT_KEYS))
    suspected = certainly(graded.certainty == SUSPECTED)
    return graded.select(
        *EVENT_KEYS,
        "day",
        surely=~suspected & (graded[f"{BLEEDING}__lowest"] >= least).fill_null(False),
        maybe=(graded[f"{BLEEDING}__highest"] >= least).fill_null(True),
        worst=graded[BLEEDING].cast("int32"),
    )


def _clots(tables: Tables) -> ibis.Table:
    classed = tables.results[THROMBOSIS]
    counts = classed[f"{THROMBOSIS}__counts"]
    return classed.select(
        *EVENT_KEYS,
        day=classed[f"{THROMBOSIS}__onset_day"],
        surely=certainly(counts),
        maybe=possibly(counts),
        worst=ibis.null("int32"),
    )


def _by_day(found: ibis.Table, word: str) -> ibis.Table:
    """How many of the events began on each day."""
    joined = found.filter(found.maybe)
    return joined.group_by(*KEYS).aggregate(
        **{
            f"{word}_surely": joined.surely.ifelse(1, 0).sum(),
            f"{word}_maybe": joined.maybe.ifelse(1, 0).sum(),
            f"{word}_worst": joined.worst.max(),
        }
    )


DEFINITIONS: tuple[Definition, ...] = (
    Definition(
        name=NAME,
        title="Clinical haemostatic events of the day",
        instrument="CARAC",
        version="proposal",
        citation=Citation("Mei H et al. Chin Med J (Engl) 2022;135:1639-1641", "10.1097/CM9.0000000000002288"),
        status=Status.PROPOSAL,
        certainty=Certainty.LOW,
        population="recipients of CAR T cells",
        grain=Grain.DAY,
        outputs=(
            Output("", "bleeds and clots with onset on the day; null where what is missing decides", "int32"),
            Output("__lowest", "the fewest; null where no table of events is recorded", "int32"),
            Output("__highest", "the most; null where no table of events is recorded", "int32"),
            Output("__bleeds", "bleeds alone; null where what is missing decides", "int32"),
            Output("__thromboses", "thromboses alone; null where what is missing decides", "int32"),
            Output("__worst_bleed", "worst WHO grade of the bleeds of the day; null without a graded bleed", "int8"),
        ),
        rows=rows,
        parameters=(WHO_FROM,),
        uses=(BLEEDING, THROMBOSIS),
        rules=(Rule("event", "a bleed of WHO grade 1 or more, or a thrombosis that counts", "", (("≥", 1, 1),)),),
        lowest=None,
        monotone=False,
        choices=(
            "An event stands on the day of its onset alone; a clot that was present on admission on that of admission.",
            "A bleed that is only suspected leaves the day open.",
        ),
        needs=("events",),
    ),
)
