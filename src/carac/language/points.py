"""Items with bands, and what is made of them: the sum of a score, or the worst of a grade.

A missing item gives its fewest and its most points, so that a total carries the lowest and the highest value it can
have; where both agree, the total is known although an input is missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Protocol

import ibis
import ibis.expr.types as ir

from carac.language.bands import Bands, type_of_points
from carac.language.comparisons import Interval, agreed, at_least
from carac.language.definition import Columns, Layer, Measured, Output, Rule, interval
from carac.vocabulary.types import Input


class Criterion(Protocol):
    """Anything that gives points on a row: an item with bands, or a rule of its own."""

    @property
    def name(self) -> str: ...

    @property
    def title(self) -> str: ...

    @property
    def inputs(self) -> tuple[Input, ...]: ...

    @property
    def most(self) -> float: ...

    @property
    def fewest(self) -> float: ...

    @property
    def rules(self) -> tuple[Rule, ...]: ...

    def known(self, table: ibis.Table) -> ir.BooleanValue:
        """Whether anything is known of its input."""
        ...

    def bounds(self, table: ibis.Table) -> Interval:
        """Fewest and most points; never null: an unknown input gives `fewest` and `most`."""
        ...

    def chosen(self, table: ibis.Table) -> ir.StringValue | None:
        """Which of its alternatives was used; None where it has none."""
        ...


@dataclass(frozen=True)
class Item:
    """One line of a printed table: an input, its unit, its bands.

    Parameters
    ----------
    name, title: for columns, and for people.
    input: what is read.
    unit: unit of the cut-points, for people; the input is in the canonical unit times `factor`.
    bands: the cut-points.
    factor: what the canonical value is multiplied by before it is compared.
    otherwise: the item that stands in where this one cannot be decided.
    """

    name: str
    title: str
    input: Measured
    unit: str
    bands: Bands
    factor: float = 1.0
    otherwise: Item | None = None

    @property
    def inputs(self) -> tuple[Input, ...]:
        return (self.input, *(self.otherwise.inputs if self.otherwise else ()))

    @property
    def most(self) -> float:
        return max(self.bands.most, self.otherwise.most) if self.otherwise else self.bands.most

    @property
    def fewest(self) -> float:
        return min(self.bands.fewest, self.otherwise.fewest) if self.otherwise else self.bands.fewest

    @property
    def rules(self) -> tuple[Rule, ...]:
        own = Rule(self.name, self.title, self.unit, self.bands.as_tuples, self.input.column, self.factor)
        return (own, *(self.otherwise.rules if self.otherwise else ()))

    def known(self, table: ibis.Table) -> ir.BooleanValue:
        known = interval(table, self.input).known
        return known | self.otherwise.known(table) if self.otherwise else known

    def bounds(self, table: ibis.Table) -> Interval:
        own = self._own(table)
        if not self.otherwise:
            return Interval(filled(own.low, self.fewest), filled(own.high, self.most))
        other = self.otherwise.bounds(table)
        stand_in = self._stands_in(table)
        low = stand_in.ifelse(other.low, filled(own.low, self.fewest))
        return Interval(low, stand_in.ifelse(other.high, filled(own.high, self.most)))

    def chosen(self, table: ibis.Table) -> ir.StringValue | None:
        if not self.otherwise:
            return None
        other = self.otherwise.chosen(table)
        stand_in = other if other is not None else ibis.literal(self.otherwise.name)
        own = interval(table, self.input).known
        return ibis.cases((self._stands_in(table), stand_in), (own, ibis.literal(self.name)), else_=ibis.null("string"))

    def _own(self, table: ibis.Table) -> Interval:
        value = interval(table, self.input)
        if self.factor != 1.0:
            value = Interval(value.low * self.factor, value.high * self.factor)
        return self.bands.bounds(value)

    def _stands_in(self, table: ibis.Table) -> ir.BooleanValue:
        assert self.otherwise is not None
        own = self._own(table)
        undecided = (own.low != own.high).fill_null(True)
        return undecided & self.otherwise.known(table)


def filled(points: ir.Value, missing: float) -> ir.Value:
    """The points, and where they are unknown these instead."""
    return ibis.coalesce(points, ibis.literal(missing, type_of_points([missing])))


@dataclass(frozen=True)
class Reading:
    """What a total means from a threshold on, such as overt DIC from 5 points."""

    suffix: str
    title: str
    at_least: int


@dataclass(frozen=True)
class Classes:
    """Words for ranges of the total: each holds from its number of points on, the first from the lowest total on."""

    suffix: str
    title: str
    words: tuple[tuple[float, str], ...]

    def word(self, low: ir.NumericValue, high: ir.NumericValue) -> ir.StringValue:
        """The word where the lowest and the highest possible total have the same one, else null."""
        first = self.words[0][1]
        cuts = [(points, word) for points, word in reversed(self.words[1:])]
        known = low.notnull() & high.notnull()

        def of(total: ir.NumericValue) -> ir.StringValue:
            return ibis.cases(*((at_least(total, points), word) for points, word in cuts), else_=first)

        return (known & (of(low) == of(high))).ifelse(of(low), ibis.null("string"))


@dataclass(frozen=True)
class Total:
    """Points of several criteria made into one: their sum, or the worst of them.

    Parameters
    ----------
    criteria: the items.
    worst: True takes the worst item (a grade), False the sum (a score).
    readings: thresholds of the total with a meaning.
    items_shown: whether each item's points become columns beside the total.
    classes: words for ranges of the total, such as low and high risk.
    gates: criteria that give no points and without which no reading is true, such as a ferritin that is required.
    instead: criteria each of which makes the readings true by itself, such as a molecular diagnosis.
    """

    criteria: tuple[Criterion, ...]
    worst: bool = False
    readings: tuple[Reading, ...] = ()
    items_shown: bool = True
    classes: Classes | None = None
    gates: tuple[Criterion, ...] = ()
    instead: tuple[Criterion, ...] = ()

    @property
    def every(self) -> tuple[Criterion, ...]:
        """All criteria, those that give no points too."""
        return (*self.criteria, *self.gates, *self.instead)

    @property
    def most(self) -> float:
        """The highest possible total."""
        points = [criterion.most for criterion in self.criteria]
        return max(points) if self.worst else sum(points)

    @property
    def fewest(self) -> float:
        """The lowest possible total."""
        points = [criterion.fewest for criterion in self.criteria]
        return max(points) if self.worst else sum(points)

    @property
    def type(self) -> str:
        """Type of the total."""
        every = [points for item in self.criteria for points in (item.most, item.fewest)]
        whole = [p for item in self.criteria for rule in item.rules for _, _, p in rule.cuts]
        return type_of_points([*every, *whole, self.most, self.fewest])

    @property
    def inputs(self) -> tuple[Input, ...]:
        """All inputs, each once."""
        return tuple(dict.fromkeys(i for criterion in self.every for i in criterion.inputs))

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The criteria as data."""
        return tuple(rule for criterion in self.every for rule in criterion.rules)

    def outputs(self, meaning: str, alternatives: Sequence[str] = ()) -> tuple[Output, ...]:
        """The columns of the total, its bounds, its readings and its items."""
        bounds = (
            Output("__lowest", "lowest possible value, given what is missing; null where nothing is known", self.type),
            Output(
                "__highest", "highest possible value, given what is missing; null where nothing is known", self.type
            ),
        )
        readings = tuple(
            Output(
                r.suffix,
                f"{r.title} (at least {r.at_least}): true, false, or null where what is missing decides",
                "boolean",
            )
            for r in self.readings
        )
        classes = (Output(self.classes.suffix, self.classes.title, "string"),) if self.classes else ()
        return (Output("", meaning, self.type), *bounds, *readings, *classes, *self._item_outputs())

    def _item_outputs(self) -> tuple[Output, ...]:
        if not self.items_shown:
            return ()
        outputs: list[Output] = []
        for item in self.every:
            outputs.append(
                Output(
                    f"__{item.name}",
                    f"points for {item.title}; null where they cannot be known",
                    self._type_of(item),
                    item=True,
                )
            )
            if isinstance(item, Item) and item.otherwise:
                meaning = f"which input gave the points: {item.name} or {item.otherwise.name}"
                outputs.append(Output(f"__{item.name}__by", meaning, "string", item=True))
        return tuple(outputs)

    @staticmethod
    def _type_of(item: Criterion) -> str:
        return type_of_points([item.most, item.fewest, *(p for rule in item.rules for _, _, p in rule.cuts)])

    def layers(self, name: str) -> list[Layer]:
        """Layers of columns on a table that holds the inputs: points by item, totals, readings."""
        return [self._points(name), self._totals(name), self._readings(name)]

    def _points(self, name: str) -> Layer:
        def columns(table: ibis.Table) -> Columns:
            made: Columns = {}
            for item in self.every:
                bounds = item.bounds(table)
                made[f"{name}__{item.name}__lowest"] = bounds.low.cast(self._type_of(item))
                made[f"{name}__{item.name}__highest"] = bounds.high.cast(self._type_of(item))
                chosen = item.chosen(table)
                if chosen is not None and self.items_shown:
                    made[f"{name}__{item.name}__by"] = chosen
            made[f"{name}__known"] = reduce(lambda a, b: a | b, [item.known(table) for item in self.every])
            return made

        return columns

    def _totals(self, name: str) -> Layer:
        def columns(table: ibis.Table) -> Columns:
            known = table[f"{name}__known"]
            made: Columns = {}
            for end in ("lowest", "highest"):
                points = [table[f"{name}__{item.name}__{end}"].cast(self.type) for item in self.criteria]
                total = worst_of(points) if self.worst else reduce(lambda a, b: a + b, points)
                made[f"{name}__{end}"] = known.ifelse(total.cast(self.type), ibis.null(self.type))
            if self.items_shown:
                for item in self.every:
                    low, high = (table[f"{name}__{item.name}__{end}"] for end in ("lowest", "highest"))
                    made[f"{name}__{item.name}"] = agreed(low, high)
            return made

        return columns

    def _readings(self, name: str) -> Layer:
        def columns(table: ibis.Table) -> Columns:
            low, high = table[f"{name}__lowest"], table[f"{name}__highest"]
            made: Columns = {name: agreed(low, high)}
            for reading in self.readings:
                made[name + reading.suffix] = self._read(table, name, reading)
            if self.classes:
                made[name + self.classes.suffix] = self.classes.word(low, high)
            return made

        return columns

    def _read(self, table: ibis.Table, name: str, reading: Reading) -> ir.BooleanValue:
        """Whether the total reaches the reading, every gate is open, or something makes it true instead."""
        ends: list[ir.BooleanValue] = []
        for end in ("lowest", "highest"):
            reached = table[f"{name}__{end}"] >= reading.at_least
            for gate in self.gates:
                reached = reached & (table[f"{name}__{gate.name}__{end}"] > 0)
            for other in self.instead:
                reached = reached | (table[f"{name}__{other.name}__{end}"] > 0)
            ends.append(reached)
        low, high = ends
        return ibis.cases((low, True), (~high, False), else_=ibis.null("boolean"))


def worst_of(points: Sequence[ir.Value]) -> ir.Value:
    """The most points of several."""
    return ibis.greatest(*points) if len(points) > 1 else points[0]
