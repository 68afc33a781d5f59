"""The fall of haemoglobin at a bleed: as recorded, else from laboratory values around its onset.

Inputs: the feature haemoglobin_fall (g/dL), else haemoglobin of the laboratory (g/dL): the last value before the
onset, at most so many days old, less the lowest in the hours after it. Intervals such as "<7" stay intervals.
Open in the source (ISTH 2005): the window after onset, 24, 48 or 72 hours, and how old the value before may be.
Where the onset or a value has no time of day, calendar days are compared, and the day of onset counts as after it.
Source: catalogue 7.1.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from carac.definitions.bleeding.bleeds import is_bleed, overt
from carac.language.comparisons import Interval
from carac.language.definition import Tables
from carac.language.event_rules import KEYS, MINUTE, days_between, possibly
from carac.parameters import Values


def with_fall(tables: Tables, rows: ibis.Table, values: Values) -> ibis.Table:
    """The bleeds with `fall_low`, `fall_high` (g/dL) and `fall_by` (record or laboratory), null where not known."""
    measured = _measured(tables, values)
    measured = measured.rename({f"hb_{name}": name for name in KEYS})
    joined = rows.left_join(measured, [rows[name] == measured[f"hb_{name}"] for name in KEYS])
    recorded = joined.haemoglobin_fall.notnull()
    # The marrow is suppressed: without an overt bleed a fall in the laboratory shows none.
    usable = possibly(overt(joined)) & joined.measured_low.notnull()
    missing = ibis.null("float64")
    joined = joined.mutate(
        fall_low=ibis.cases((recorded, joined.haemoglobin_fall), (usable, joined.measured_low), else_=missing),
        fall_high=ibis.cases((recorded, joined.haemoglobin_fall), (usable, joined.measured_high), else_=missing),
        fall_by=ibis.cases((recorded, "record"), (usable, "laboratory"), else_=ibis.null("string")),
    )
    return joined.drop(*(f"hb_{name}" for name in KEYS), "measured_low", "measured_high")


def fall(rows: ibis.Table) -> Interval:
    """The fall as an interval, g/dL."""
    return Interval(rows.fall_low, rows.fall_high)


def _measured(tables: Tables, values: Values) -> ibis.Table:
    near = _near(tables, values)
    group = ibis.window(group_by=[near[name] for name in KEYS])
    near = near.mutate(last=near.before.ifelse(near.time, ibis.null("timestamp")).max().over(group))
    # Two values of the same time leave it open which was last: both count.
    last = near.before & (near.time == near.last)
    ends = near.group_by(list(KEYS)).aggregate(
        before_low=near.value_low.min(where=last),
        before_high=near.value_high.max(where=last),
        lowest_low=near.value_low.min(where=near.after),
        lowest_high=near.value_high.min(where=near.after),
    )
    return ends.select(
        *KEYS,
        measured_low=ends.before_low - ends.lowest_high,
        measured_high=ends.before_high - ends.lowest_low,
    )


def _near(tables: Tables, values: Values) -> ibis.Table:
    labs = tables.labs.filter(tables.labs.analyte == "haemoglobin")
    labs = labs.select("time", "time_precision", "value_low", "value_high", hb_patient=labs.patient_id)
    events = tables.events.filter(is_bleed(tables.events)).select(*KEYS, "onset", "onset_precision")
    near = events.inner_join(labs, events.patient_id == labs.hb_patient)
    before, after = _sides(near, int(str(values["hb_look_back_days"])), int(str(values["hb_window_hours"])))
    near = near.mutate(before=before.fill_null(False), after=after.fill_null(False))
    return near.filter(near.before | near.after)


def _sides(near: ibis.Table, days: int, hours: int) -> tuple[ir.BooleanValue, ir.BooleanValue]:
    timed = (near.onset_precision == MINUTE) & (near.time_precision == MINUTE)
    since = days_between(near.time, near.onset)
    before = timed.ifelse(
        (near.time < near.onset) & (near.time >= near.onset - ibis.interval(hours=24 * days)),
        (since < 0) & (since >= -days),
    )
    after = timed.ifelse(
        (near.time >= near.onset) & (near.time <= near.onset + ibis.interval(hours=hours)),
        (since >= 0) & (since * 24 <= hours),
    )
    return before, after
