"""Haematotoxicity after infusion, ICAHT (neutrophils) and T-ICAHT (platelets): what the two instruments share.

Both read one count per calendar day in a window after infusion that ends early at a censoring event, and grade how
long, or how often, the count lay under a threshold. Here are the window, the comparator, the late tests, the columns
that both have, and the sets of parameters for a sensitivity analysis. Thresholds and days stand in the modules.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import cast

import ibis
import ibis.expr.types as ir

from carac.language.comparisons import Interval, agreed, at_most, below, number
from carac.language.definition import Definition, Output, Tables, Values
from carac.language.runs import DURATIONS, END_GAPS, IMPUTATIONS, imputed
from carac.parameters import Parameter, Value
from carac.vocabulary.types import Laboratory

KEYS = ("patient_id", "infusion_number")
#: An open upper end (">5000") has to stay finite: no count in any unit used here comes near.
CEILING = 1e9
#: Longer than any window: no gap is too long to be filled.
NO_LIMIT = 1000
CENSORING = ("death", "follow_up_end", "progression", "next_therapy")
COMPARATORS = {"<": below, "<=": at_most}
ROUNDING = ("none", "ten_half_to_even")


def whole(values: Values, name: str) -> int:
    """A whole-number parameter."""
    return int(cast(int, values[name]))


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
    )


def comparator_parameter(comparator: str, source: str) -> Parameter:
    """Whether a count that equals a threshold is low."""
    return Parameter(
        "comparator", comparator, "whether a count equal to a threshold counts (<=) or not (<)", tuple(COMPARATORS), source=source
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
        Parameter("imputation", imputation, "how a day without a count gets one", IMPUTATIONS, source="catalogue 12 #3"),
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


def window(
    tables: Tables, values: Values, source: Laboratory, *, factor: float = 1.0, read_to_day: int = 0
) -> ibis.Table:
    """The days of the window with the count of each.

    Parameters
    ----------
    tables, values: as a definition gets them.
    source: the count, its two ends on the patient-day.
    factor: from the canonical unit to that of the thresholds.
    read_to_day: days up to this one are read for imputation, although the window's last day is graded last.

    Columns: keys, day, low, high (null without a count), measured (whether there is a count), window_start and
    window_end (first and last day that is read), graded_to (last day that is graded).
    """
    start, last = whole(values, "first_day"), whole(values, "last_day")
    read_to = max(last, read_to_day)
    infusions = tables.infusions
    ends = [infusions[f"{event}_day"].fill_null(read_to) for event in CENSORING if values[f"censor_at_{event}"]]
    end = ibis.least(infusions.last_day.fill_null(read_to), ibis.literal(read_to, "int32"), *ends)
    limits = infusions.select(
        *KEYS,
        window_start=ibis.greatest(infusions.first_day.fill_null(start), ibis.literal(start, "int32")).cast("int32"),
        window_end=end.cast("int32"),
    )
    days = tables.days.filter(tables.days.day >= start, tables.days.day <= read_to)
    joined = days.select(*KEYS, "day", low=days[source.low], high=days[source.high]).inner_join(limits, list(KEYS))
    joined = joined.filter(joined.day <= joined.window_end)
    ceiling = number(CEILING)
    return joined.mutate(
        low=ibis.ifelse(joined.low.isnull(), joined.low, ibis.least(joined.low * number(factor), ceiling)),
        high=ibis.ifelse(joined.high.isnull(), joined.high, ibis.least(joined.high * number(factor), ceiling)),
        measured=joined.low.notnull(),
        graded_to=ibis.least(joined.window_end, ibis.literal(last, "int32")).cast("int32"),
    )


def without_days_after(rows: ibis.Table, treatments: ibis.Table, agent_class: str, days_after: int) -> ibis.Table:
    """The rows with no count on the days after a treatment of a class; a count of the same day stands.

    On calendar days the count of the day of a transfusion is taken as the one that led to it.
    """
    given = treatments.filter(treatments.agent_class == agent_class)
    given = given.select(*KEYS, last_given=ibis.coalesce(given.end_day, given.start_day))
    after = [given.mutate(day=(given.last_given + later).cast("int32")) for later in range(1, days_after + 1)]
    covered = ibis.union(*after) if len(after) > 1 else after[0]
    covered = covered.select(*KEYS, "day").distinct().mutate(covered=ibis.literal(True))
    joined = rows.left_join(covered, [*KEYS, "day"])
    kept = joined.covered.isnull()
    nothing = ibis.null("float64")
    return joined.mutate(
        low=kept.ifelse(joined.low, nothing), high=kept.ifelse(joined.high, nothing), measured=kept & joined.measured
    ).select(*rows.columns)


def filled(rows: ibis.Table, values: Values) -> ibis.Table:
    """The rows with days without a count filled by the parameters; only the graded days remain."""
    rows = imputed(
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


def counted(rows: ibis.Table) -> dict[str, ir.Value]:
    """The aggregates that every window has: days, days with a count, and the two ends of its lowest count."""
    measured, nothing = rows.measured, ibis.null("float64")
    return {
        "days": rows.count().cast("int32"),
        "counts": measured.ifelse(1, 0).sum().cast("int32"),
        "nadir_low": measured.ifelse(rows.low, nothing).min(),
        "nadir_high": measured.ifelse(rows.high, nothing).min(),
    }


def result(
    tables: Tables,
    name: str,
    graded: ibis.Table,
    columns: Mapping[str, ir.Value],
    lowest: ir.IntegerValue,
    highest: ir.IntegerValue,
    enough: ir.BooleanValue,
) -> ibis.Table:
    """One row per infusion: grade, bounds, items; all but the number of days null where there are not enough counts.

    An infusion without a single day in the window (died before it, or the window not reached) has null throughout.
    """
    low, high = (enough.ifelse(grade.cast("int8"), ibis.null("int8")) for grade in (lowest, highest))
    shown: dict[str, ir.Value] = {
        name: agreed(low, high),
        f"{name}__lowest": low,
        f"{name}__highest": high,
        f"{name}__days_without_count": (graded.days - graded.counts).cast("int32"),
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
        Output("__nadir", "lowest count of the window; null without a count, or where only a range is known", "float64", unit),
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
