"""What imaging shows of a thrombosis: new or extended; an embolism that is subsegmental; a stroke or a passing attack.

Sources: catalogue 15; extension of 5 cm after the CATCH trial, BMC Cancer 2013;13:284 (table 2 opened); subsegmental
embolism after the Delphi of den Exter 2020 (abstract opened); stroke and transient attack by tissue or time (from
memory, high).
Inputs: features of the event.
Values: `extended_thrombosis` 1 new or extended, 0 not; `subsegmental_embolism_imaging` 1 meets the criteria, 0 not;
`stroke_or_transient_attack` stroke or transient_attack; null where what is missing decides. An event of which none of
the features is recorded has no row.
Open in the source: whether tissue or time tells a transient attack from a stroke (`tia_rule`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ibis
import ibis.expr.types as ir

from carac.language.definition import Certainty, Citation, Definition, Output, Rule, Status, Tables, Values
from carac.language.event_rules import KEYS, any_known, any_of, features, meets
from carac.parameters import Parameter
from carac.vocabulary.types import Grain

EXTENDED, SUBSEGMENTAL, STROKE = (
    "extended_thrombosis",
    "subsegmental_embolism_imaging",
    "stroke_or_transient_attack",
)
EXTENSION = Rule("extension", "extension of the defect", "cm", (("≥", 5.0, 1),))
SLICES = Rule("slices", "axial slices in a row with the defect", "", (("≥", 2.0, 1),))
COLLIMATION = Rule("collimation", "collimation", "mm", (("≤", 1.0, 1),))
LASTING = Rule("lasting", "neurological deficit", "h", (("≥", 24.0, 1),))

TIA_RULE = Parameter(
    "tia_rule", "tissue",
    "tissue: an infarct on imaging or a deficit that lasts is a stroke; time: a deficit that lasts alone",
    ("tissue", "time"), source="catalogue 15",
)  # fmt: skip


def _recorded(tables: Tables, kind: str, wanted: Sequence[str]) -> ibis.Table:
    """The events of a kind of which one of the features is recorded."""
    events = features(tables, wanted)
    return events.filter(events.kind == kind, any_known(events, wanted))


def _truth(events: ibis.Table, name: str, met: ir.BooleanValue) -> ibis.Table:
    # Unknown stays null: neither met nor denied.
    said = ibis.cases((met, 1), (~met, 0), else_=ibis.null("int8")).cast("int8")
    return events.select(*KEYS, **{name: said})


def extended_rows(tables: Tables, _: Values) -> ibis.Table:
    """One row per venous event with a feature of extension."""
    events = _recorded(tables, "venous", ("new_noncompressible_segment", "defect_extension", "new_filling_defect"))
    extended = meets(EXTENSION, events.defect_extension)
    return _truth(events, EXTENDED, any_of((events.new_noncompressible_segment, events.new_filling_defect, extended)))


def subsegmental_rows(tables: Tables, _: Values) -> ibis.Table:
    """One row per venous event with slices or collimation."""
    events = features(tables, ("most_proximal_vessel", "consecutive_slices", "collimation"))
    events = events.filter(events.kind == "venous", any_known(events, ("consecutive_slices", "collimation")))
    smallest = events.most_proximal_vessel == "subsegmental"
    seen = meets(SLICES, events.consecutive_slices) & meets(COLLIMATION, events.collimation)
    return _truth(events, SUBSEGMENTAL, smallest & seen)


def stroke_rows(tables: Tables, values: Values) -> ibis.Table:
    """One row per arterial event with an infarct or the hours of a deficit."""
    events = _recorded(tables, "arterial", ("infarct_on_imaging", "deficit_hours"))
    stroke = meets(LASTING, events.deficit_hours)
    if values["tia_rule"] == "tissue":
        stroke = events.infarct_on_imaging | stroke
    word = ibis.cases((stroke, "stroke"), (~stroke, "transient_attack"), else_=ibis.null("string"))
    return events.select(*KEYS, **{STROKE: word})


def _definition(name: str, title: str, citation: str, certainty: Certainty, **more: Any) -> Definition:
    return Definition(
        name=name,
        title=title,
        instrument="Thrombosis on imaging",
        version="as tabulated",
        citation=Citation(citation),
        status=Status.CONSENSUS,
        certainty=certainty,
        population="patients with a thrombosis",
        grain=Grain.EVENT,
        needs=("events", "event_features"),
        **more,
    )


DEFINITIONS: tuple[Definition, ...] = (
    _definition(
        EXTENDED,
        "New or extended venous thrombosis on imaging",
        "CATCH trial. BMC Cancer 2013;13:284, table 2",
        Certainty.VERIFIED,
        outputs=(Output("", "1 new or extended, 0 not; null where what is missing decides"),),
        rows=extended_rows,
        rules=(EXTENSION,),
        highest=1,
        choices=("A segment that cannot be compressed any more, and a new defect of the lung, each suffice.",),
    ),
    _definition(
        SUBSEGMENTAL,
        "Subsegmental pulmonary embolism by its slices",
        "den Exter, international Delphi, 2020 (abstract)",
        Certainty.SECONDARY,
        outputs=(Output("", "1 meets the criteria, 0 not; null where what is missing decides"),),
        rows=subsegmental_rows,
        rules=(SLICES, COLLIMATION),
        highest=1,
        monotone=False,
        choices=(
            "It stands beside thrombosis_class, which reads the vessel alone, and changes nothing there.",
            "No more proximal defect is what most_proximal_vessel says.",
        ),
    ),
    _definition(
        STROKE,
        "Stroke or transient attack",
        "Stroke and transient ischaemic attack by tissue or time, as tabulated in catalogue 15 (2026)",
        Certainty.MEMORY_HIGH,
        outputs=(Output("", "stroke or transient_attack; null where what is missing decides", "string"),),
        rows=stroke_rows,
        parameters=(TIA_RULE,),
        rules=(LASTING,),
        lowest=None,
        monotone=False,
        choices=("It stands beside the class of the event, which the record names, and changes nothing there.",),
    ),
)
