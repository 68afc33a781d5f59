"""Recent thrombosis before infusion, in classes. A proposal: no classes are agreed.

Source: catalogue 15 (proposal; Hashmi and colleagues took 6 months); the first question of Galli E, Sorà F, Rossi E. Br
J Haematol 2024;205:409-410. doi:10.1111/bjh.19619.
Inputs: thrombotic events before the infusion, by the result of `thrombosis_class`.
Values: days_0_to_30, days_31_to_90, days_91_to_180, over_180_days before the infusion (the last event), date_not_known
(only a code of history, of sequelae or of a chronic clot), or never (none recorded); null without a table of events.
How far back events are read is a parameter of the grid (`grid.events_days_before`): never means never within that.
"""

from __future__ import annotations

import ibis

from carac.language.definition import Certainty, Citation, Definition, Output, Rule, Status, Tables, Values
from carac.vocabulary.types import Grain

NAME = "recent_thrombosis_proposal"
CLASSED = "thrombosis_class"
KEYS = ("patient_id", "infusion_number")
EVENT_KEYS = (*KEYS, "event_id")
#: Last day before infusion of each class.
CLASSES = ((30, "days_0_to_30"), (90, "days_31_to_90"), (180, "days_91_to_180"))


def rows(tables: Tables, values: Values) -> ibis.Table:
    """One row per infusion."""
    every = tables.infusions.select(*KEYS)
    if "events" not in tables.present:
        return every.mutate(**{NAME: ibis.null("string"), f"{NAME}__days_before": ibis.null("int32")})
    classed = tables.results[CLASSED]
    why, day = classed[f"{CLASSED}__why"], classed[f"{CLASSED}__onset_day"]
    # Superficial veins and what awaits adjudication count no more before the infusion than after it.
    dated = why == "present_before_infusion"
    undated = why.isin(("history", "chronic")) & classed[f"{CLASSED}__bed"].notnull() & (day <= 0)
    found = classed.mutate(before=dated.ifelse(-day, ibis.null("int32")), undated=undated.ifelse(1, 0))
    last = found.group_by(*KEYS).aggregate(before=found.before.min(), undated=found.undated.max())
    found = every.left_join(last, list(KEYS)).select(*KEYS, "before", "undated")
    word = ibis.cases(
        *((found.before <= days_before, word) for days_before, word in CLASSES),
        (found.before.notnull(), "over_180_days"),
        (found.undated == 1, "date_not_known"),
        else_="never",
    )
    return found.select(*KEYS, **{NAME: word, f"{NAME}__days_before": found.before.cast("int32")})


DEFINITIONS: tuple[Definition, ...] = (
    Definition(
        name=NAME,
        title="Recent thrombosis before infusion",
        instrument="Recent thrombosis",
        version="proposal",
        citation=Citation("Galli E, Sorà F, Rossi E. Br J Haematol 2024;205:409-410", "10.1111/bjh.19619"),
        status=Status.PROPOSAL,
        certainty=Certainty.LOW,
        population="recipients of CAR T cells",
        grain=Grain.INFUSION,
        outputs=(
            Output(
                "",
                "days_0_to_30, days_31_to_90, days_91_to_180, over_180_days, date_not_known (history alone), never; "
                "null without a table of events",
                "string",
            ),
            Output(
                "__days_before", "days from the last thrombosis to the infusion; null where there is none", "int32", "d"
            ),
        ),
        rows=rows,
        uses=(CLASSED,),
        rules=(
            Rule(
                "days",
                "days from the last thrombosis to the infusion",
                "d",
                (("≤", 30, 3), ("≤", 90, 2), ("≤", 180, 1)),
            ),
        ),
        lowest=None,
        monotone=False,
        by_default=False,
        choices=(
            "Classes are carac's own; how far back events are read is a parameter of the grid.",
            "A clot that was present on admission is at least as old as the stay.",
            "Superficial veins, and what is flagged for adjudication, are not read.",
        ),
        needs=("events",),
    ),
)
