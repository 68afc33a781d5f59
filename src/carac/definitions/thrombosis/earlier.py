"""Earlier events of the same category: is this one new, recurrent, or the old one mentioned again.

Source: catalogue 8.2 (a proposal). Sides, and the levels of pulmonary embolism and of leg vein thrombosis, are one
category here: the second code of a stay is mostly the first clot described again.
Recurrent: at a new site, in a new encounter with imaging, or with treatment escalated. A record without code is one
event by itself and never a mention. Beside an earlier clot, one whose vessel nobody wrote down may be its recurrence.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from carac.language.daily_grades import beside
from carac.language.event_rules import KEYS, any_row, certainly, unknown
from carac.parameters import Values


def with_earlier(events: ibis.Table, values: Values) -> ibis.Table:
    """The events with `repeated` (never null) and `recurrent` (null where the record does not tell)."""
    events = events.mutate(group=_group(events))
    pairs = _pairs(events, int(str(values["washout_days"])))
    found = pairs.group_by(list(KEYS)).aggregate(
        any_earlier=pairs.count(),
        in_window=any_row(pairs.other_counts),
        in_washout=any_row(pairs.recent),
        same_encounter=any_row(pairs.encounter == pairs.other_encounter),
    )
    found = found.rename({f"earlier_{name}": name for name in KEYS})
    events = events.left_join(found, [events[name] == found[f"earlier_{name}"] for name in KEYS])
    events = beside(events, _after_unplaced(events), KEYS)
    evidence = events.new_site | events.treatment_escalated | (~events.same_encounter & events.imaging_confirmed)
    coded = events.code.notnull()
    if values["earlier_code"] == "washout":
        repeated = coded & certainly(events.in_washout)
    else:
        repeated = coded & certainly(events.in_window) & ~certainly(evidence)
    recurrent = ibis.cases(
        (events.any_earlier.notnull(), evidence), (certainly(events.after_unplaced), evidence & unknown()), else_=False
    )
    events = events.mutate(repeated=repeated, recurrent=recurrent)
    made = ("any_earlier", "in_window", "in_washout", "same_encounter", "after_unplaced", "group")
    return events.drop(*(f"earlier_{name}" for name in KEYS), *made)


def _group(events: ibis.Table) -> ir.StringValue:
    category = events.category
    return ibis.cases(
        (category.startswith("PE_"), "PE"), (category.startswith("DVT_lower"), "DVT_lower"), else_=category
    )


def _after_unplaced(events: ibis.Table) -> ibis.Table:
    """The events before which there was a clot that may be of their category: of one of the two it is not known."""
    acute = events.filter(events.found.isin(("acute_event", "present_before_infusion")))
    other = acute.select(
        *KEYS[:2], other_event=acute.event_id, other_group=acute.group, other_bed=acute.bed, other_onset=acute.onset
    )
    pairs = events.select(*KEYS, "group", "bed", "onset").inner_join(other, list(KEYS[:2]))
    may_be_alike = pairs.group.isnull() | pairs.other_group.isnull()
    same_bed = pairs.bed == pairs.other_bed
    pairs = pairs.filter(may_be_alike & same_bed & _is_earlier(pairs))
    return pairs.select(*KEYS, after_unplaced=ibis.literal(True)).distinct()


def _is_earlier(pairs: ibis.Table) -> ir.BooleanValue:
    """Of two at the same time one is the first: the lower number."""
    at_once = (pairs.other_onset == pairs.onset) & (pairs.other_event < pairs.event_id)
    return (pairs.other_onset < pairs.onset) | at_once


def _pairs(events: ibis.Table, washout: int) -> ibis.Table:
    """Each event with every earlier one of its category that was an acute clot, before or after the infusion."""
    acute = events.class_.isin(("venous", "arterial")) | (events.found == "present_before_infusion")
    other = events.filter(certainly(acute))
    other = other.select(
        other_patient=other.patient_id,
        other_infusion=other.infusion_number,
        other_event=other.event_id,
        other_group=other.group,
        other_onset=other.onset,
        other_day=other.onset_day,
        other_encounter=other.encounter,
        other_counts=certainly(other.found == "acute_event"),
    )
    own = events.select(*KEYS, "group", "onset", "onset_day", "encounter")
    same = [
        own.patient_id == other.other_patient,
        own.infusion_number == other.other_infusion,
        own.group == other.other_group,
    ]
    pairs = own.inner_join(other, same)
    pairs = pairs.filter(_is_earlier(pairs))
    return pairs.mutate(recent=pairs.onset_day - pairs.other_day <= washout)
