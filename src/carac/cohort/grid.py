"""The patient-day grid: one row per infusion and calendar day, with the worst values of the day as intervals.

Laboratory rows go from long to wide in one group-by of exact results; the few that are intervals (a comparator, a
range, a ratio whose limit is missing) go in a second, small group-by and are joined with least and greatest. A result
whose limit of normal is missing has an unknown ratio: it lies anywhere between 0 and infinity, so that a grade that
the limit would decide gets a range, and one that it would not decide does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from carac.parameters import Parameter
from carac.vocabulary.analytes import number_of_analyte
from carac.vocabulary.assessment_items import assessment_items
from carac.vocabulary.types import Assessed, Baseline, Exposure, Input, Laboratory, Scale, Span, Worse

SCOPE = "grid"
PARAMETERS = (
    Parameter(
        "days_before",
        30,
        "days of the grid before lymphodepletion, or before infusion where that is unknown",
        lowest=0,
        highest=365,
    ),
    Parameter("last_day", 100, "last day of the grid", lowest=0, highest=3650),
    Parameter("events_last_day", 365, "last day on which an event is counted to an infusion", lowest=0),
    Parameter(
        "events_days_before",
        365,
        "days before the grid from which on earlier events are read too (a thrombosis of last year)",
        lowest=0,
        highest=36500,
    ),
    Parameter("day_0_from_infusion", False, "whether day 0 leaves out what was measured before the infusion that day"),
    Parameter(
        "index_infusion",
        "first",
        "which dose of a split infusion is day 0",
        choices=("first", "last"),
        source="catalogue 0",
    ),
    Parameter("baseline_look_back", 14, "days before lymphodepletion in which a baseline is sought", lowest=1),
    Parameter(
        "anc_if_wbc_low",
        0.0,
        "leukocytes (10^9/L) up to which neutrophils that nobody counted on that date are taken to lie between 0 and "
        "the leukocytes; 0 never, common practice is 0.5 (no source opened)",
        lowest=0.0,
        highest=1.0,
        source="catalogue 11.3; 14, P21",
    ),
    Parameter(
        "lymphodepletion_day_is_before",
        True,
        "whether a value of the day on which lymphodepletion starts counts as before it, where times are not known",
    ),
)

KEYS = ("patient_id", "infusion_number")
#: More days than any window has: what one infusion is apart from the next in the numbering of cells.
DAYS_APART = 8192
#: No grid begins longer before infusion, however early a record says that lymphodepletion began: beyond the window
#: that `DAYS_APART` allows, the days of one infusion would be taken for those of another.
EARLIEST_LYMPHODEPLETION = -365
INFINITY = float("inf")


def _number(value: float) -> ir.FloatingScalar:
    return ibis.literal(value, type="float64")


def days_between(later: ir.TimestampValue | ir.DateValue, earlier: ir.DateValue) -> ir.IntegerValue:
    """Calendar days from one date to another, clock changes or not."""
    return later.cast("date").delta(earlier, unit="day").cast("int32")


def cell(infusion_index: ir.IntegerValue, day: ir.IntegerValue) -> ir.IntegerValue:
    """One whole number per patient-day: grouping and joining by it costs half of what the keys themselves do."""
    return (infusion_index.cast("int64") * DAYS_APART + day.cast("int64") + DAYS_APART // 2).cast("int64")


def grid(infusions: ibis.Table, day_numbers: ibis.Table) -> ibis.Table:
    """Every day of every infusion: keys, day and cell. `day_numbers` has one int32 column `day` wide enough for all."""
    keyed = infusions.select(*KEYS, "infusion_index", "first_day", "last_day")
    rows = keyed.inner_join(day_numbers, [day_numbers.day >= keyed.first_day, day_numbers.day <= keyed.last_day])
    rows = rows.select(*KEYS, "day", "infusion_index")
    return rows.select(*KEYS, "day", "infusion_index", cell=cell(rows.infusion_index, rows.day))


def labs_by_day(labs: ibis.Table, infusions: ibis.Table, from_infusion: bool) -> ibis.Table:
    """Laboratory rows with the infusions whose window holds them, their day and cell."""
    keyed = infusions.select(
        *("patient_id", "infusion_number", "infusion_index", "infusion_date", "infusion_time"),
        *("infusion_time_precision", "first_day", "last_day"),
    )
    joined = labs.inner_join(keyed, "patient_id")
    joined = joined.mutate(day=days_between(joined.time, joined.infusion_date))
    # As one condition: two would work out the day of each of millions of rows twice.
    inside: list[ir.BooleanValue] = [joined.day.between(joined.first_day, joined.last_day)]
    if from_infusion:
        timed = (joined.infusion_time_precision == "minute") & (joined.time_precision == "minute")
        inside.append(~((joined.day == 0) & timed & (joined.time < joined.infusion_time)))
    return joined.filter(inside).mutate(cell=cell(joined.infusion_index, joined.day))


def _scaled(value: ir.NumericValue, rows: ibis.Table, scale: Scale) -> ir.NumericValue:
    """A value on a scale; null where its limit is missing."""
    match scale:
        case Scale.VALUE:
            return value
        case Scale.ABOVE_UPPER_LIMIT:
            return value - rows.upper_limit
        case Scale.BY_LOWER_LIMIT:
            return value / rows.lower_limit
        case Scale.BY_UPPER_LIMIT:
            return value / rows.upper_limit


def value_ends(rows: ibis.Table, scale: Scale) -> tuple[ir.NumericValue, ir.NumericValue]:
    """The two ends of each row's value on a scale; a missing limit leaves it open."""
    low, high = (_scaled(value, rows, scale) for value in (rows.value_low, rows.value_high))
    if scale is Scale.VALUE:
        return low, high
    least = -INFINITY if scale is Scale.ABOVE_UPPER_LIMIT else 0.0
    return ibis.coalesce(low, _number(least)), ibis.coalesce(high, _number(INFINITY))


