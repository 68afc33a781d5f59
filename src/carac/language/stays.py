"""Stays in hospital, made of the periods of a record: a transfer from ward to intensive care is one stay."""

from __future__ import annotations

import ibis

from carac.language.definition import Tables
from carac.language.event_rules import KEYS, any_row, unknown

#: Periods that are a stay in hospital.
HOSPITAL = ("ward", "intensive_care")


def stays(tables: Tables) -> ibis.Table:
    """One row per stay: stay_patient, stay_number, stay_start, stay_end (dates; null end where it is still open).

    Periods that touch, or follow each other on the next day, are one stay: a record that writes dates gives a
    transfer that way.
    """
    rows = tables.periods.filter(tables.periods.kind.isin(HOSPITAL))
    rows = rows.select(stay_patient=rows.patient_id, first=rows.start.cast("date"), last=_last_day(rows))
    before = ibis.window(group_by=rows.stay_patient, order_by=[rows["first"], rows["last"]], rows=(None, -1))
    rows = rows.mutate(reached=rows["last"].max().over(before))
    starts = (rows["first"].delta(rows.reached, unit="day") > 1).fill_null(True).ifelse(1, 0)
    rows = rows.mutate(starts=starts)
    until = ibis.window(group_by=rows.stay_patient, order_by=[rows["first"], rows["last"]], rows=(None, 0))
    rows = rows.mutate(stay_number=rows.starts.sum().over(until).cast("int64"))
    return rows.group_by(["stay_patient", "stay_number"]).aggregate(
        stay_start=rows["first"].min(), stay_end=rows["last"].max()
    )


def _last_day(rows: ibis.Table) -> ibis.Value:
    # A period without end is still running.
    return ibis.coalesce(rows.end.cast("date"), ibis.date(9999, 12, 31))


def covering(tables: Tables) -> ibis.Table:
    """Of each event within a stay: the keys, `stay_start` (date) and `inside`.

    `inside` is null on the day of admission and of discharge: calendar days do not tell which came first.
    """
    held, events = stays(tables), tables.events
    onset = events.onset.cast("date")
    within = [events.patient_id == held.stay_patient, held.stay_start <= onset, onset <= held.stay_end]
    rows = events.select(*KEYS, "onset").inner_join(held, within)
    day = rows.onset.cast("date")
    rows = rows.mutate(inner=ibis.cases(((day > rows.stay_start) & (day < rows.stay_end), True), else_=unknown()))
    return rows.group_by(list(KEYS)).aggregate(stay_start=rows.stay_start.min(), inside=any_row(rows.inner))


def with_stay(tables: Tables, events: ibis.Table) -> ibis.Table:
    """The events with `inpatient` (null where not known), `stay_start` (date, null outside a stay) and `stays_known`.

    A patient of whom no stay is recorded at all is taken as an outpatient; `stays_known` says whether any period of
    care is.
    """
    held = covering(tables)
    held = held.rename({f"stay_{name}": name for name in KEYS})
    joined = events.left_join(held, [events[name] == held[f"stay_{name}"] for name in KEYS])
    care = tables.periods.filter(tables.periods.kind.isin((*HOSPITAL, "outpatient")))
    care = care.group_by("patient_id").aggregate(periods_of_care=care.count()).rename(care_patient="patient_id")
    joined = joined.left_join(care, joined.patient_id == care.care_patient)
    joined = joined.mutate(
        inpatient=ibis.cases((joined.stay_start.isnull(), False), else_=joined.inside),
        stays_known=joined.periods_of_care.notnull(),
    )
    return joined.drop(*(f"stay_{name}" for name in KEYS), "inside", "care_patient", "periods_of_care")
