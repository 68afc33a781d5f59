"""Criteria made of others: the worst of several, their sum, how many of them are met; and changes from day to day.

Each gives points like an item (see `points`), with the fewest and the most that it can have. The bounds are exact
because the parts read different inputs, or the same input in the same direction.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

import ibis
import ibis.expr.types as ir

from carac.language.bands import Bands
from carac.language.comparisons import Interval
from carac.language.definition import Measured, Rule, interval
from carac.language.points import Criterion, filled, worst_of
from carac.vocabulary.types import Assessed, Exposure, Input, Laboratory, Span, Worse


def ratio(value: Interval, reference: Interval) -> Interval:
    """Value over reference as an interval; a reference that may be 0 or less gives no ratio."""
    usable = reference.low > 0
    nothing = ibis.null("float64")
    return Interval(
        usable.ifelse(value.low / reference.high, nothing), usable.ifelse(value.high / reference.low, nothing)
    )


@dataclass(frozen=True)
class Constant:
    """Points that every patient has, such as an underlying disorder; they alone make nothing known."""

    name: str
    title: str
    points: int

    @property
    def inputs(self) -> tuple[Input, ...]:
        return ()

    @property
    def most(self) -> float:
        return self.points

    @property
    def fewest(self) -> float:
        return self.points

    @property
    def rules(self) -> tuple[Rule, ...]:
        return (Rule(self.name, self.title, "", (("=", 1, self.points),)),)

    def known(self, table: ibis.Table) -> ir.BooleanValue:
        return ibis.literal(False)

    def bounds(self, table: ibis.Table) -> Interval:
        points = ibis.literal(self.points, "int8")
        return Interval(points, points)

    def chosen(self, table: ibis.Table) -> ir.StringValue | None:
        return None


@dataclass(frozen=True)
class Combined:
    """One line of a printed table that is made of several inputs.

    Parameters
    ----------
    name, title: for columns, and for people.
    parts: what it is made of.
    worst: True takes the part with most points, False the sum of all.
    bands: points for that number ("two of three lineages" is the sum of three, in bands); None takes it as it is.
    at_most: upper limit of the points.
    """

    name: str
    title: str
    parts: tuple[Criterion, ...]
    worst: bool = False
    bands: Bands | None = None
    at_most: int | None = None

    @property
    def inputs(self) -> tuple[Input, ...]:
        return tuple(dict.fromkeys(i for part in self.parts for i in part.inputs))

    @property
    def most(self) -> float:
        return self._ends[1]

    @property
    def fewest(self) -> float:
        return self._ends[0]

    @property
    def _ends(self) -> tuple[float, float]:
        fewest, most = ([getattr(part, end) for part in self.parts] for end in ("fewest", "most"))
        together = (max(fewest), max(most)) if self.worst else (sum(fewest), sum(most))
        if self.bands:
            return self.bands.fewest, self.bands.most
        return together if self.at_most is None else (together[0], min(together[1], self.at_most))

    @property
    def rules(self) -> tuple[Rule, ...]:
        own = (Rule(self.name, self.title, "", self.bands.as_tuples),) if self.bands else ()
        return (*own, *(rule for part in self.parts for rule in part.rules))

    def known(self, table: ibis.Table) -> ir.BooleanValue:
        return reduce(lambda one, other: one | other, [part.known(table) for part in self.parts])

    def bounds(self, table: ibis.Table) -> Interval:
        ends = [part.bounds(table) for part in self.parts]
        low, high = (self._together([end.low for end in ends]), self._together([end.high for end in ends]))
        if self.bands:
            return self.bands.bounds(Interval(low, high))
        if self.at_most is None:
            return Interval(low, high)
        limit = ibis.literal(self.at_most, "int8")
        return Interval(ibis.least(low, limit), ibis.least(high, limit))

    def _together(self, points: list[ir.Value]) -> ir.Value:
        return worst_of(points) if self.worst else reduce(lambda one, other: one + other, points)

    def chosen(self, table: ibis.Table) -> ir.StringValue | None:
        return None


@dataclass(frozen=True)
class IfRecorded:
    """A criterion that counts only where something is recorded for it: not recorded is taken as not met.

    For what is measured only if it is suspected (band forms, an arterial blood gas). A card names it.
    """

    criterion: Criterion

    @property
    def name(self) -> str:
        return self.criterion.name

    @property
    def title(self) -> str:
        return self.criterion.title

    @property
    def inputs(self) -> tuple[Input, ...]:
        return self.criterion.inputs

    @property
    def most(self) -> float:
        return max(self.criterion.most, 0)

    @property
    def fewest(self) -> float:
        return min(self.criterion.fewest, 0)

    @property
    def rules(self) -> tuple[Rule, ...]:
        return self.criterion.rules

    def known(self, table: ibis.Table) -> ir.BooleanValue:
        return self.criterion.known(table)

    def bounds(self, table: ibis.Table) -> Interval:
        found, known = self.criterion.bounds(table), _recorded(self.criterion, table)
        nothing = ibis.literal(0, "int8")
        return Interval(known.ifelse(found.low, nothing), known.ifelse(found.high, nothing))

    def chosen(self, table: ibis.Table) -> ir.StringValue | None:
        return None


def _recorded(criterion: Criterion, table: ibis.Table) -> ir.BooleanValue:
    """Whether anything is recorded for it: a judged item also where an earlier day's record holds."""
    inputs = [i for i in criterion.inputs if not isinstance(i, Exposure)]
    return reduce(lambda one, other: one | other, [interval(table, i).known for i in inputs])


