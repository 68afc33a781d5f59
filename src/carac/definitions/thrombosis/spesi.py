"""Simplified pulmonary embolism severity index (sPESI): a point each for six findings on the day of the embolism.

Source: sPESI, 2010 (from memory, high; catalogue 15).
Inputs: pulmonary embolisms by their category; age; heart rate (per min), systolic pressure (mmHg) and oxygen saturation
(%) of the day of onset, the worst of each; chronic cardiopulmonary disease, judged so far. Cancer: every patient here.
Values: 1 to 6: age above 80, cancer, cardiopulmonary disease, heart rate of 110 or more, systolic pressure under 100,
saturation under 90; null where what is missing decides. One point is high risk, so that everybody here is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import ibis
import ibis.expr.types as ir

from carac.definitions.thrombosis.categories import thromboses
from carac.language.comparisons import agreed
from carac.language.daily_grades import beside
from carac.language.definition import Certainty, Citation, Definition, Output, Rule, Status, Tables
from carac.language.event_rules import KEYS, certainly, meets, possibly
from carac.vocabulary.types import Grain

NAME = "spesi"
PATIENT = ("patient_id", "infusion_number")
DISEASE = "cardiopulmonary_disease"

AGE = Rule("age", "age", "years", ((">", 80, 1),))
HEART_RATE = Rule("heart_rate", "heart rate", "/min", (("≥", 110, 1),))
PRESSURE = Rule("systolic_pressure", "systolic pressure", "mmHg", (("<", 100, 1),))
SATURATION = Rule("oxygen_saturation", "oxygen saturation", "%", (("<", 90, 1),))
#: Cancer, the reason for the infusion.
CANCER = Rule("cancer", "cancer: every recipient here", "", (("=", 1, 1),))
DISEASED = Rule(DISEASE, "chronic cardiopulmonary disease, judged", "", (("=", 1, 1),))


def rows(tables: Tables) -> ibis.Table:
    """One row per pulmonary embolism, keyed by patient_id, infusion_number, event_id."""
    clots = thromboses(tables)
    events = clots.filter(certainly(clots.category.startswith("PE_"))).select(*KEYS, "day")
    events = beside(events, tables.infusions.select(*PATIENT, "age"), PATIENT)
    events = beside(events, _signs(tables.assessments), (*PATIENT, "day"))
    events = beside(events, _diseased(events, tables.assessments), KEYS)
    found = [
        *(meets(rule, events[rule.name]) for rule in (AGE, HEART_RATE, PRESSURE, SATURATION)),
        events.diseased == 1,
    ]
    low, high = (_points(found, read) for read in (certainly, possibly))
    return events.select(
        *KEYS,
        **{NAME: agreed(low, high), f"{NAME}__lowest": low, f"{NAME}__highest": high},
    )


def _signs(assessments: ibis.Table) -> ibis.Table:
    """The worst of each sign by day."""
    day = assessments.group_by(*PATIENT, "day")
    return day.aggregate(
        heart_rate=assessments.number.max(where=assessments.item == HEART_RATE.name),
        systolic_pressure=assessments.number.min(where=assessments.item == PRESSURE.name),
        oxygen_saturation=assessments.number.min(where=assessments.item == SATURATION.name),
    )


def _diseased(events: ibis.Table, assessments: ibis.Table) -> ibis.Table:
    """Whether the disease was ever affirmed up to the embolism (1), denied (0), or never judged (null)."""
    judged = assessments.filter(assessments.item == DISEASE)
    judged = judged.select(*PATIENT, judged_day=judged.day, yes=(judged.text == "yes").ifelse(1, 0))
    pairs = events.select(*KEYS, "day").inner_join(judged, list(PATIENT))
    return pairs.filter(pairs.judged_day <= pairs.day).group_by(*KEYS).aggregate(diseased=pairs.yes.max())


def _points(found: Sequence[ir.BooleanValue], read: Callable[[ir.BooleanValue], ir.BooleanValue]) -> ir.IntegerValue:
    """One for cancer, and one for each finding under this reading of what is not known."""
    points: ir.IntegerValue = sum((read(met).ifelse(1, 0) for met in found), ibis.literal(1))
    return points.cast("int8")


DEFINITIONS: tuple[Definition, ...] = (
    Definition(
        name=NAME,
        title="Simplified pulmonary embolism severity index (not derived after CAR T cells)",
        instrument="sPESI",
        version="2010",
        citation=Citation("sPESI, 2010 (catalogue 15)"),
        status=Status.CONSENSUS,
        certainty=Certainty.MEMORY_HIGH,
        population="adults with pulmonary embolism",
        grain=Grain.EVENT,
        outputs=(
            Output("", "points, 1 to 6; 1 or more is high risk; null where what is missing decides"),
            Output("__lowest", "fewest possible points"),
            Output("__highest", "most possible points"),
        ),
        rows=lambda tables, _: rows(tables),
        rules=(AGE, CANCER, DISEASED, HEART_RATE, PRESSURE, SATURATION),
        lowest=1,
        highest=6,
        choices=(
            "Cancer counts for everybody, so that nobody is at low risk by this index.",
            "The worst heart rate, pressure and saturation of the calendar day of onset are taken.",
            "Not derived in recipients of CAR T cells, and not calibrated for them.",
        ),
        needs=("events",),
    ),
)
