"""Stays in hospital, made of the periods of a record: a transfer from ward to intensive care is one stay."""

from __future__ import annotations

from datetime import date

import ibis

from carac.language.definition import Tables
from carac.language.event_rules import unknown

#: Periods that are a stay in hospital.
HOSPITAL = ("ward", "intensive_care")


def stays(tables: Tables) -> ibis.Table:
    """One row per stay: stay_patient, stay_number, stay_start, stay_end (dates; the last there is where it is open).

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
    return ibis.coalesce(rows.end.cast("date"), ibis.literal(date.max))


def with_stay(tables: Tables, events: ibis.Table) -> ibis.Table:
    """The events with `inpatient` (null where not known), `stay_start` (date, null outside a stay) and `stays_known`.

    `inpatient` is null on the day of admission and of discharge: calendar days do not tell which came first. A patient
    of whom no stay is recorded at all is taken as an outpatient; `stays_known` says whether any period of care is.
    """
    held, onset = stays(tables), events.onset.cast("date")
    # Stays of a patient never overlap, so that an event lies within one at most.
    within = [events.patient_id == held.stay_patient, held.stay_start <= onset, onset <= held.stay_end]
    joined = events.left_join(held, within)
    care = tables.periods.filter(tables.periods.kind.isin((*HOSPITAL, "outpatient")))
    care = care.select(care_patient=care.patient_id).distinct()
    joined = joined.left_join(care, joined.patient_id == care.care_patient)
    day = joined.onset.cast("date")
    inside = (day > joined.stay_start) & (day < joined.stay_end)
    joined = joined.mutate(
        inpatient=ibis.cases((joined.stay_start.isnull(), False), (inside, True), else_=unknown()),
        stays_known=joined.care_patient.notnull(),
    )
    return joined.drop("stay_patient", "stay_number", "stay_end", "care_patient")
