"""ISTH major bleeding in surgical patients, 2010: bleeds that the record calls postoperative.

Source: Schulman S et al. J Thromb Haemost 2010;8:202-204. doi:10.1111/j.1538-7836.2009.03678.x (abstract opened, items
from memory, moderate; catalogue 15).
Inputs: features of the event; fall of haemoglobin (g/dL) and units of red cells within 24 hours, from the record, else
from the laboratory and from courses linked to the bleed.
Values: 1 major: fatal; symptomatic in a critical area; away from the surgical site with a fall of 2 g/dL (20 g/L) or
more, or 2 units or more; at the surgical site with a second intervention, or with haemodynamic instability and such a
fall or units; in a joint, delaying mobilisation. 0 not major; null where what is missing decides.
A bleed that is not postoperative has no row: `isth_bleeding` is for it.
Open in the source: how old the haemoglobin before the bleed may be (7 days, as for `isth_bleeding`).
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from carac.definitions.bleeding.bleeds import bleeds, critical_area, symptomatic
from carac.definitions.bleeding.haemoglobin_fall import fall, with_fall
from carac.language.comparisons import Interval, agreed
from carac.language.definition import Certainty, Citation, Definition, Output, Rule, Status, Tables
from carac.language.event_rules import KEYS, Criteria, Criterion, certainly, features, meets, unknown
from carac.parameters import Parameter, Values
from carac.vocabulary.types import Grain

NAME = "isth_surgical_bleeding"
MAJOR = 1
#: Features beside those of the non-surgical scale.
MORE = ("postoperative", "surgical_site", "second_intervention", "mobilisation_delayed")
FALL = Rule("haemoglobin_fall", "fall of haemoglobin within 24 hours", "g/dL", (("≥", 2.0, MAJOR),))
RED_CELLS = Rule("red_cell_units", "red cells within 24 hours", "units", (("≥", 2.0, MAJOR),))
JOINT = "intra_articular"

WINDOW = Parameter(
    "hb_window_hours", 24, "hours after onset in which the lowest haemoglobin is looked for", lowest=24, highest=72,
    source="catalogue 15: within 24 h",
)  # fmt: skip
LOOK_BACK = Parameter(
    "hb_look_back_days", 7, "how many days before onset the haemoglobin before the bleed may be", lowest=1, highest=30,
    source="as isth_bleeding",
)  # fmt: skip


def rows(tables: Tables, values: Values) -> ibis.Table:
    """One row per postoperative bleed, keyed by patient_id, infusion_number, event_id."""
    events = with_fall(tables, bleeds(tables), values)
    more = features(tables, MORE)
    more = more.filter(certainly(more.postoperative)).select(*KEYS, *MORE)
    events = events.inner_join(more, list(KEYS))
    criteria = Criteria(tuple(_criteria(events)), 0)
    bounds = criteria.bounds()
    return events.select(
        *KEYS,
        **{
            NAME: agreed(bounds.low, bounds.high).cast("int8"),
            f"{NAME}__lowest": bounds.low.cast("int8"),
            f"{NAME}__highest": bounds.high.cast("int8"),
            f"{NAME}__criterion": criteria.word(),
        },
    )


def _criteria(events: ibis.Table) -> list[Criterion]:
    much = _enough(fall(events), FALL) | _enough(_units(events), RED_CELLS)
    surgical = events.surgical_site
    unstable = events.haemodynamic_instability.isin(("moderate", "severe"))
    in_joint = certainly(events.place == JOINT)
    return [
        Criterion("fatal", MAJOR, events.fatal),
        Criterion("critical_site", MAJOR, critical_area(events) & symptomatic(events)),
        Criterion("elsewhere", MAJOR, ~surgical & much),
        Criterion("second_intervention", MAJOR, surgical & events.second_intervention),
        Criterion("mobilisation_delayed", MAJOR, in_joint & events.mobilisation_delayed),
        Criterion("instability", MAJOR, surgical & unstable & much),
    ]


def _units(events: ibis.Table) -> Interval:
    units = ibis.coalesce(events.red_cell_units, certainly(events.linked_complete).ifelse(events.linked_units, _NONE))
    return Interval(units, units)


_NONE = ibis.null("float64")


def _enough(value: Interval, rule: Rule) -> ir.BooleanValue:
    return ibis.cases((value.known, meets(rule, value)), else_=unknown())


DEFINITIONS: tuple[Definition, ...] = (
    Definition(
        name=NAME,
        title="ISTH major bleeding in surgical patients",
        instrument="ISTH surgical bleeding",
        version="2010",
        citation=Citation("Schulman S et al. J Thromb Haemost 2010;8:202-204", "10.1111/j.1538-7836.2009.03678.x"),
        status=Status.CONSENSUS,
        certainty=Certainty.MEMORY_MODERATE,
        population="surgical patients",
        grain=Grain.EVENT,
        outputs=(
            Output("", "1 major, 0 not; null where what is missing decides"),
            Output("__lowest", "lowest possible value, given what is missing"),
            Output("__highest", "highest possible value, given what is missing"),
            Output(
                "__criterion",
                "the first criterion surely met: fatal, critical_site, elsewhere, second_intervention, "
                "mobilisation_delayed, instability; null where none is",
                "string",
            ),
        ),
        rows=rows,
        parameters=(WINDOW, LOOK_BACK),
        rules=(FALL, RED_CELLS),
        highest=MAJOR,
        choices=(
            "Only bleeds that the record calls postoperative have a row.",
            "Whether the bleed is at the surgical site has to be recorded: else both readings stay possible.",
            "A critical area and symptoms are read as for isth_bleeding.",
            "Units are those of the record, else of courses linked to the bleed.",
            "The items are from memory, of moderate confidence.",
        ),
        needs=("events", "event_features"),
    ),
)
