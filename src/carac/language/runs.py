"""Days in a row: filling gaps between values, joining low days into runs, and counting them.

Nothing here knows what is measured. Every function adds columns to a table with one row per key and whole-number
order (a day), complete within its window, and works alike on DuckDB, PostgreSQL and Spark: windows are running counts,
maxima and minima only. All rules are monotone: a lower value never shortens a run. So a rule applied once to the
certainly low days and once to the possibly low ones gives the exact lowest and highest result over all completions.
"""

from __future__ import annotations

from collections.abc import Sequence

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


def imputed(
    rows: ibis.Table,
    keys: Sequence[str],
    order: str,
    ends: tuple[str, str],
    limits: tuple[str, str],
    *,
    method: str,
    maximum_gap: int,
    end_gaps: str,
) -> ibis.Table:
    """The rows with missing values filled where a rule allows it; a value is an interval, filled end by end.

    Parameters
    ----------
    rows: one row per key and day, complete between the two `limits`.
    keys: columns that name a series.
    order: the day, a whole number.
    ends: columns of the lower and upper end of the value (float64); both null where there is none.
    limits: columns of the first and last day of the series, which bound the gaps at its ends.
    method: one of `IMPUTATIONS`. Linear and mean need a value on both sides.
    maximum_gap: longest gap, in consecutive days without a value, that is filled; a longer one stays empty throughout.
    end_gaps: one of `END_GAPS`.
    """
    if method == "none":
        return rows
    low, high = ends
    past = ibis.window(group_by=keys, order_by=order, preceding=None, following=0)
    future = ibis.window(group_by=keys, order_by=order, preceding=0, following=None)
    # A value opens a block that lasts until the next value; the only value of a block is its maximum.
    blocks = rows.mutate(block_before=rows[low].count().over(past), block_after=rows[low].count().over(future))
    columns: dict[str, ir.Value] = {}
    valued = blocks[low].notnull().ifelse(blocks[order], ibis.null(blocks[order].type()))
    for side in ("before", "after"):
        block = ibis.window(group_by=[*keys, f"block_{side}"])
        columns[f"low_{side}"] = blocks[low].max().over(block)
        columns[f"high_{side}"] = blocks[high].max().over(block)
        columns[f"day_{side}"] = valued.max().over(block)
    sided = blocks.mutate(**columns)
    filled = {
        end: _filled(sided, sided[end], sided[f"{side}_before"], sided[f"{side}_after"], order, limits, method, maximum_gap, end_gaps)
        for side, end in (("low", low), ("high", high))
    }
    return sided.select(**{name: filled.get(name, sided[name]) for name in rows.columns})


def _filled(
    rows: ibis.Table,
    value: ir.NumericValue,
    before: ir.NumericValue,
    after: ir.NumericValue,
    order: str,
    limits: tuple[str, str],
    method: str,
    maximum_gap: int,
    end_gaps: str,
) -> ir.Value:
    """One end of the value: itself, else what the method makes of its neighbours, else null."""
    day, day_before, day_after = rows[order], rows.day_before, rows.day_after
    between = day_before.notnull() & day_after.notnull() & (day_after - day_before - 1 <= maximum_gap)
    if method == "linear":
        # Only days without a value come here, so the two days differ; nullif keeps an eager engine from dividing by zero.
        span = (day_after - day_before).nullif(0).cast("float64")
        inside = before + (after - before) * ((day - day_before).cast("float64") / span)
    elif method == "mean_of_neighbours":
        inside = (before + after) / number(2.0)
    elif method == "last_observation":
        inside = before
    else:
        raise ValueError(f"There is no imputation {method!r}.")
    branches = [(value.notnull(), value), (between, inside)]
    if end_gaps == "nearest":
        leading = day_before.isnull() & (day_after - rows[limits[0]] <= maximum_gap)
        trailing = day_after.isnull() & (rows[limits[1]] - day_before <= maximum_gap)
        branches += [(leading, after), (trailing, before)]
    return ibis.cases(*branches, else_=ibis.null("float64"))


def joined_runs(
    rows: ibis.Table, keys: Sequence[str], order: str, flags: Sequence[str], join_gap: int
) -> ibis.Table:
    """The rows with, for each flag, the run that a flagged day belongs to.

    Parameters
    ----------
    rows: one row per key and day.
    keys: columns that name a series.
    order: the day, a whole number.
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