def _numbers_of(analytes: Iterable[str]) -> list[int]:
    return sorted({number_of_analyte(analyte) for analyte in analytes})


def _exact(rows: ibis.Table, inputs: Sequence[Laboratory]) -> ir.BooleanValue:
    """Whether every input of the row's analyte is one number."""
    exact = rows.exact
    for scale, limit in ((Scale.BY_LOWER_LIMIT, "has_lower_limit"), (Scale.BY_UPPER_LIMIT, "has_upper_limit")):
        scales = {scale, Scale.ABOVE_UPPER_LIMIT} if scale is Scale.BY_UPPER_LIMIT else {scale}
        analytes = _numbers_of(i.analyte for i in inputs if i.scale in scales)
        if analytes:
            exact = exact & (rows[limit] | ~rows.analyte_number.isin(analytes))
    return exact


@dataclass(frozen=True)
class Worst:
    """The worst values per cell: of the exact results, and of those that are intervals."""

    exact: ibis.Table
    open: ibis.Table


def open_labs(labs: ibis.Table) -> ibis.Table:
    """The results that are intervals or lack a limit of normal: few in most records, and found by a cheap filter.

    They are a table of their own because an engine that reads one table twice in a query may keep all of it in memory.
    """
    return labs.filter(~labs.exact | ~labs.has_lower_limit | ~labs.has_upper_limit)


