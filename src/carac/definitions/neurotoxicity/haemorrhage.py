"""Intracranial haemorrhage, which is no ICANS: at which moments a patient has one."""

from __future__ import annotations

import ibis

from carac.language.daily_grades import beside
from carac.language.signs import KEYS, seconds
from carac.vocabulary.event_certainty import RULED_OUT

SITE = "intracranial"
MOMENT = (*KEYS, "earliest", "latest")


def with_haemorrhage(moments: ibis.Table, events: ibis.Table, days: int) -> ibis.Table:
    """The moments with `in_haemorrhage` (boolean): from the onset to the last date, else for so many days after it.

    Codes of a history, a sequela or a later visit are not a haemorrhage of that day; one that was ruled out is none.
    """
    by_site = (events.site == SITE) & (ibis.coalesce(events.kind, "bleeding") == "bleeding")
    by_code = events.code_subclass.startswith(SITE)
    incident = ibis.coalesce(events.code_role, "") != "exclude_incident"
    real = ibis.coalesce(events.certainty, "") != RULED_OUT
    bleeds = events.filter(ibis.coalesce(by_site, False) | ibis.coalesce(by_code, False), incident, real)
    spans = bleeds.select(*KEYS, onset=seconds(bleeds.onset), until=ibis.coalesce(bleeds.end_day, bleeds.day + days))
    pairs = moments.select(*MOMENT, "day").inner_join(spans, list(KEYS))
    during = pairs.filter(pairs.latest >= pairs.onset, pairs.day <= pairs.until)
    joined = beside(moments, during.select(*MOMENT).distinct().mutate(bleeding=ibis.literal(1)), MOMENT)
    return joined.mutate(in_haemorrhage=joined.bleeding.notnull()).drop("bleeding")
