"""Counting rules of thrombosis: which word an event gets, which class, and whether it counts as a new one.

Source: catalogue 8.2 (a proposal; every choice is a parameter) and 8.1 for what is no venous thromboembolism.
Inputs: events with their category, setting, catheter and earlier events.
Open in the source: sepsis, type-2 infarction and a fibrin sheath that nobody recorded are taken as absent.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from carac.definitions.thrombosis.categories import NEEDS_TEXT, septic_categories, thromboses
from carac.definitions.thrombosis.catheter import with_catheter
from carac.definitions.thrombosis.earlier import with_earlier
from carac.definitions.thrombosis.setting import with_setting
from carac.language.definition import Tables
from carac.language.event_rules import certainly, unknown
from carac.parameters import Parameter, Values
from carac.vocabulary.event_certainty import RULED_OUT, SUSPECTED


def counted(tables: Tables, values: Values) -> ibis.Table:
    """The events about a clot with `class_`, `counts`, `why` and their flags."""
    events = with_catheter(tables, thromboses(tables), values)
    events = with_setting(tables, events, values)
    events = events.mutate(**_flags(events))
    events = events.mutate(found=_found(events, values))
    events = events.mutate(class_=_class(events), subsegmental_=_subsegmental(events))
    events = with_earlier(events, values)
    return events.mutate(counts=_counts(events, values), why=_why(events, values))


# ---- what an event is


def _flags(events: ibis.Table) -> dict[str, ir.Value]:
    by_code = events.code_role.notnull() & ~events.by_site
    septic_code = by_code & events.code_category.isin(septic_categories())
    return {
        # A code names sepsis or another disease; without one, unrecorded is unknown.
        "septic_": ibis.coalesce(events.septic, ibis.cases((by_code, septic_code), else_=unknown())),
        "superficial": events.category == "superficial",
        # What imaging has confirmed is no suspicion any more.
        "suspected": certainly(events.certainty == SUSPECTED) & ~certainly(events.imaging_confirmed),
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
        (certainly(events.certainty == RULED_OUT), "ruled_out"),
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
    "ruled_out": "excluded",
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
    # A venous event of which nobody wrote down the vessel may be an embolism.
    anywhere = events.category.isnull() & (events.bed == "venous")
    return ibis.cases(
        (anywhere, by_feature),
        (category.startswith("PE_subsegmental"), True),
        (proximal | ~category.startswith("PE_"), False),
        else_=by_feature,
    )


# ---- whether it counts


def _counts(events: ibis.Table, values: Values) -> ir.BooleanValue:
    acute = certainly(events.class_.isin(("venous", "arterial")))
    kept = ~events.repeated & ~events.admission_unknown_ & events.treated
    if values["suspected_counts"] != "yes":
        open_ = unknown() if values["suspected_counts"] == "undecided" else ibis.literal(False)
        kept = kept & ibis.cases((events.suspected, open_), else_=True)
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
        *(((events.suspected, "suspected"),) if values["suspected_counts"] != "yes" else ()),
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
    Parameter(
        "suspected_counts", "undecided",
        "whether an event that the record only suspects counts where no imaging confirms it; undecided leaves it open",
        choices=("undecided", "yes", "no"),
    ),
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
