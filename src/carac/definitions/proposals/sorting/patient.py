"""The place of an infusion in the sorting: the worst that its days show, with onset, peak and what stands beside it.

Source: carac's own proposal after Galli E, Sorà F, Rossi E. Br J Haematol 2024;205:409-410. doi:10.1111/bjh.19619.
Inputs: the place of each day, its bounds, and the explanations of the day.
Values: the place of an infusion as of a day, 0 to 5; null where days leave it open, with the lowest place (the worst
that the record shows) and the highest (the worst that it cannot exclude); null without any day of which coagulation is
known.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from carac.definitions.proposals.sorting import GALLI, INSTRUMENT, KEYS, POPULATION, VERSION
from carac.definitions.proposals.sorting.explanations import NAME as EXPLAINED
from carac.definitions.proposals.sorting.places import COAGULOPATHY, OVERT_DIC, WORDS
from carac.definitions.proposals.sorting.places import NAME as PLACE
from carac.language.comparisons import agreed
from carac.language.definition import Certainty, Definition, Output, Rule, Status, Tables, Values
from carac.parameters import Parameter, whole
from carac.vocabulary.types import Grain

NAME = "sorting_patient_proposal"
PARAMETERS = (
    Parameter("last_day", 30, "last day whose place counts", lowest=0, source="carac's own"),
    Parameter(
        "onset_from", COAGULOPATHY, "place from which on coagulopathy has begun", lowest=1, highest=OVERT_DIC,
        source="carac's own",
    ),
)  # fmt: skip


def rows(tables: Tables, values: Values) -> ibis.Table:
    """One row per infusion."""
    days = tables.days
    inside = days.filter((days.day >= 0) & (days.day <= whole(values, "last_day")), days[f"{PLACE}__lowest"].notnull())
    shown, most = inside[f"{PLACE}__lowest"], inside[f"{PLACE}__highest"]
    inside = inside.select(
        *KEYS,
        "day",
        shown=shown,
        most=most,
        worst=shown.max().over(ibis.window(group_by=list(KEYS))),
        consumptive=inside[f"{PLACE}__consumptive"],
        reading=inside[f"{PLACE}__dic_reading"],
        explained=inside[EXPLAINED],
    )
    found = inside.group_by(*KEYS).aggregate(**_measures(inside, whole(values, "onset_from")))
    every = tables.infusions.select(*KEYS).left_join(found, list(KEYS))
    return every.select(*KEYS, **{NAME + suffix: value for suffix, value in _columns(every).items()})


def _measures(days: ibis.Table, onset_from: int) -> dict[str, ir.Value]:
    no_day = ibis.null("int32")
    return {
        "low": days.shown.max(),
        "high": days.most.max(),
        "onset": (days.shown >= onset_from).ifelse(days.day, no_day).min(),
        "peak": ((days.shown == days.worst) & (days.worst > 0)).ifelse(days.day, no_day).min(),
        "known": days.count(),
        "abnormal": (days.shown > 0).ifelse(1, 0).sum(),
        "explained": ((days.shown > 0) & (days.explained > 0)).ifelse(1, 0).sum(),
        "consumptive": ((days.shown >= COAGULOPATHY) & days.consumptive).fill_null(False).ifelse(1, 0).max(),
        # The days with DIC by score: one that stays is enough; one that is open leaves it open.
        "reading": days.reading.cases(("supported", 3), ("open", 2), ("explained", 1), else_=0).max(),
    }


def _columns(found: ibis.Table) -> dict[str, ir.Value]:
    word = found.low.cases(*enumerate(WORDS), else_=ibis.null("string"))
    reading = found.reading.cases((3, "supported"), (2, "open"), (1, "explained"), else_=ibis.null("string"))
    return {
        "": agreed(found.low, found.high).cast("int8"),
        "__lowest": found.low.cast("int8"),
        "__highest": found.high.cast("int8"),
        "__word": word,
        "__onset_day": found.onset.cast("int32"),
        "__peak_day": found.peak.cast("int32"),
        "__days_known": found.known.fill_null(0).cast("int32"),
        "__days_abnormal": found.abnormal.cast("int32"),
        "__days_explained": found.explained.cast("int32"),
        "__consumptive": found.consumptive == 1,
        "__dic_reading": reading,
    }


DEFINITIONS: tuple[Definition, ...] = (
    Definition(
        name=NAME,
        title="Sorting of coagulopathy, place of the infusion",
        instrument=INSTRUMENT,
        version=VERSION,
        citation=GALLI,
        status=Status.PROPOSAL,
        certainty=Certainty.LOW,
        population=POPULATION,
        grain=Grain.INFUSION,
        outputs=(
            Output("", "the worst place of days 0 to 30, 0 to 5 as of a day; null where days leave it open"),
            Output("__lowest", "the worst place that the record shows; null where nothing is known"),
            Output("__highest", "the worst place that it cannot exclude; null where nothing is known"),
            Output("__word", "the worst place that the record shows, in a word; null where nothing is known", "string"),
            Output(
                "__onset_day", "first day with laboratory coagulopathy or worse; null where none is shown", "int32", "d"
            ),
            Output("__peak_day", "first day with the worst place that is shown; null where that is 0", "int32", "d"),
            Output("__days_known", "days of which anything of coagulation is known", "int32", "d"),
            Output("__days_abnormal", "days with an abnormality shown; null where nothing is known", "int32", "d"),
            Output(
                "__days_explained",
                "of these, days on which at least one explanation surely holds; null where nothing is known",
                "int32",
                "d",
            ),
            Output(
                "__consumptive",
                "whether a day with laboratory coagulopathy or worse shows the consumptive pattern; null where nothing "
                "is known",
                "boolean",
            ),
            Output(
                "__dic_reading",
                "of an infusion with DIC by score: supported on one day at least, else open on one, else explained; "
                "null without such a day",
                "string",
            ),
        ),
        rows=rows,
        parameters=PARAMETERS,
        uses=(PLACE, EXPLAINED),
        rules=(Rule("place", "place of a day", "", tuple(("=", place, place) for place in range(OVERT_DIC, 0, -1))),),
        highest=OVERT_DIC,
        monotone=False,
        choices=(
            "A day with a blood count alone cannot exclude laboratory DIC, so the highest place is often 4 or 5; the "
            "lowest is what the record shows and what tables and figures of carac count.",
        ),
    ),
)
