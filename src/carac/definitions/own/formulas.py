"""An index that a site states as a formula."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import ibis

from carac.definitions.own.entries import COMMON, Entry
from carac.definitions.own.stated import MEASURE, PER, Measured, measured_by, readings_of, said_of
from carac.language.comparisons import INFINITY, Interval, agreed, at_least
from carac.language.definition import Columns, Definition, Layer, Output, Rule, interval
from carac.language.formula import FormulaError, read_formula
from carac.language.points import Reading
from carac.language.score import tables_needed
from carac.vocabulary.types import Worse


def formula(entry: Entry) -> Definition:
    """An index: a formula of values of the day, or of values before treatment."""
    entry.only((*COMMON, "per", "formula", "inputs", "unit", "reading"))
    grain = PER[entry.word("per", PER, "day")]
    try:
        read = read_formula(entry.text("formula"))
    except FormulaError as error:
        raise entry.fault(f"the formula cannot be read: {error}.", "formula") from None
    given = entry.values.get("inputs", {})
    if not isinstance(given, dict):
        raise entry.fault("inputs is a table of what each name of the formula reads.", "inputs")
    Entry(entry.file, entry.name, given, "inputs").only(read.names)
    sources: dict[str, tuple[Measured, float]] = {}
    for name in read.names:
        own = given.get(name, {"analyte": name})
        part = Entry(entry.file, entry.name, own if isinstance(own, dict) else {}, f"input {name}")
        part.only((*MEASURE, "worse"))
        worse = Worse(part.word("worse", ("lower", "higher"), "higher"))
        source, _, factor, _ = measured_by(part, worse, grain)
        sources[name] = (source, factor)
    reading = readings_of(entry)
    inputs = tuple(dict.fromkeys(source for source, _ in sources.values()))
    unit = entry.text("unit", "")
    own_readings = [
        Output(r.suffix, f"{r.title} (at least {r.at_least}): true, false, or null", "boolean") for r in reading
    ]
    return Definition(
        **said_of(entry, grain),
        inputs=inputs,
        outputs=(
            Output("", entry.text("meaning", "value of the formula; null where an input is missing"), "float64", unit),
            Output("__lowest", "lowest possible value; null where an input is missing or open", "float64", unit),
            Output("__highest", "highest possible value; null where an input is missing or open", "float64", unit),
            *own_readings,
        ),
        layers=lambda _: _formula_layers(entry.name, read.interval, sources, reading),
        rules=(Rule("formula", f"{entry.text('formula')}", "", ()),),
        lowest=None,
        needs=tables_needed(inputs),
        monotone=False,
    )


def _formula_layers(
    name: str,
    made: Callable[[Mapping[str, Interval]], Interval],
    sources: Mapping[str, tuple[Measured, float]],
    readings: Sequence[Reading],
) -> list[Layer]:
    def bounds(table: ibis.Table) -> Columns:
        values = {key: _finite(interval(table, source), factor) for key, (source, factor) in sources.items()}
        found = made(values)
        return {f"{name}__lowest": found.low, f"{name}__highest": found.high}

    def value(table: ibis.Table) -> Columns:
        low, high = table[f"{name}__lowest"], table[f"{name}__highest"]
        columns: Columns = {name: agreed(low, high)}
        for reading in readings:
            surely, never = at_least(low, reading.at_least), ~at_least(high, reading.at_least)
            columns[name + reading.suffix] = ibis.cases((surely, True), (never, False), else_=ibis.null("boolean"))
        return columns

    return [bounds, value]


def _finite(value: Interval, factor: float) -> Interval:
    """The interval in the unit of the formula; one without an end gives no value."""
    known = (value.low > -INFINITY) & (value.high < INFINITY)
    low, high = (known.ifelse(end.cast("float64") * factor, ibis.null("float64")) for end in (value.low, value.high))
    return Interval(low, high)