@dataclass(frozen=True)
class Change:
    """Points for the value of the day over an earlier one.

    Parameters
    ----------
    name, title: for columns, and for people.
    today, before: what is compared.
    bands: cut-points of today over before: a fall of 30 % leaves 0.7.
    unless: an exposure under which the change does not count, such as a transfusion before the earlier count.
    """

    name: str
    title: str
    today: Measured
    before: Measured
    bands: Bands
    unless: Exposure | None = None

    @property
    def inputs(self) -> tuple[Input, ...]:
        return (self.today, self.before, *((self.unless,) if self.unless else ()))

    @property
    def most(self) -> float:
        return max(self.bands.most, 0) if self.unless else self.bands.most

    @property
    def fewest(self) -> float:
        return min(self.bands.fewest, 0) if self.unless else self.bands.fewest

    @property
    def rules(self) -> tuple[Rule, ...]:
        return (Rule(self.name, self.title, "x the earlier value", self.bands.as_tuples),)

    def known(self, table: ibis.Table) -> ir.BooleanValue:
        return interval(table, self.today).known

    def bounds(self, table: ibis.Table) -> Interval:
        points = self.bands.bounds(ratio(interval(table, self.today), interval(table, self.before)))
        low, high = filled(points.low, self.bands.fewest), filled(points.high, self.bands.most)
        if not self.unless:
            return Interval(low, high)
        # Without a table of treatments nobody knows whether the change counts.
        void, nothing = table[self.unless.name], ibis.literal(0, "int8")
        return Interval(
            ibis.cases((void, nothing), (~void, low), else_=ibis.least(low, nothing)),
            ibis.cases((void, nothing), (~void, high), else_=ibis.greatest(high, nothing)),
        )

    def chosen(self, table: ibis.Table) -> ir.StringValue | None:
        return None


#: Platelets given on one of the two days before: the count of the day before may stand on them (catalogue, P12).
TRANSFUSED_BEFORE = Exposure(
    "platelets_transfused_1_to_2_days_before", ("platelet_transfusion",), days_after=2, from_day=1
)


def platelet_fall(bands: Bands, exclude_transfused: bool, name: str = "platelet_fall") -> Change:
    """The lowest count of the day over the highest of the day before, which stands for "in 24 hours"."""
    return Change(
        name,
        "fall of platelets since the day before",
        Laboratory("platelets", Worse.LOWER),
        Laboratory("platelets", Worse.HIGHER, before=1),
        bands,
        TRANSFUSED_BEFORE if exclude_transfused else None,
    )


@dataclass(frozen=True)
class Judged:
    """A yes-or-no item that a clinician judges, recorded as an assessment.

    Parameters
    ----------
    name: the item in the vocabulary, and the column.
    title: for people.
    points: what "yes" gives.
    span: whether the record of the day, the last one so far, or the last one before infusion holds.
    from_place: the place in the item's list of words from which on it is met; "yes" is 1.
    """

    name: str
    title: str
    points: float = 1
    span: Span = Span.SO_FAR
    from_place: int = 1

    @property
    def _input(self) -> Assessed:
        return Assessed(self.name, span=self.span)

    @property
    def _bands(self) -> Bands:
        return Bands(at_least={self.from_place: self.points})

    @property
    def inputs(self) -> tuple[Input, ...]:
        return (self._input,)

    @property
    def most(self) -> float:
        return self._bands.most

    @property
    def fewest(self) -> float:
        return self._bands.fewest

    @property
    def rules(self) -> tuple[Rule, ...]:
        return (Rule(self.name, self.title, "", (("=", self.from_place, self.points),), self._input.column),)

    def known(self, table: ibis.Table) -> ir.BooleanValue:
        # What holds from an earlier day on does not make anything known of a day without results.
        return ibis.literal(False) if self.span is Span.SO_FAR else interval(table, self._input).known

    def bounds(self, table: ibis.Table) -> Interval:
        points = self._bands.bounds(interval(table, self._input))
        return Interval(filled(points.low, self.fewest), filled(points.high, self.most))

    def chosen(self, table: ibis.Table) -> ir.StringValue | None:
        return None


def any_of(name: str, title: str, parts: Iterable[Criterion]) -> Combined:
    """One line that is met where one of its parts is."""
    return Combined(name, title, tuple(parts), worst=True)