def worst_of_day(rows: ibis.Table, open_rows: ibis.Table, inputs: Sequence[Laboratory]) -> Worst:
    """The two ends of each input per cell, for the days that have a row.

    Parameters
    ----------
    rows: laboratory rows with their cell.
    open_rows: the same of `open_labs`.
    inputs: what to hold; carried inputs are made later, from these.
    """
    wanted = _numbers_of(i.analyte for i in inputs)
    exact = rows.filter(rows.analyte_number.isin(wanted), _exact(rows, inputs))
    open_rows = open_rows.filter(open_rows.analyte_number.isin(wanted), ~_exact(open_rows, inputs))
    open_days = _aggregated(open_rows, inputs, ends=True)
    open_days = open_days.rename({f"open__{c}": c for c in open_days.columns})
    return Worst(_aggregated(exact, inputs, ends=False), open_days)


def _aggregated(rows: ibis.Table, inputs: Sequence[Laboratory], ends: bool) -> ibis.Table:
    measures: dict[str, ir.Value] = {}
    nothing = ibis.null("float64")
    for i in inputs:
        of_analyte = rows.analyte_number == number_of_analyte(i.analyte)
        # Of several intervals, the lowest value lies between the lowest low and the lowest high end.
        values = value_ends(rows, i.scale) if ends else (_scaled(rows.value_low, rows, i.scale),)
        for column, value in zip((i.low, i.high), values, strict=False):
            of_input = of_analyte.ifelse(value, nothing)
            measures[column] = of_input.min() if i.worse is Worse.LOWER else of_input.max()
    return rows.group_by("cell").aggregate(**measures)


def _with_worst(days: ibis.Table, worst: Worst, inputs: Sequence[Laboratory]) -> ibis.Table:
    """The grid with both ends of each input: exact results and intervals together, the worse end of each."""
    joined = days.left_join(worst.exact, "cell").left_join(worst.open, [days.cell == worst.open.open__cell])
    columns: dict[str, ir.Value] = {}
    for i in inputs:
        merge = ibis.least if i.worse is Worse.LOWER else ibis.greatest
        columns[i.low] = merge(joined[i.low], joined[f"open__{i.low}"])
        columns[i.high] = merge(joined[i.low], joined[f"open__{i.high}"])
    return joined.select(*KEYS, "day", "infusion_index", "cell", **columns)


def carried(days: ibis.Table, inputs: Iterable[Laboratory]) -> ibis.Table:
    """The grid with inputs that take values of earlier days; the grid has to be complete.

    With `carry` the last value of so many days before stands in where the day has none; with `before` the value of
    that day is taken, and with both that of the days before it where that day has none.
    """
    wanted = [i for i in inputs if i.carry or i.before]
    if not wanted:
        return days
    columns: dict[str, ir.Value] = {}
    window = ibis.window(group_by="infusion_index", order_by="day")
    for i in wanted:
        for end, source in ((i.low, i.source.low), (i.high, i.source.high)):
            earlier = [days[source].lag(k).over(window) for k in range(max(i.before, 1), i.before + i.carry + 1)]
            columns[end] = ibis.coalesce(*earlier) if i.before else ibis.coalesce(days[source], *earlier)
    return days.mutate(**columns)


