"""Haematotoxicity after infusion, ICAHT (neutrophils) and T-ICAHT (platelets): what the two instruments share.

Both read one count per calendar day in a window after infusion that ends early at a censoring event, and grade how
long, or how often, the count lay under a threshold. Here are the window, the comparator, the late tests, the columns
that both have, and the sets of parameters for a sensitivity analysis. Thresholds and days stand in the modules.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from carac.language.comparisons import Interval, agreed, at_most, below, number
from carac.language.definition import Definition, Output, Tables
from carac.language.runs import DURATIONS, END_GAPS, IMPUTATIONS, completed
from carac.parameters import Parameter, Value, Values, whole
from carac.vocabulary.types import Laboratory

KEYS = ("patient_id", "infusion_number")
#: An open upper end (">5000") has to stay finite: no count in any unit used here comes near.
CEILING = 1e9
#: Longer than any window: no gap is too long to be filled.
NO_LIMIT = 1000
CENSORING = ("death", "follow_up_end", "progression", "next_therapy")
BOOST, BOOST_CLASS = "censor_at_cell_boost", "cell_boost"
COMPARATORS = {"<": below, "<=": at_most}
ROUNDING = ("none", "ten_half_to_even")


def word(values: Values, name: str) -> str:
    """A parameter that is one of several words."""
    return str(values[name])


def window_parameters(first_day: int, last_day: int, censoring: Iterable[str], source: str) -> tuple[Parameter, ...]:
    """First and last graded day, and what ends the window before its last day."""
    ends = set(censoring)
    return (
        Parameter("first_day", first_day, "first day after infusion that is graded", lowest=0, source=source),
        Parameter("last_day", last_day, "last day after infusion that is graded", lowest=0, source=source),
        *(
            Parameter(
                f"censor_at_{event}",
                event in ends,
                f"whether the window ends on the day of {event.replace('_', ' ')}, that day included",
                source="catalogue 12 #4",
            )
            for event in CENSORING
        ),
        Parameter(
            BOOST,
            False,
            "whether the window ends on the day of a haematopoietic cell boost, that day included",
            source="catalogue 0, censoring",
        ),
    )


def comparator_parameter(comparator: str, source: str) -> Parameter:
    """Whether a count that equals a threshold is low."""
    return Parameter(
        "comparator",
        comparator,
        "whether a count equal to a threshold counts (<=) or not (<)",
        tuple(COMPARATORS),
        source=source,
    )


def run_parameters(
    duration: str, join_gap: int, imputation: str, maximum_gap: int, end_gaps: str, source: str
) -> tuple[Parameter, ...]:
    """How low days become a duration, and how days without a count are filled."""
    return (
        Parameter(
            "duration",
            duration,
            "the longest joined run; all low days with the short recoveries between them; or low days alone",
            DURATIONS,
            source=source,
        ),
        Parameter(
            "join_gap", join_gap, "days of recovery between two low days that do not end a run", lowest=0, source=source
        ),
        Parameter(
            "imputation", imputation, "how a day without a count gets one", IMPUTATIONS, source="catalogue 12 #3"
        ),
        Parameter(
            "maximum_gap",
            maximum_gap,
            f"longest gap, in days without a count, that is filled; {NO_LIMIT} sets no limit",
            lowest=0,
            source="catalogue 12 #3",
        ),
        Parameter(
            "end_gaps",
            end_gaps,
            "whether the nearest count stands in before the first and after the last one, or these days stay unknown",
            END_GAPS,
            source=source,
        ),
    )


def limits(tables: Tables, values: Values, read_to_day: int = 0) -> ibis.Table:
    """Per infusion the window: keys, window_start, window_end (last day read), graded_to (last day graded).

    Parameters
    ----------
    tables, values: as a definition gets them.
    read_to_day: days up to this one are read for imputation, although last_day is graded last.

    An infusion whose follow-up ends before the window has none, and no row.
    """
    start, last = whole(values, "first_day"), whole(values, "last_day")
    read_to = max(last, read_to_day)
    infusions = _with_boost(tables, start) if values[BOOST] else tables.infusions
    ends = [infusions[f"{event}_day"].fill_null(read_to) for event in CENSORING if values[f"censor_at_{event}"]]
    ends += [infusions.boost_day.fill_null(read_to)] if values[BOOST] else []
    end = ibis.least(infusions.last_day.fill_null(read_to), ibis.literal(read_to, "int32"), *ends).cast("int32")
    windows = infusions.select(
        *KEYS,
        window_start=ibis.greatest(infusions.first_day.fill_null(start), ibis.literal(start, "int32")).cast("int32"),
        window_end=end,
        graded_to=ibis.least(end, ibis.literal(last, "int32")).cast("int32"),
    )
    return windows.filter(windows.window_start <= windows.graded_to)


def _with_boost(tables: Tables, start: int) -> ibis.Table:
    """The infusions with the day of the first cell boost of the window, null where none was given."""
    given = tables.treatments.filter(tables.treatments.agent_class == BOOST_CLASS)
    first = given.filter(given.start_day >= start).group_by(*KEYS).aggregate(boost_day=given.start_day.min())
    joined = tables.infusions.left_join(first, list(KEYS))
    ends = [f"{event}_day" for event in CENSORING]
    return joined.select(*KEYS, "first_day", "last_day", *ends, "boost_day")


def counts(tables: Tables, windows: ibis.Table, values: Values, source: Laboratory, factor: float = 1.0) -> ibis.Table:
    """The days of the window that have a count.

    Parameters
    ----------
    tables, windows, values: as a definition gets them, and `limits` of it.
    source: the count, its two ends on the patient-day.
    factor: from the canonical unit to that of the thresholds.

    Columns: keys, day, low, high (in the unit of the thresholds), and those of `limits`.
    """
    days = tables.days
    days = days.filter(days.day >= whole(values, "first_day"), days[source.low].notnull(), days[source.high].notnull())
    ends = {
        side: ibis.least(days[column] * number(factor), number(CEILING))
        for side, column in (("low", source.low), ("high", source.high))
    }
    joined = days.select(*KEYS, "day", **ends).inner_join(windows, list(KEYS))
    return joined.filter(joined.day >= joined.window_start, joined.day <= joined.window_end)


def without_days_after(rows: ibis.Table, treatments: ibis.Table, agent_class: str, days_after: int) -> ibis.Table:
    """The counts but for those on the days after a treatment of a class; a count of the same day stands.

    On calendar days the count of the day of a transfusion is taken as the one that led to it.
    """
    given = treatments.filter(treatments.agent_class == agent_class)
    given = given.select(*KEYS, last_given=ibis.coalesce(given.end_day, given.start_day))
    after = [given.mutate(day=(given.last_given + later).cast("int32")) for later in range(1, days_after + 1)]
    return rows.anti_join(ibis.union(*after).select(*KEYS, "day").distinct(), [*KEYS, "day"])


def every_day(rows: ibis.Table, values: Values) -> ibis.Table:
    """Every graded day of the infusions that have a count, days without one filled by the parameters, else null."""
    rows = completed(
        rows,
        KEYS,
        "day",
        ("low", "high"),
        ("window_start", "window_end"),
        method=word(values, "imputation"),
        maximum_gap=whole(values, "maximum_gap"),
        end_gaps=word(values, "end_gaps"),
    )
    return rows.filter(rows.day <= rows.graded_to)


def low_flags(
    count: Interval, comparator: str, threshold: float, unknown_may_be_low: bool = True
) -> dict[str, ir.BooleanValue]:
    """`surely_<threshold>` and `maybe_<threshold>`: the days surely, and the days possibly, under a threshold."""
    compare = COMPARATORS[comparator]
    name = f"{threshold:g}"
    return {
        f"surely_{name}": compare(count.high, threshold).fill_null(False),
        f"maybe_{name}": compare(count.low, threshold).fill_null(unknown_may_be_low),
    }


def tests_done(rows: ibis.Table, **further: ir.Value) -> ibis.Table:
    """Per infusion: number of days with a count, the two ends of the lowest one, and further aggregates."""
    rows = rows.filter(rows.day <= rows.graded_to)
    return rows.group_by(*KEYS).aggregate(
        counts=rows.count().cast("int32"), nadir_low=rows.low.min(), nadir_high=rows.high.min(), **further
    )


def beside(windows: ibis.Table, *parts: tuple[ibis.Table, Mapping[str, Value]]) -> ibis.Table:
    """The windows with further columns per infusion; each part says what stands where it has no row."""
    for part, absent in parts:
        joined = windows.left_join(part, list(KEYS))
        columns = {name: joined[name] for name in part.columns if name not in KEYS}
        columns |= {name: columns[name].fill_null(value) for name, value in absent.items()}
        windows = joined.select(*windows.columns, **columns)
    return windows


def result(
    tables: Tables,
    name: str,
    graded: ibis.Table,
    columns: Mapping[str, ir.Value],
    lowest: ir.IntegerValue,
    highest: ir.IntegerValue,
    enough: ir.BooleanValue,
) -> ibis.Table:
    """One row per infusion: grade, bounds, items; all but the days without a count null with too few counts.

    An infusion without a single day in the window (died before it, or the window not reached) has null throughout.
    """
    low, high = (enough.ifelse(grade.cast("int8"), ibis.null("int8")) for grade in (lowest, highest))
    days = graded.graded_to - graded.window_start + 1
    shown: dict[str, ir.Value] = {
        name: agreed(low, high),
        f"{name}__lowest": low,
        f"{name}__highest": high,
        f"{name}__days_without_count": (days - graded.counts).cast("int32"),
        f"{name}__nadir": agreed(graded.nadir_low, graded.nadir_high),
    }
    for suffix, column in columns.items():
        shown[f"{name}__{suffix}"] = enough.ifelse(column, ibis.null(column.type()))
    rows = graded.select(*KEYS, **shown)
    every = tables.infusions.select(*KEYS).left_join(rows, list(KEYS))
    return every.select(*KEYS, *shown)


def shared_outputs(grade: str, unit: str, days: str, enough: str) -> tuple[Output, ...]:
    """Grade, bounds, days without a count, nadir.

    Parameters
    ----------
    grade: what each grade means.
    unit: unit of the thresholds and the nadir.
    days: the window in words.
    enough: what a grade needs.
    """
    unknown = f"null where {enough}"
    return (
        Output("", f"{grade} Null where lowest and highest possible grade differ; {unknown}."),
        Output("__lowest", f"lowest grade that the counts allow; {unknown}"),
        Output("__highest", f"highest grade that the counts allow; {unknown}"),
        Output("__days_without_count", f"number of days of the window ({days}) without a count", "int32", "d"),
        Output(
            "__nadir",
            "lowest count of the window; null without a count, or where only a range is known",
            "float64",
            unit,
        ),
    )


@dataclass(frozen=True)
class Alternatives:
    """For a sensitivity analysis: the other meaningful values of the parameters that are not words or booleans.

    Parameters
    ----------
    numbers: parameter to its other values; a number that stands in no entry stays as it is.
    idle: parameter to the parameter and word under which it changes nothing, such as a gap that is never filled.
    """

    numbers: Mapping[str, tuple[Value, ...]]
    idle: Mapping[str, tuple[str, str]]

    def of(self, definition: Definition) -> list[dict[str, Value]]:
        """The preset itself (an empty change), then each parameter alone at each of its other values."""
        defaults = {parameter.name: parameter.default for parameter in definition.parameters}
        sets: list[dict[str, Value]] = [{}]
        for parameter in definition.parameters:
            ruler, idle_word = self.idle.get(parameter.name, ("", ""))
            if ruler in defaults and defaults[ruler] == idle_word:
                continue
            if parameter.choices:
                others: tuple[Value, ...] = parameter.choices
            elif isinstance(parameter.default, bool):
                others = (True, False)
            else:
                others = self.numbers.get(parameter.name, ())
            sets += [{parameter.name: value} for value in others if value != parameter.default]
        return sets
