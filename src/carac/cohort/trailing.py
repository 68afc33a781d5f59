"""The window of 24 hours before the last coagulation test of a day, in place of the calendar day (catalogue, P10).

Of a day with such a test, the values of the day itself and those of the day before that lie at most 24 hours before the
last one. Where a time of day is not known, a value of the day before may lie inside or not: beside values of the day it
only widens what is known, and alone it is none.
"""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from carac.cohort.grid import value_ends
from carac.vocabulary.analytes import COAGULATION_TESTS, number_of_analyte
from carac.vocabulary.types import Laboratory, Worse

HOURS = 24
MINUTE = "minute"


def with_trailing(days: ibis.Table, rows: ibis.Table, inputs: Sequence[Laboratory]) -> ibis.Table:
    """The grid with the inputs that take the worst value of 24 hours.

    Parameters
    ----------
    days: the grid with the inputs of the calendar day and `cell`.
    rows: laboratory rows with their cell, intervals and results without limits among them.
    """
    wanted = list(dict.fromkeys(i.source for i in inputs if i.trailing))
    if not wanted:
        return days
    earlier = _of_the_day_before(rows, wanted)
    joined = days.left_join(earlier, [days.cell == earlier.next_cell])
    columns: dict[str, ir.Value] = {}
    for place, i in enumerate(wanted):
        day = i.uncarried
        merge = ibis.least if i.worse is Worse.LOWER else ibis.greatest
        own = joined[day.low].notnull()
        inside = joined[_name("certain", place, "from")].notnull()
        for word, end, plain in (("from", i.low, day.low), ("to", i.high, day.high)):
            # The end that a doubtful value may worsen, and the end that only a certain one may.
            kind = "possible" if (end == i.low) == (i.worse is Worse.LOWER) else "certain"
            with_earlier = merge(joined[plain], joined[_name(kind, place, word)])
            columns[end] = ibis.cases((own | inside, with_earlier), else_=ibis.null("float64"))
    return joined.select(*days.columns, **columns)


def _name(kind: str, place: int, end: str) -> str:
    """A short name: PostgreSQL cuts long ones."""
    return f"{kind}_{place}_{end}"


def _of_the_day_before(rows: ibis.Table, wanted: Sequence[Laboratory]) -> ibis.Table:
    """Per next day: the worst values of the day before that surely, and that possibly, lie in its window."""
    tests = rows.filter(rows.analyte_number.isin([number_of_analyte(name) for name in COAGULATION_TESTS]))
    last = tests.group_by("cell").aggregate(
        last_time=tests.time.max(), timed=(tests.time_precision == MINUTE).ifelse(1, 0).min() == 1
    )
    last = last.rename(last_cell="cell")
    numbers = sorted({number_of_analyte(i.analyte) for i in wanted})
    before = rows.filter(rows.analyte_number.isin(numbers)).mutate(next_cell=lambda t: t.cell + 1)
    pairs = before.inner_join(last, [before.next_cell == last.last_cell])
    precise = pairs.timed & (pairs.time_precision == MINUTE)
    recent = pairs.time >= pairs.last_time - ibis.interval(hours=HOURS)
    pairs = pairs.mutate(certain=precise & recent, possible=~precise | recent)
    measures: dict[str, ir.Value] = {}
    for place, i in enumerate(wanted):
        of_analyte = pairs.analyte_number == number_of_analyte(i.analyte)
        for kind in ("certain", "possible"):
            for word, value in zip(("from", "to"), value_ends(pairs, i.scale), strict=True):
                of_input = (of_analyte & pairs[kind]).ifelse(value, ibis.null("float64"))
                measures[_name(kind, place, word)] = of_input.min() if i.worse is Worse.LOWER else of_input.max()
    return pairs.group_by("next_cell").aggregate(**measures)
