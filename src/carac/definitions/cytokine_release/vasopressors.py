"""What was being given at a moment: vasopressors in effect, and treatments after which fever is no longer required.

A course without end lasts until the end of the date on which it starts (a vasopressor), or is one dose (the others).
A course whose start or end is a date only counts as in effect on the whole of that date; two such courses may have
followed each other, so that they are "one or more", not "two at once". Two courses that only touch in one minute are a
change of drug, not two at once.
"""

from __future__ import annotations

from collections.abc import Sequence

import ibis

from carac.language.daily_grades import beside
from carac.language.signs import DAY, KEYS, LAST_SECOND, last_second, seconds

#: Midodrine and other drugs by mouth have classes of their own: they are no vasopressors here.
VASOPRESSOR = "vasopressor"
VASOPRESSIN = "vasopressin"
#: After one of these, fever is no longer required to grade what follows in the same episode.
FEVER_LOWERING = (
    "antipyretic",
    "interleukin_6_receptor_blocker",
    "interleukin_6_blocker",
    "interleukin_1_blocker",
    "steroid",
)
MOMENT = (*KEYS, "earliest", "latest")


def starts(treatments: ibis.Table) -> ibis.Table:
    """The minute at which each vasopressor was started, as a row of the shape of an assessment."""
    courses = treatments.filter(
        treatments.agent_class.isin([VASOPRESSOR, VASOPRESSIN]), treatments.start_precision != "day"
    )
    return courses.select(
        *KEYS,
        day=courses.start_day,
        time=courses.start,
        time_precision=courses.start_precision,
        item=ibis.literal("vasopressor_start"),
        number=ibis.null("float64"),
        text=ibis.null("string"),
    )


def _courses(treatments: ibis.Table) -> ibis.Table:
    """Each course with the earliest and latest second of its start and end."""
    rows = treatments.filter(treatments.agent_class.isin([VASOPRESSOR, VASOPRESSIN, *FEVER_LOWERING]))
    start = seconds(rows.start)
    latest_start = last_second(rows.start, rows.start_precision)
    midnight = (start / DAY).floor() * DAY
    supports = rows.agent_class.isin([VASOPRESSOR, VASOPRESSIN])
    without_end = supports.ifelse(midnight + LAST_SECOND, latest_start)
    courses = rows.select(
        *KEYS,
        "agent",
        "agent_class",
        start_earliest=start,
        start_latest=latest_start,
        end_earliest=ibis.coalesce(seconds(rows.end), without_end),
        end_latest=ibis.coalesce(last_second(rows.end, rows.end_precision), without_end),
    )
    # A course of no length was in effect in the second in which it was given.
    return courses.mutate(
        end_earliest=ibis.greatest(courses.end_earliest, courses.start_earliest + 1),
        end_latest=ibis.greatest(courses.end_latest, courses.start_earliest + 1),
    )


def with_treatments(moments: ibis.Table, treatments: ibis.Table) -> ibis.Table:
    """The moments with what was being given.

    Adds `vasopressors` (distinct ones in effect), `together_lowest` and `together_highest` (how many were certainly and
    possibly in effect at once), `vasopressin` (0 or 1), `vasopressor_until` (seconds; null without vasopressor), and
    `fever_lowering_until` (seconds: latest time up to which a fever-lowering treatment was given that had been started;
    null without one).
    """
    courses = _courses(treatments)
    pairs = moments.select(*MOMENT).inner_join(courses, list(KEYS))
    begun = pairs.filter(pairs.start_earliest <= pairs.latest)
    present = begun.end_latest >= begun.earliest
    pressor = (begun.agent_class == VASOPRESSOR) & present
    certain = (begun.start_latest <= begun.earliest) & (begun.latest < begun.end_earliest)
    supports = begun.agent_class.isin([VASOPRESSOR, VASOPRESSIN]) & present
    given = begun.group_by(*MOMENT).aggregate(
        vasopressors=_distinct(begun, pressor),
        together_lowest=_distinct(begun, pressor & certain),
        together_highest=_distinct(begun, pressor & (begun.end_latest > begun.earliest)),
        vasopressin=((begun.agent_class == VASOPRESSIN) & present).ifelse(1, 0).max(),
        vasopressor_until=begun.end_latest.max(where=supports),
        fever_lowering_until=begun.end_latest.max(where=begun.agent_class.isin(list(FEVER_LOWERING))),
    )
    joined = beside(moments, given, MOMENT)
    return joined.mutate(
        **_nothing_given(joined, ("vasopressors", "together_lowest", "together_highest", "vasopressin"))
    )


def _distinct(courses: ibis.Table, where: ibis.Value) -> ibis.Value:
    return courses.agent.nunique(where=where).cast("int32")


def _nothing_given(table: ibis.Table, counts: Sequence[str]) -> dict[str, ibis.Value]:
    """No course is no drug: treatments are recorded when they are given."""
    return {name: ibis.coalesce(table[name], 0) for name in counts}
