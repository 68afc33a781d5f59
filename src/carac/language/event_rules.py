"""How criteria about an event are said: its features side by side, three-valued logic, and grades with bounds.

A feature that nobody recorded is unknown, neither true nor false. Criteria keep the unknown (`&`, `|` and `~` of SQL
are three-valued), and a grade carries its lowest and highest possible value. These are exact where each unknown
feature pushes the grade in one direction only, which the tests check by running through all completions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce

import ibis
import ibis.expr.types as ir

from carac.language.comparisons import COMPARISONS, Interval
from carac.language.definition import Rule, Tables
from carac.vocabulary.event_features import feature_of

#: Keys of a result about events.
KEYS = ("patient_id", "infusion_number", "event_id")

#: Word of the cohort tables for a time that is known to the minute.
MINUTE = "minute"

_COLUMN_OF_KIND = {"bool": "flag", "number": "number", "word": "text"}


def features(tables: Tables, wanted: Sequence[str]) -> ibis.Table:
    """The events with the wanted features beside them, one column each, named for the feature.

    A feature that the record lacks is null; so is one that it states twice with different values, because nobody
    can say which holds. Raises `ValueError` for a feature that the vocabulary does not know.
    """
    rows = tables.event_features
    columns = {name: _value(rows, name) for name in wanted}
    wide = rows.filter(rows.feature.isin(wanted)).group_by("event_id").aggregate(**columns)
    wide = wide.rename(feature_event_id="event_id")
    joined = tables.events.left_join(wide, tables.events.event_id == wide.feature_event_id)
    return joined.drop("feature_event_id")


def _value(rows: ibis.Table, name: str) -> ir.Value:
    known = feature_of(name)
    if known is None:
        raise ValueError(f"{name!r} is not a feature of the vocabulary.")
    value = rows[_COLUMN_OF_KIND[known.kind]]
    if known.kind == "bool":
        value = value.ifelse(1, 0)
    stated = (rows.feature == name) & rows[_COLUMN_OF_KIND[known.kind]].notnull()
    least, most = value.min(where=stated), value.max(where=stated)
    single = (least == most).ifelse(most, ibis.null(most.type()))
    return single == 1 if known.kind == "bool" else single


# ---- three-valued logic


def unknown() -> ir.BooleanScalar:
    """A truth that is not known."""
    return ibis.null("boolean")


def certainly(truth: ir.BooleanValue) -> ir.BooleanValue:
    """True only where it is known to be true."""
    return truth.fill_null(False)


def possibly(truth: ir.BooleanValue) -> ir.BooleanValue:
    """False only where it is known to be false."""
    return truth.fill_null(True)


def any_of(truths: Iterable[ir.BooleanValue]) -> ir.BooleanValue:
    """True where one is true, false where all are false, else null."""
    return reduce(lambda one, other: one | other, truths)


def true_or_unknown(truth: ir.BooleanValue) -> ir.BooleanValue:
    """Keeps true and makes all else unknown: for evidence whose absence shows nothing."""
    return ibis.cases((truth, True), else_=unknown())


def false_or_unknown(truth: ir.BooleanValue) -> ir.BooleanValue:
    """Keeps false and makes all else unknown."""
    return ibis.cases((~truth, False), else_=unknown())


def any_row(truth: ir.BooleanValue) -> ir.BooleanScalar:
    """`any_of` over the rows of a group: true where one row is, null where one might be, else false."""
    most = ibis.cases((truth, 2), (truth.isnull(), 1), else_=0).max()
    return ibis.cases((most == 2, True), (most == 1, unknown()), else_=False)


def any_known(table: ibis.Table, columns: Iterable[str]) -> ir.BooleanValue:
    """Whether any of these columns holds a value."""
    return any_of(table[name].notnull() for name in columns)


# ---- criteria and grades


def meets(rule: Rule, value: ir.NumericValue | Interval) -> ir.BooleanValue:
    """Whether a value meets the one cut-point of a rule that looks for high values; null where the value cannot tell.

    A printed tie is a tie (see `comparisons`). An interval that holds the cut-point is null.
    """
    ((sign, constant, _),) = rule.cuts
    if not isinstance(value, Interval):
        return COMPARISONS[sign](value, constant)
    if sign not in (">", "≥"):
        raise ValueError(f"{rule.name}: only criteria of high values are said in this way.")
    low, high = (COMPARISONS[sign](end, constant) for end in (value.low, value.high))
    return ibis.cases((certainly(low), True), (possibly(high), unknown()), else_=False)


@dataclass(frozen=True)
class Criterion:
    """One criterion of a scale.

    Parameters
    ----------
    word: what a result calls it.
    grade: the grade it gives where it is met.
    met: true, false, or null where that is not known.
    """

    word: str
    grade: int
    met: ir.BooleanValue


@dataclass(frozen=True)
class Criteria:
    """The criteria of a scale: an event gets the worst grade among those that it meets, else the floor.

    Parameters
    ----------
    items: the criteria; among equals the first names the result.
    floor: the grade of an event that meets none.
    """

    items: tuple[Criterion, ...]
    floor: int

    @property
    def ordered(self) -> tuple[Criterion, ...]:
        """Worst grade first."""
        return tuple(sorted(self.items, key=lambda item: -item.grade))

    def bounds(self) -> Interval:
        """The grade if every unknown criterion failed, and if every one held; never null."""
        return Interval(self._grade(certainly), self._grade(possibly))

    def _grade(self, reading: Callable[[ir.BooleanValue], ir.BooleanValue]) -> ir.IntegerValue:
        branches = [(reading(item.met), ibis.literal(item.grade, "int8")) for item in self.ordered]
        return ibis.cases(*branches, else_=ibis.literal(self.floor, "int8"))

    def word(self) -> ir.StringValue:
        """The worst criterion that is surely met; null where none is. With an open grade it is behind the lowest."""
        return ibis.cases(*((certainly(item.met), item.word) for item in self.ordered), else_=ibis.null("string"))


def at_least_grade(bounds: Interval, grade: int) -> ir.BooleanValue:
    """Whether the grade is at least this one: true, false, or null where what is missing decides."""
    return ibis.cases((bounds.low >= grade, True), (bounds.high < grade, False), else_=unknown())


def days_between(later: ir.TimestampValue, earlier: ir.TimestampValue | ir.DateValue) -> ir.IntegerValue:
    """Calendar days from one date to another, clock changes or not."""
    return later.cast("date").delta(earlier.cast("date"), unit="day").cast("int32")
