"""Signs recorded at moments: from one row per recorded item to one row per moment, with a column for each sign.

A moment is a span of seconds. Recorded to the minute, it starts and ends in the same second; recorded as a date only,
it may lie anywhere in that date, so that it spans the whole of it. A sign that is not recorded at a moment may be
stood in for by its last value, for so many hours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import ibis
import ibis.expr.types as ir
from ibis.expr.builders import WindowBuilder

from carac.vocabulary.types import Worse

KEYS = ("patient_id", "infusion_number")
HOUR = 3600.0
DAY = 24 * HOUR
#: A date-only time spans its date up to the last second, so that the next date starts after it.
LAST_SECOND = DAY - 1


@dataclass(frozen=True)
class Sign:
    """One recorded item, as a number.

    Parameters
    ----------
    name: the item in the vocabulary, and the column.
    words: the number of each allowed word; empty where the item is a number itself. An unlisted word is null.
    worse: which value stands where several are recorded at once.
    """

    name: str
    words: Mapping[str, int] = field(default_factory=dict)
    worse: Worse = Worse.HIGHER

    def value(self, rows: ibis.Table) -> ir.NumericValue:
        """Worst value among the rows of this item; null where it has none."""
        number = rows.number
        if self.words:
            number = ibis.cases(*((rows.text == word, rank) for word, rank in self.words.items()))
        recorded = (rows.item == self.name).ifelse(number.cast("float64"), ibis.null("float64"))
        return worst(recorded, self.worse)


def worst(value: ir.NumericValue, worse: Worse) -> ir.NumericValue:
    """The worst value, as an aggregate."""
    return value.min() if worse is Worse.LOWER else value.max()


def seconds(time: ir.TimestampValue) -> ir.FloatingValue:
    """Seconds since 1970 of a time as written, with no arithmetic across a clock change."""
    return time.epoch_seconds().cast("float64")


def last_second(time: ir.TimestampValue, precision: ir.StringValue) -> ir.FloatingValue:
    """The latest second at which a time can lie: its own, or the last of its date where only the date is known."""
    return seconds(time) + (precision == "day").ifelse(LAST_SECOND, 0.0)


def moments(rows: ibis.Table, signs: Sequence[Sign], assessed: Sequence[str]) -> ibis.Table:
    """One row per moment at which anything was recorded.

    Parameters
    ----------
    rows: long rows with keys, day, time, time_precision, item, number and text.
    signs: the signs that become columns.
    assessed: the items that make a moment an assessment; the others are recorded beside it.

    Returns keys, `day`, `earliest` and `latest` (seconds), `precise`, `assessed`, and the signs.
    """
    spans = rows.mutate(
        earliest=seconds(rows.time),
        latest=last_second(rows.time, rows.time_precision),
        precise=rows.time_precision != "day",
    )
    return spans.group_by(*KEYS, "day", "earliest", "latest", "precise").aggregate(
        assessed=spans.item.isin(list(assessed)).ifelse(1, 0).max() == 1,
        **{sign.name: sign.value(spans) for sign in signs},
    )


def until_now(table: ibis.Table, *within: str) -> WindowBuilder:
    """Window over the moments up to and with this one; a date-only moment comes first on its date."""
    order = [table.earliest, table.latest.desc()]
    return ibis.window(group_by=[*KEYS, *within], order_by=order, rows=(None, 0))


def before_now(table: ibis.Table) -> WindowBuilder:
    """Window over the moments before this one."""
    order = [table.earliest, table.latest.desc()]
    return ibis.window(group_by=list(KEYS), order_by=order, preceding=(None, 1))


def own(name: str) -> str:
    """Name of the column that keeps what was recorded at the moment itself."""
    return f"{name}__own"


def filled(
    table: ibis.Table, names: Mapping[str, Worse], hours: float, within: Sequence[str] = (), all_day: Sequence[str] = ()
) -> ibis.Table:
    """The signs with their gaps filled; what was recorded at the moment itself is kept as ``<name>__own``.

    A sign without value takes its last value if that is at most `hours` old, else the value recorded for the date as a
    whole. A date-only moment takes the worst value of its date. No value is carried from a date-only moment to another
    date: it may be 48 hours old.

    Parameters
    ----------
    table: moments.
    names: the signs to fill, with the end that is worse.
    hours: how old a value may be to stand in.
    within: columns that must be the same for a value to stand in (flow only stands in for flow by the same device).
    all_day: signs whose value on a date holds for the whole date, also before it was recorded.
    """
    none = ibis.null("float64")
    exact = table.mutate(**{f"{name}__exact": table.precise.ifelse(table[name], none) for name in names})
    # Counting the values so far numbers the blocks between them; in a block, the only value is the last one.
    window = until_now(exact, *within)
    blocks = exact.mutate(**{f"{name}__block": exact[f"{name}__exact"].count().over(window) for name in names})
    last = blocks.mutate(**_last_values(blocks, names, within))
    return _with_gaps_filled(table, last.mutate(**_of_the_date(last, names, within)), names, hours, all_day)


def _last_values(table: ibis.Table, names: Mapping[str, Worse], within: Sequence[str]) -> dict[str, ir.Value]:
    columns: dict[str, ir.Value] = {}
    for name in names:
        exact = table[f"{name}__exact"]
        block = ibis.window(group_by=[*KEYS, *within, f"{name}__block"])
        columns[f"{name}__last"] = exact.max().over(block)
        columns[f"{name}__last_time"] = exact.notnull().ifelse(table.earliest, ibis.null("float64")).max().over(block)
    return columns


def _of_the_date(table: ibis.Table, names: Mapping[str, Worse], within: Sequence[str]) -> dict[str, ir.Value]:
    date = ibis.window(group_by=[*KEYS, *within, "day"])
    columns: dict[str, ir.Value] = {}
    for name, worse in names.items():
        date_only = table.precise.ifelse(ibis.null("float64"), table[name])
        columns[f"{name}__date_only"] = worst(date_only, worse).over(date)
        columns[f"{name}__any"] = worst(table[name], worse).over(date)
    return columns


def _with_gaps_filled(
    table: ibis.Table, wide: ibis.Table, names: Mapping[str, Worse], hours: float, all_day: Sequence[str]
) -> ibis.Table:
    columns: dict[str, ir.Value] = {}
    for name in names:
        columns[own(name)] = wide[name]
        recent = wide.precise & (wide.earliest - wide[f"{name}__last_time"] <= hours * HOUR)
        last = recent.ifelse(wide[f"{name}__last"], ibis.null("float64"))
        date_only, whole = wide[f"{name}__date_only"], wide[f"{name}__any"]
        of_date = whole if name in all_day else wide.precise.ifelse(date_only, whole)
        columns[name] = ibis.coalesce(wide[name], last, of_date)
    kept = [column for column in table.columns if column not in names]
    return wide.select(*kept, **columns)
