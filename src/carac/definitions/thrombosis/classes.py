"""Thrombosis class: venous, arterial, or why not, and whether the event counts as a new one.

Sources: catalogue 8.1, 8.2 (counting rules: a proposal, every choice a parameter), 14 (P20), and Zwicker JI et al.
J Thromb Haemost 2014;12:796 (catheter-related, no fibrin sheath).
Inputs: events with acuity and role of their code, day, encounter, present-on-admission flag; features; periods
(stays in hospital, central lines); treatments (anticoagulants) for outpatient codes.
Values: venous; arterial; separate (superficial vein, sinusoidal obstruction, microangiopathy, HIT); flagged (septic,
type-2 infarction, vessel left open by the code: for adjudication); excluded (chronic, sequelae, no thrombosis, fibrin
sheath, ruled out); baseline (history, or present before the infusion). An event that is no thrombosis has no row.
`__counts` is null where nobody can say, such as a code of the index stay without its present-on-admission flag.
Open in the source: what is read where a code comes without a stay. If no stay and no flag is recorded at all, an
acute code after the infusion counts.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from carac.definitions.thrombosis.categories import CATEGORY, SOURCE
from carac.definitions.thrombosis.counting import PARAMETERS, counted
from carac.language.definition import Certainty, Definition, Output, Status, Tables
from carac.language.event_rules import KEYS, certainly
from carac.parameters import Values
from carac.vocabulary.types import Grain

NAME = "thrombosis_class"


def rows(tables: Tables, values: Values) -> ibis.Table:
    """One row per event about a clot, keyed by patient_id, infusion_number, event_id."""
    events = counted(tables, values)
    return events.select(*KEYS, **_columns(events))


def _columns(events: ibis.Table) -> dict[str, ir.Value]:
    return {
        NAME: events.class_,
        f"{NAME}__counts": events.counts,
        f"{NAME}__why": events.why,
        f"{NAME}__bed": events.bed,
        f"{NAME}__onset_day": events.onset_day,
        f"{NAME}__reported_apart": certainly(events.code_role == "event_minor"),
        f"{NAME}__catheter_related": events.catheter,
        f"{NAME}__incidental": events.incidental,
        f"{NAME}__subsegmental": events.subsegmental_,
        f"{NAME}__septic": events.septic_,
        f"{NAME}__recurrent": events.recurrent,
        f"{NAME}__superficial": events.superficial,
    }


OUTPUTS = (
    Output(
        "",
        "venous, arterial, separate, flagged, excluded or baseline; null where the vessel is unknown; an event that is "
        "no thrombosis has no row",
        "string",
    ),
    Output("__counts", "counts as a new event under the parameters: true, false, or null where not known", "boolean"),
    Output(
        "__why",
        "acute_event, recurrent; or why it does not count: ruled_out, suspected, chronic, history, no_thrombosis, "
        "separate_entity, fibrin_sheath, septic, type_2_infarction, catheter_code_alone, needs_text, flagged_code, "
        "superficial, present_before_infusion, repeated_mention, washout, present_on_admission_unknown, "
        "no_anticoagulant_recorded, catheter_left_out, incidental_left_out, subsegmental_left_out",
        "string",
    ),
    Output("__bed", "venous or arterial, also where the class says why it does not count; null for neither", "string"),
    Output("__onset_day", "day of onset: of admission if the event was present on it, else of first mention", "int32"),
    Output("__reported_apart", "counted, but reported apart (retinal vein, transient retinal artery)", "boolean"),
    Output("__catheter_related", "catheter-related: true, false, or null where not known", "boolean"),
    Output("__incidental", "incidental finding: true, false, or null where not known", "boolean"),
    Output("__subsegmental", "subsegmental pulmonary embolism: true, false, or null where not known", "boolean"),
    Output("__septic", "septic: true, false, or null where not known", "boolean"),
    Output(
        "__recurrent",
        "after an earlier event of its category: at a new site, in a new encounter with imaging, or with treatment "
        "escalated; null where that is not recorded",
        "boolean",
    ),
    Output("__superficial", "superficial vein: true, false, or null where the vessel is unknown", "boolean"),
)  # fmt: skip

DEFINITIONS: tuple[Definition, ...] = (
    Definition(
        name=NAME,
        title="Thrombosis class and counting",
        instrument="Thrombosis",
        version="2026",
        citation=SOURCE,
        status=Status.CONVENTION,
        certainty=Certainty.MEMORY_HIGH,
        population="all",
        grain=Grain.EVENT,
        outputs=OUTPUTS,
        rows=rows,
        parameters=PARAMETERS,
        lowest=None,
        highest=None,
        choices=(
            "The counting rules are a proposal of the catalogue; each is a parameter.",
            "In a stay that began on or before the day of infusion a code counts only if not present on admission.",
            "In a later stay it counts with any flag; present on admission, it began on the day of admission.",
            "What the record only suspects, and no imaging confirms, is open; what it rules out is excluded.",
            "An acute code of which neither stay nor flag is recorded counts.",
            "Sepsis, type-2 infarction and a fibrin sheath that nobody recorded are taken as absent for counting.",
            "A later code of the same category is a repeated mention unless recurrence is recorded; the two sides are "
            "one category.",
        ),
        needs=("events",),
    ),
    CATEGORY,
)
