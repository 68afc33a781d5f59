"""Days in a row: filling gaps between values, joining low days into runs, and counting them.

Nothing here knows what is measured. Every table has one row per key and whole-number order (a day), and everything
works alike on DuckDB, PostgreSQL and Spark: neighbours come from lag and lead, never from a last non-null value. All
rules are monotone: a lower value never shortens a run. So a rule applied once to the certainly low days and once to the
possibly low ones gives the exact lowest and highest result over all completions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import ibis
import ibis.expr.types as ir

from carac.language.comparisons import TIE, number

#: How a day without a value gets one.
IMPUTATIONS = ("none", "linear", "mean_of_neighbours", "last_observation")
#: What happens before the first and after the last value: the nearest value stands in, or the day stays unknown.
END_GAPS = ("nearest", "unknown")
#: How low days become a duration.
DURATIONS = ("longest_joined", "cumulative_with_gaps", "cumulative")


def half_to_even(value: ir.NumericValue, step: float) -> ir.FloatingValue:
    """A value of at least 0, rounded to the nearest multiple of `step`; a tie goes to the even multiple.

    The engines' own `round` breaks ties differently (505 to 510 or 500), so the tie is found here, with the relative
    tolerance of all comparisons. Null for null; the value must be finite.
    """
    scaled = value / number(step)
    whole = scaled.floor()
    rest = scaled - whole
    tie = (rest - number(0.5)).abs() <= number(TIE) * (scaled + number(1.0))
    nearest = (rest > number(0.5)).ifelse(whole + 1, whole)
    return tie.ifelse(whole + whole % 2, nearest).cast("float64") * number(step)


def completed(
    valued: ibis.Table,
    keys: Sequence[str],
    order: str,
    ends: tuple[str, str],
    limits: tuple[str, str],
    *,
    method: str,
    maximum_gap: int,
    end_gaps: str,
) -> ibis.Table:
    """Every day between the limits, with missing values filled where a rule allows it, else null.

    A value is an interval, filled end by end. A series without any value has no row.

    Parameters
    ----------
    valued: one row per key and day that has a value, within the limits.
    keys: columns that name a series.
    order: the day, a whole number (int32).
    ends: columns of the lower and upper end of the value (float64).
    limits: columns of the first and last day of the series; both are constant within it.
    method: one of `IMPUTATIONS`. Linear and mean need a value on both sides.
    maximum_gap: longest gap, in consecutive days without a value, that is filled; a longer one stays empty throughout.
    end_gaps: one of `END_GAPS`.
    """
    # Each value stands for its day and the gap after it, the first one also for the gap before it: one sort of the
    # values alone. Numbering blocks on the complete grid takes three sorts of many more rows.
    series = ibis.window(group_by=keys, order_by=order)
    day = valued[order]
    sided = valued.mutate(
        value_day=day,
        next_day=day.lead().over(series),
        next_low=valued[ends[0]].lead().over(series),
        next_high=valued[ends[1]].lead().over(series),
        is_first=day.lag().over(series).isnull(),
    )
    since = sided.is_first.ifelse(sided[limits[0]], sided[order]).cast("int64")
    until = ibis.coalesce(sided.next_day, sided[limits[1]] + 1).cast("int64")
    spread = sided.mutate(**{order: ibis.range(since, until).unnest()})
    spread = spread.mutate(**{order: spread[order].cast("int32")})
    fillable = _fillable(spread, order, limits, maximum_gap, end_gaps) if method != "none" else {}
    filled = {
        end: _filled(spread, spread[end], spread[f"next_{side}"], order, method, fillable)
        for side, end in zip(("low", "high"), ends, strict=True)
    }
    return spread.select(**{name: filled.get(name, spread[name]) for name in valued.columns})


def _fillable(
    spread: ibis.Table, order: str, limits: tuple[str, str], maximum_gap: int, end_gaps: str
) -> dict[str, ir.BooleanValue]:
    """The days that are filled, by where they lie: between two values, before the first, after the last."""
    day, value_day, next_day = spread[order], spread.value_day, spread.next_day
    within = {"between": (day > value_day) & (next_day - value_day - 1 <= maximum_gap)}
    if end_gaps == "nearest":
        within["before"] = (day < value_day) & (value_day - spread[limits[0]] <= maximum_gap)
        within["after"] = (day > value_day) & next_day.isnull() & (spread[limits[1]] - value_day <= maximum_gap)
    return within


def _filled(
    spread: ibis.Table,
    value: ir.NumericValue,
    following: ir.NumericValue,
    order: str,
    method: str,
    fillable: Mapping[str, ir.BooleanValue],
) -> ir.Value:
    """One end of the value on each day: itself, else what the method makes of its neighbours, else null."""
    day, value_day = spread[order], spread.value_day
    branches = [(day == value_day, value)]
    if method == "linear":
        # nullif keeps an eager engine from dividing by zero: two values never share a day.
        span = (spread.next_day - value_day).nullif(0).cast("float64")
        inside = value + (following - value) * ((day - value_day).cast("float64") / span)
    elif method == "mean_of_neighbours":
        inside = (value + following) / number(2.0)
    elif method in ("last_observation", "none"):
        inside = value
    else:
        raise ValueError(f"There is no imputation {method!r}.")
    branches += [(where, inside if place == "between" else value) for place, where in fillable.items()]
    return ibis.cases(*branches, else_=ibis.null("float64"))


def joined_runs(rows: ibis.Table, keys: Sequence[str], order: str, flags: Sequence[str], join_gap: int) -> ibis.Table:
    """The rows with, for each flag, the run that a flagged day belongs to.

    Parameters
    ----------
    rows: one row per key and day; days that carry no flag may be left out, which makes the windows small.
    keys: columns that name a series.
    order: the day, a whole number (int32).
    flags: boolean columns without null.
    join_gap: two flagged days belong to one run if at most so many days that are not flagged lie between them.

    Adds `<flag>__start`, the first day of the run (null where not flagged), and `<flag>__counted`, the days that this
    day adds to the run: itself and the joined days just before it (0 where not flagged).
    """
    # Running windows side by side share one sort; numbering runs and grouping by number would need one for each flag.
    earlier = ibis.window(group_by=keys, order_by=order, preceding=(None, 1))
    so_far = ibis.window(group_by=keys, order_by=order, preceding=None, following=0)
    nothing = ibis.null(rows[order].type())
    rows = rows.mutate(
        **{f"{flag}__previous": rows[flag].ifelse(rows[order], nothing).max().over(earlier) for flag in flags}
    )
    columns: dict[str, ir.Value] = {}
    for flag in flags:
        distance = rows[order] - rows[f"{flag}__previous"]
        joined = (distance <= join_gap + 1).fill_null(False)
        opening = (rows[flag] & ~joined).ifelse(rows[order], nothing)
        columns[f"{flag}__start"] = rows[flag].ifelse(opening.max().over(so_far), nothing)
        columns[f"{flag}__counted"] = rows[flag].ifelse(joined.ifelse(distance, 1), 0).cast("int32")
    return rows.mutate(**columns).drop(*(f"{flag}__previous" for flag in flags))


def longest_run(runs: ibis.Table, order: str, flag: str) -> ir.IntegerScalar:
    """Length in days of the longest joined run, its joined days included; 0 where no day is flagged. An aggregate."""
    return (runs[order] - runs[f"{flag}__start"] + 1).max().fill_null(0).cast("int32")


def cumulative(runs: ibis.Table, flag: str) -> ir.IntegerScalar:
    """Number of flagged days. An aggregate."""
    return runs[flag].ifelse(1, 0).sum().cast("int32")


def cumulative_with_gaps(runs: ibis.Table, flag: str) -> ir.IntegerScalar:
    """Number of days in all joined runs: flagged days, and the joined days between two of them. An aggregate."""
    return runs[f"{flag}__counted"].sum().cast("int32")


def duration(runs: ibis.Table, order: str, flag: str, rule: str) -> ir.IntegerScalar:
    """Days by one of `DURATIONS`. An aggregate over the rows of `joined_runs`."""
    if rule == "longest_joined":
        return longest_run(runs, order, flag)
    if rule == "cumulative_with_gaps":
        return cumulative_with_gaps(runs, flag)
    if rule == "cumulative":
        return cumulative(runs, flag)
    raise ValueError(f"There is no duration rule {rule!r}.")


def reaches(runs: ibis.Table, order: str, flag: str, latest_start: int, end: str) -> ir.BooleanScalar:
    """Whether a run that starts on or before `latest_start` is still open on the day in column `end`. An aggregate."""
    open_run = runs[flag] & (runs[order] == runs[end]) & (runs[f"{flag}__start"] <= latest_start)
    return open_run.fill_null(False).ifelse(1, 0).max() == 1
