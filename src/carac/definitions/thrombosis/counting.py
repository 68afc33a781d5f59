"""Thrombosis class: venous, arterial, or why not, and whether the event counts as a new one.

Sources: catalogue 8.1, 8.2 (counting rules: a proposal, every choice a parameter), 14 (P20), and Zwicker JI et al.
J Thromb Haemost 2014;12:796 (catheter-related, no fibrin sheath).
Inputs: events with acuity and role of their code, day, encounter, present-on-admission flag; features; periods
(stays in hospital, central lines); treatments (anticoagulants) for outpatient codes.
Values: venous; arterial; separate (superficial vein, sinusoidal obstruction, microangiopathy, HIT); flagged (septic,
type-2 infarction, vessel left open by the code: for adjudication); excluded (chronic, sequelae, no thrombosis, fibrin
sheath); baseline (history, or present before the infusion). An event that is no thrombosis has no row.
`__counts` is null where nobody can say, such as a code of the index stay without its present-on-admission flag.
Open in the source: what is read where a code comes without a stay. If no stay and no flag is recorded at all, an
acute code after the infusion counts.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from carac.definitions.thrombosis.catheter import with_catheter
from carac.definitions.thrombosis.classes import NEEDS_TEXT, SOURCE, septic_categories, thromboses
from carac.definitions.thrombosis.earlier import with_earlier
from carac.definitions.thrombosis.setting import with_setting
from carac.language.definition import Certainty, Definition, Output, Status, Tables
from carac.language.event_rules import KEYS, certainly, unknown
from carac.parameters import Parameter, Values
from carac.vocabulary.types import Grain

NAME = "thrombosis_class"


def rows(tables: Tables, values: Values) -> ibis.Table:
    """One row per event about a clot, keyed by patient_id, infusion_number, event_id."""
    events = with_catheter(tables, thromboses(tables), values)
    events = with_setting(tables, events, values)
    events = events.mutate(**_flags(events))
    events = events.mutate(found=_found(events, values))
    events = events.mutate(class_=_class(events), subsegmental_=_subsegmental(events))
    events = with_earlier(events, values)
    events = events.mutate(counts=_counts(events, values))
    return events.select(*KEYS, **_columns(events, values))


def _columns(events: ibis.Table, values: Values) -> dict[str, ir.Value]:
    return {
        NAME: events.class_,
        f"{NAME}__counts": events.counts,
        f"{NAME}__why": _why(events, values),
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


# ---- what an event is


def _flags(events: ibis.Table) -> dict[str, ir.Value]:
    by_code = events.code_role.notnull() & ~events.by_site
    septic_code = by_code & events.code_category.isin(septic_categories())
    return {
        # A code names sepsis or another disease; without one, unrecorded is unknown.
        "septic_": ibis.coalesce(events.septic, ibis.cases((by_code, septic_code), else_=unknown())),
        "superficial": events.category == "superficial",
        "role": ibis.cases((events.by_site, "event"), else_=events.code_role.fill_null("event")),
    }


def _found(events: ibis.Table, values: Values) -> ir.StringValue:
    """The first word that applies, in the order in which one outweighs the next."""
    flag = events.role == "flag"
    site_open = certainly(events.code_category.isin(NEEDS_TEXT))
    never = events.role.isin(("exclude", "exclude_incident"))
    chronic = certainly(events.code_acuity == "chronic")
    septic = certainly(events.septic_) & (not values["septic_counts"])
    type_2 = certainly(events.category == "MI_type_2")
    kept_type_2 = type_2 & bool(values["type_2_infarction_counts"])
    return ibis.cases(
        (events.role == "baseline", "history"),
        (never & chronic, "chronic"),
        (events.role == "exclude_incident", "history"),
        (events.role == "exclude", "no_thrombosis"),
        (events.role == "separate", "separate_entity"),
        (certainly(events.fibrin_sheath), "fibrin_sheath"),
        (septic, "septic"),
        (type_2 & ~kept_type_2, "type_2_infarction"),
        (events.role == "modifier_catheter", "catheter_code_alone"),
        (flag & site_open, "needs_text"),
        (flag & ~kept_type_2 & ~certainly(events.septic_), "flagged_code"),
        (certainly(events.superficial) & (not values["superficial_counts"]), "superficial"),
        (certainly(events.before_infusion), "present_before_infusion"),
        else_="acute_event",
    )


#: Class by the word that was found; the others are venous or arterial.
CLASS_OF = {
    "history": "baseline",
    "present_before_infusion": "baseline",
    "chronic": "excluded",
    "no_thrombosis": "excluded",
    "fibrin_sheath": "excluded",
    "separate_entity": "separate",
    "superficial": "separate",
    "septic": "flagged",
    "type_2_infarction": "flagged",
    "catheter_code_alone": "flagged",
    "needs_text": "flagged",
    "flagged_code": "flagged",
}


def _class(events: ibis.Table) -> ir.StringValue:
    # Sequelae are history, but never a risk that the record states: excluded.
    sequelae = (events.found == "history") & (events.role == "exclude_incident")
    by_word = events.found.cases(*CLASS_OF.items(), else_=events.bed)
    return ibis.cases((sequelae, "excluded"), else_=by_word)


def _subsegmental(events: ibis.Table) -> ir.BooleanValue:
    category = events.category.fill_null("")
    proximal = category.isin(("PE_saddle", "PE_central_lobar", "PE_segmental"))
    smallest = events.most_proximal_vessel == "subsegmental"
    by_feature = ibis.cases((smallest, True), (events.subsegmental == "no", False), else_=unknown())
    return ibis.cases(
        (category.startswith("PE_subsegmental"), True),
        (proximal | ~category.startswith("PE_"), False),
        else_=by_feature,
    )


# ---- whether it counts


def _counts(events: ibis.Table, values: Values) -> ir.BooleanValue:
    acute = certainly(events.class_.isin(("venous", "arterial")))
    kept = ~events.repeated & ~events.admission_unknown_ & events.treated
    for parameter, flag in _OPTIONAL:
        if not values[parameter]:
            kept = kept & ~events[flag]
    return ibis.cases((~acute, False), else_=kept)


#: Parameters that leave a kind of event out, with the column that says what it is.
_OPTIONAL = (
    ("catheter_counts", "catheter"),
    ("incidental_counts", "incidental"),
    ("subsegmental_counts", "subsegmental_"),
)


def _why(events: ibis.Table, values: Values) -> ir.StringValue:
    acute = events.found == "acute_event"
    repeated = "washout" if values["earlier_code"] == "washout" else "repeated_mention"
    left_out = [
        (certainly(events[flag]), parameter.removesuffix("_counts"))
        for parameter, flag in _OPTIONAL
        if not values[parameter]
    ]
    return ibis.cases(
        (~acute, events.found),
        *((flag, f"{word}_left_out") for flag, word in left_out),
        (certainly(events.repeated), repeated),
        (events.admission_unknown_.isnull(), "present_on_admission_unknown"),
        (~certainly(events.treated), "no_anticoagulant_recorded"),
        (certainly(events.recurrent), "recurrent"),
        else_="acute_event",
    )


PARAMETERS = (
    Parameter("superficial_counts", False, "whether superficial vein thrombosis is venous thromboembolism"),
    Parameter("subsegmental_counts", True, "whether subsegmental pulmonary embolism counts"),
    Parameter("incidental_counts", True, "whether an incidental finding counts; flagged anyway"),
    Parameter("catheter_counts", True, "whether catheter-related thrombosis counts; flagged anyway"),
    Parameter("type_2_infarction_counts", False, "whether type-2 myocardial infarction counts as arterial"),
    Parameter("septic_counts", False, "whether septic thrombosis and embolism counts"),
    Parameter(
        "earlier_code", "recurrent",
        "what an earlier event of the same category does: a later code counts only with evidence of recurrence and one "
        "before the infusion excludes nothing (recurrent), or either excludes within washout_days (washout)",
        choices=("recurrent", "washout"), source="catalogue 8.2",
    ),
    Parameter("washout_days", 365, "days without an event of the category, under washout", lowest=1, highest=3650),
    Parameter("cvc_lookback_days", 7, "days after removal for which a line still counts", lowest=0, highest=90),
    Parameter("code_link_days", 7, "days within which a catheter code belongs to a venous code", lowest=0, highest=30),
    Parameter(
        "outpatient_requires_treatment", True,
        "whether a venous outpatient code counts only with an anticoagulant started within treatment_link_days",
        source="catalogue 8.2",
    ),
    Parameter("treatment_link_days", 30, "days from an outpatient code to its anticoagulant", lowest=0, highest=180),
)  # fmt: skip

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
        "acute_event, recurrent; or why it does not count: chronic, history, no_thrombosis, separate_entity, "
        "fibrin_sheath, septic, type_2_infarction, catheter_code_alone, needs_text, flagged_code, superficial, "
        "present_before_infusion, repeated_mention, washout, present_on_admission_unknown, "
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
            "An acute code of which neither stay nor flag is recorded counts.",
            "Sepsis, type-2 infarction and a fibrin sheath that nobody recorded are taken as absent for counting.",
            "A later code of the same category is a repeated mention unless recurrence is recorded; the two sides are "
            "one category.",
        ),
        needs=("events",),
    ),
)