def baselines(
    rows: ibis.Table, infusions: ibis.Table, inputs: Sequence[Baseline], look_back: int, day_is_before: bool
) -> ibis.Table:
    """The last value before lymphodepletion (within the look-back), else the last before infusion, per infusion.

    Several results at the same time give the interval that holds them all.
    """
    wanted = _numbers_of(i.analyte for i in inputs)
    when = infusions.select(
        infusion="infusion_index",
        **{name: name for name in ("lymphodepletion_start", "lymphodepletion_start_precision", "lymphodepletion_day")},
    )
    rows = rows.filter(rows.analyte_number.isin(wanted), rows.day <= 0)
    rows = rows.left_join(when, [rows.infusion_index == when.infusion])
    start_day = rows.lymphodepletion_day
    timed = (rows.lymphodepletion_start_precision == "minute") & (rows.time_precision == "minute")
    on_start = (rows.day == start_day) & timed.ifelse(
        rows.time < rows.lymphodepletion_start, ibis.literal(day_is_before)
    )
    before_start = ((rows.day < start_day) | on_start) & (rows.day >= start_day - look_back)
    timed_0 = (rows.infusion_time_precision == "minute") & (rows.time_precision == "minute")
    before_infusion = (rows.day < 0) | timed_0.ifelse(rows.time < rows.infusion_time, ibis.literal(False))
    rank = ibis.cases((before_start.fill_null(False), 2), (before_infusion, 1), else_=0)
    rows = rows.mutate(before=rank).filter(lambda t: t.before > 0)
    # Numbers, not names: the rows are sorted by what they are grouped by.
    of_analyte = ibis.window(group_by=["infusion_index", "analyte_number"])
    best = rows.mutate(best=rows.before.max().over(of_analyte))
    best = best.filter(best.before == best.best)
    last = best.mutate(last=best.time.max().over(of_analyte))
    last = last.filter(last.time == last["last"])
    measures: dict[str, ir.Value] = {}
    for i in inputs:
        low, high = value_ends(last, i.scale)
        of_input = last.analyte_number == number_of_analyte(i.analyte)
        measures[i.low] = low.min(where=of_input)
        measures[i.high] = high.max(where=of_input)
    return last.group_by(*KEYS).aggregate(**measures)


def exposures(
    treatments: ibis.Table, infusions: ibis.Table, day_numbers: ibis.Table, wanted: Sequence[Exposure]
) -> ibis.Table:
    """Per cell, which exposures hold: one row for every patient-day with at least one."""
    longest = max(exposure.days_after for exposure in wanted)
    named = treatments.agent.isin(_agents(wanted)) | treatments.agent_class.isin(_agents(wanted))
    courses = treatments.filter(named).inner_join(infusions.select(*KEYS, "infusion_index"), list(KEYS))
    courses = courses.select("infusion_index", "agent", "agent_class", "intent", "event_id", "start_day", "end_day")
    days = courses.inner_join(
        day_numbers, [day_numbers.day >= courses.start_day, day_numbers.day <= courses.end_day + longest]
    )
    measures = {exposure.name: _holds(days, exposure).ifelse(1, 0).max() for exposure in wanted}
    days = days.mutate(exposed_cell=cell(days.infusion_index, days.day))
    return days.group_by("exposed_cell").aggregate(**measures)


def _agents(wanted: Sequence[Exposure]) -> list[str]:
    return sorted({agent for exposure in wanted for agent in exposure.agents})


def _holds(days: ibis.Table, exposure: Exposure) -> ir.BooleanValue:
    agents = list(exposure.agents)
    of_agents = days.agent.isin(agents) | days.agent_class.isin(agents).fill_null(False)
    in_time = days.day <= days.end_day + exposure.days_after
    if exposure.from_day:
        in_time = in_time & (days.day >= days.start_day + exposure.from_day)
    if exposure.only_therapeutic:
        return of_agents & in_time & ((days.intent == "therapeutic").fill_null(False) | days.event_id.notnull())
    if exposure.without_prophylaxis:
        return of_agents & in_time & (days.intent != "prophylactic").fill_null(True)
    return of_agents & in_time


def patient_days(
    grid_days: ibis.Table,
    worst: Worst,
    exposed: ibis.Table | None,
    inputs: Sequence[Input],
) -> ibis.Table:
    """The complete grid with every input of the day: worst values, exposures (null without treatments)."""
    laboratory = [i for i in inputs if isinstance(i, Laboratory) and not i.is_moved]
    days = _with_worst(grid_days, worst, laboratory)
    wanted = [i for i in inputs if isinstance(i, Exposure)]
    if exposed is None:
        return days.mutate(**{e.name: ibis.null("boolean") for e in wanted}) if wanted else days
    joined = days.left_join(exposed, [days.cell == exposed.exposed_cell])
    flags = {e.name: (joined[e.name] == 1).fill_null(False) for e in wanted}
    return joined.select(*days.columns, **flags)


