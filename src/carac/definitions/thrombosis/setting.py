"""Where and when a clot was coded: before the infusion, in the index stay, in a later stay, or as an outpatient.

Inputs: day, onset, encounter and present-on-admission flag of the event; periods (stays); the infusion;
anticoagulants for outpatient codes.
Rules (catalogue 8.2, a proposal): in a stay that began on or before day 0 a code must not have been present on
admission; in a later stay any flag will do; what was present on admission began on that day; an outpatient code wants
an anticoagulant started within 30 days, and not for prophylaxis.
The start of the stay is that of the period that holds the onset, else the first day on which the encounter has an
event, else the onset.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from carac.language.definition import Tables
from carac.language.event_rules import KEYS, MINUTE, certainly, true_or_unknown, unknown
from carac.language.stays import with_stay
from carac.parameters import Values

ANTICOAGULANTS = (
    "unfractionated_heparin",
    "low_molecular_weight_heparin",
    "indirect_factor_xa_inhibitor",
    "direct_oral_anticoagulant",
    "vitamin_k_antagonist",
    "direct_thrombin_inhibitor",
)


def with_setting(tables: Tables, events: ibis.Table, values: Values) -> ibis.Table:
    """The events with what the counting rules ask of their setting.

    `before_infusion`: onset, or presence on admission, before the infusion. `admission_unknown_`: false, or null
    where a code of the index stay lacks its flag. `treated`: true unless an outpatient code lacks its anticoagulant,
    null where no treatments are recorded. `onset_day`: of admission where it was present on it, else of first mention.
    """
    events = _with_admission(tables, events)
    events = _with_anticoagulant(tables, events, int(str(values["treatment_link_days"])))
    index_stay, present = events.admission_day <= 0, events.present_on_admission
    before = (events.day < 0) | events.before_hour | certainly(index_stay & present)
    coded, in_stay = events.code.notnull(), events.stay_start.notnull()
    unflagged = coded & in_stay & index_stay & present.isnull()
    events = events.mutate(
        before_infusion=before,
        admission_unknown_=ibis.cases((certainly(unflagged), unknown()), else_=False),
        treated=_treated(tables, events, bool(values["outpatient_requires_treatment"])),
        onset_day=certainly(present).ifelse(ibis.least(events.admission_day, events.day), events.day),
    )
    return events.drop("before_hour", "anticoagulants", "admission_day")


def _treated(tables: Tables, events: ibis.Table, required: bool) -> ir.BooleanValue:
    if not required:
        return ibis.literal(True)
    # A present-on-admission flag exists for stays only.
    outside = events.stays_known & events.stay_start.isnull() & events.present_on_admission.isnull()
    outpatient = events.code.notnull() & outside & (events.bed == "venous").fill_null(False)
    given = true_or_unknown(events.anticoagulants.notnull())
    none = ibis.literal(False) if "treatments" in tables.present else unknown()
    treated = ibis.coalesce(given, events.anticoagulant_started, none)
    return ibis.cases((outpatient, treated), else_=True)


def _with_admission(tables: Tables, events: ibis.Table) -> ibis.Table:
    infusions = tables.infusions
    infusions = infusions.select(
        "infusion_date",
        "infusion_time",
        "infusion_time_precision",
        admission_patient=infusions.patient_id,
        admission_infusion=infusions.infusion_number,
    )
    events = with_stay(tables, events)
    same = [events.patient_id == infusions.admission_patient, events.infusion_number == infusions.admission_infusion]
    events = events.left_join(infusions, same)
    events = _with_encounter(tables, events)
    timed = (events.onset_precision == MINUTE) & (events.infusion_time_precision == MINUTE)
    by_stay = events.stay_start.delta(events.infusion_date, unit="day").cast("int32")
    events = events.mutate(
        admission_day=ibis.coalesce(by_stay, events.encounter_day, events.day),
        before_hour=certainly(timed & (events.onset < events.infusion_time)),
    )
    return events.drop(
        *("admission_patient", "admission_infusion", "infusion_date", "infusion_time", "infusion_time_precision"),
        "encounter_day",
    )


def _with_encounter(tables: Tables, events: ibis.Table) -> ibis.Table:
    own = ("patient_id", "infusion_number", "encounter")
    rows = tables.events.filter(tables.events.encounter.notnull())
    first = rows.group_by(list(own)).aggregate(encounter_day=rows.day.min())
    first = first.rename({f"first_{name}": name for name in own})
    joined = events.left_join(first, [events[name] == first[f"first_{name}"] for name in own])
    return joined.drop(*(f"first_{name}" for name in own))


def _with_anticoagulant(tables: Tables, events: ibis.Table, days: int) -> ibis.Table:
    given = tables.treatments.filter(tables.treatments.agent_class.isin(ANTICOAGULANTS))
    # Prophylaxis treats no clot.
    given = given.filter((given.intent != "prophylactic").fill_null(True))
    given = given.select(
        given_patient=given.patient_id, given_infusion=given.infusion_number, start_day=given.start_day
    )
    own = tables.events.select(*KEYS, "day")
    pairs = own.inner_join(given, [own.patient_id == given.given_patient, own.infusion_number == given.given_infusion])
    pairs = pairs.filter((pairs.start_day - pairs.day).between(0, days))
    found = pairs.group_by(list(KEYS)).aggregate(anticoagulants=pairs.count())
    found = found.rename({f"given_{name}": name for name in KEYS})
    joined = events.left_join(found, [events[name] == found[f"given_{name}"] for name in KEYS])
    return joined.drop(*(f"given_{name}" for name in KEYS))