@dataclass(frozen=True)
class AnyMeasured:
    """Met where one of several measurements meets it: any that was measured counts, the others leave no range.

    For markers of which a laboratory runs one or two. Where none was measured, it may be met or not.
    """

    name: str
    title: str
    parts: tuple[Criterion, ...]

    @property
    def _together(self) -> Combined:
        return any_of(self.name, self.title, (IfRecorded(part) for part in self.parts))

    @property
    def inputs(self) -> tuple[Input, ...]:
        return self._together.inputs

    @property
    def most(self) -> float:
        return self._together.most

    @property
    def fewest(self) -> float:
        return self._together.fewest

    @property
    def rules(self) -> tuple[Rule, ...]:
        return self._together.rules

    def known(self, table: ibis.Table) -> ir.BooleanValue:
        return self._together.known(table)

    def bounds(self, table: ibis.Table) -> Interval:
        found = self._together.bounds(table)
        measured = _recorded(self, table)
        return Interval(found.low, measured.ifelse(found.high, ibis.literal(self.most, found.high.type())))

    def chosen(self, table: ibis.Table) -> ir.StringValue | None:
        return None


def recorded(criterion: Criterion, unrecorded_is_absent: bool) -> Criterion:
    """The criterion, counted only where it is recorded if the parameters say so."""
    return IfRecorded(criterion) if unrecorded_is_absent else criterion


@dataclass(frozen=True)
class OfGrade:
    """A point where another definition's grade of the day is at least so much; that definition stands in `uses`."""

    name: str
    title: str
    definition: str
    at_least: int

    @property
    def inputs(self) -> tuple[Input, ...]:
        return ()

    @property
    def most(self) -> float:
        return 1

    @property
    def fewest(self) -> float:
        return 0

    @property
    def rules(self) -> tuple[Rule, ...]:
        return (Rule(self.name, self.title, f"grade of {self.definition}", (("≥", self.at_least, 1),)),)

    def known(self, table: ibis.Table) -> ir.BooleanValue:
        return table[f"{self.definition}__lowest"].notnull()

    def bounds(self, table: ibis.Table) -> Interval:
        low, high = (table[f"{self.definition}__{end}"] >= self.at_least for end in ("lowest", "highest"))
        return Interval(low.fill_null(False).ifelse(1, 0).cast("int8"), high.fill_null(True).ifelse(1, 0).cast("int8"))

    def chosen(self, table: ibis.Table) -> ir.StringValue | None:
        return None


@dataclass(frozen=True)
class Both:
    """A point where all of several criteria give one, such as a count that is low today and was not before."""

    name: str
    title: str
    parts: tuple[Criterion, ...]

    @property
    def _together(self) -> Combined:
        return Combined(self.name, self.title, self.parts, bands=Bands(at_least={len(self.parts): 1}))

    @property
    def inputs(self) -> tuple[Input, ...]:
        return self._together.inputs

    @property
    def most(self) -> float:
        return 1

    @property
    def fewest(self) -> float:
        return 0

    @property
    def rules(self) -> tuple[Rule, ...]:
        return tuple(rule for part in self.parts for rule in part.rules)

    def known(self, table: ibis.Table) -> ir.BooleanValue:
        return self._together.known(table)

    def bounds(self, table: ibis.Table) -> Interval:
        return self._together.bounds(table)

    def chosen(self, table: ibis.Table) -> ir.StringValue | None:
        return None


@dataclass(frozen=True)
class OnResult:
    """Points for the number that another definition gives, such as creatinine clearance; it stands in `uses`."""

    name: str
    title: str
    definition: str
    unit: str
    bands: Bands

    @property
    def inputs(self) -> tuple[Input, ...]:
        return ()

    @property
    def most(self) -> float:
        return self.bands.most

    @property
    def fewest(self) -> float:
        return self.bands.fewest

    @property
    def rules(self) -> tuple[Rule, ...]:
        return (Rule(self.name, self.title, self.unit, self.bands.as_tuples),)

    def known(self, table: ibis.Table) -> ir.BooleanValue:
        return table[f"{self.definition}__lowest"].notnull()

    def bounds(self, table: ibis.Table) -> Interval:
        value = Interval(*(table[f"{self.definition}__{end}"] for end in ("lowest", "highest")))
        points = self.bands.bounds(value)
        return Interval(filled(points.low, self.fewest), filled(points.high, self.most))

    def chosen(self, table: ibis.Table) -> ir.StringValue | None:
        return None


@dataclass(frozen=True)
class IsMale:
    """A point for the male sex; an unrecorded sex leaves a range and makes nothing known."""

    name: str = "male"
    title: str = "male sex"
    most: float = 1
    fewest: float = 0

    @property
    def inputs(self) -> tuple[Input, ...]:
        return ()

    @property
    def rules(self) -> tuple[Rule, ...]:
        return (Rule(self.name, self.title, "", (("=", 1, 1),)),)

    def known(self, table: ibis.Table) -> ir.BooleanValue:
        return ibis.literal(False)

    def bounds(self, table: ibis.Table) -> Interval:
        male = table.sex.lower().isin(("male", "m"))
        return Interval(*(male.fill_null(open_).ifelse(1, 0).cast("int8") for open_ in (False, True)))

    def chosen(self, table: ibis.Table) -> ir.StringValue | None:
        return None