# ---- bedside and judged items


def assessed_value(rows: ibis.Table, wanted: Assessed) -> ir.FloatingValue:
    """The number of the rows of this item, else null; a word is its place in the item's list."""
    allowed = assessment_items()[wanted.item].allowed
    number = rows.number
    if allowed:
        number = rows.text.cases(*((word, place) for place, word in enumerate(allowed)), else_=ibis.null("int8"))
    return (rows.item == wanted.item).ifelse(number.cast("float64"), ibis.null("float64"))


def _assessed_by(rows: ibis.Table, keys: Sequence[str], wanted: Sequence[Assessed]) -> ibis.Table:
    measures: dict[str, ir.Value] = {}
    for i in wanted:
        value = assessed_value(rows, i)
        measures[i.column] = value.min() if i.worse is Worse.LOWER else value.max()
    return rows.group_by(*keys).aggregate(**measures)


def assessed_before_infusion(assessments: ibis.Table, wanted: Sequence[Assessed]) -> ibis.Table:
    """Per infusion the last record of each item up to the day of infusion; the worse one of the same time."""
    rows = assessments.filter(assessments.item.isin(sorted({i.item for i in wanted})), assessments.day <= 0)
    last = rows.mutate(last=rows.time.max().over(ibis.window(group_by=[*KEYS, "item"])))
    return _assessed_by(last.filter(last.time == last["last"]), KEYS, wanted)


def with_assessed(
    days: ibis.Table,
    infusions: ibis.Table,
    day_numbers: ibis.Table,
    assessments: ibis.Table | None,
    wanted: Sequence[Assessed],
) -> ibis.Table:
    """The complete grid with the items of the day, and those of which the last record up to the day holds."""
    if not wanted:
        return days
    if assessments is None:
        return days.mutate(**{i.column: ibis.null("float64") for i in wanted})
    joined = days
    of_day, lasting = ([i for i in wanted if (i.span is Span.SO_FAR) is held] for held in (False, True))
    if of_day:
        rows = assessments.filter(assessments.item.isin(sorted({i.item for i in of_day})))
        joined = _beside(joined, _assessed_by(rows, (*KEYS, "day"), of_day), of_day)
    if lasting:
        joined = _beside(joined, _held(infusions, day_numbers, assessments, lasting), lasting)
    return joined.select(*days.columns, *(i.column for i in wanted))


def _beside(days: ibis.Table, by_day: ibis.Table, wanted: Sequence[Assessed]) -> ibis.Table:
    joined = days.left_join(by_day, [*KEYS, "day"])
    return joined.select(*days.columns, *(i.column for i in wanted))


def _held(
    infusions: ibis.Table, day_numbers: ibis.Table, assessments: ibis.Table, wanted: Sequence[Assessed]
) -> ibis.Table:
    """Per day of the grid the last record of each item on it; days without any have no row.

    Records are few and days are many: each record is spread over the days up to the next one of its item.
    """
    rows = assessments.filter(assessments.item.isin(sorted({i.item for i in wanted})))
    rows = rows.inner_join(infusions.select(*KEYS, "first_day", "last_day"), list(KEYS))
    rows = rows.filter(rows.day >= rows.first_day)
    records = _assessed_by(rows, (*KEYS, "last_day", "item", "day"), wanted)
    records = records.filter(ibis.coalesce(*(records[i.column] for i in wanted)).notnull())
    of_item = ibis.window(group_by=[*KEYS, "item"], order_by="day")
    until = ibis.least(records.last_day, records.day.lead().over(of_item) - 1)
    records = records.mutate(until=until).rename(record_day="day")
    spread = records.inner_join(day_numbers, [day_numbers.day >= records.record_day, day_numbers.day <= records.until])
    # On a day each item has one record, and each column is of one item.
    return spread.group_by(*KEYS, "day").aggregate(**{i.column: spread[i.column].max() for i in wanted})
