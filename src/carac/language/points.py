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

from carac.language.bands import Bands
from carac.language.comparisons import Interval, agreed
from carac.language.definition import Columns, Layer, Output, Rule, interval
from carac.vocabulary.types import Baseline, Input, Laboratory


class Criterion(Protocol):
    """Anything that gives points on a row: an item with bands, or a rule of its own."""

    @property
    def name(self) -> str: ...

    @property
    def title(self) -> str: ...

    @property
    def inputs(self) -> tuple[Input, ...]: ...

    @property
    def most(self) -> int: ...

    @property
    def rules(self) -> tuple[Rule, ...]: ...

    def known(self, table: ibis.Table) -> ir.BooleanValue:
        """Whether anything is known of its input."""
        ...

    def bounds(self, table: ibis.Table) -> Interval:
        """Fewest and most points; never null: an unknown input gives 0 and `most`."""
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
    input: Laboratory | Baseline
    unit: str
    bands: Bands
    factor: float = 1.0
    otherwise: Item | None = None

    @property
    def inputs(self) -> tuple[Input, ...]:
        return (self.input, *(self.otherwise.inputs if self.otherwise else ()))

    @property
    def most(self) -> int:
        return max(self.bands.most, self.otherwise.most if self.otherwise else 0)

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
            return Interval(_filled(own.low, 0), _filled(own.high, self.most))
        other = self.otherwise.bounds(table)
        stand_in = self._stands_in(table)
        low = stand_in.ifelse(other.low, _filled(own.low, 0))
        return Interval(low, stand_in.ifelse(other.high, _filled(own.high, self.most)))

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


def _filled(points: ir.Value, missing: int) -> ir.Value:
    return ibis.coalesce(points, ibis.literal(missing, "int8"))


@dataclass(frozen=True)
class Reading:
    """What a total means from a threshold on, such as overt DIC from 5 points."""

    suffix: str
    title: str
    at_least: int


@dataclass(frozen=True)
class Total:
    """Points of several criteria made into one: their sum, or the worst of them.

    Parameters
    ----------
    criteria: the items.
    worst: True takes the worst item (a grade), False the sum (a score).
    readings: thresholds of the total with a meaning.
    items_shown: whether each item's points become columns beside the total.
    """

    criteria: tuple[Criterion, ...]
    worst: bool = False
    readings: tuple[Reading, ...] = ()
    items_shown: bool = True

    @property
    def most(self) -> int:
        """The highest possible total."""
        points = [criterion.most for criterion in self.criteria]
        return max(points) if self.worst else sum(points)

    @property
    def inputs(self) -> tuple[Input, ...]:
        """All inputs, each once."""
        return tuple(dict.fromkeys(i for criterion in self.criteria for i in criterion.inputs))

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The criteria as data."""
        return tuple(rule for criterion in self.criteria for rule in criterion.rules)

    def outputs(self, meaning: str, alternatives: Sequence[str] = ()) -> tuple[Output, ...]:
        """The columns of the total, its bounds, its readings and its items."""
        bounds = (
            Output("__lowest", "lowest possible value, given what is missing; null where nothing is known"),
            Output("__highest", "highest possible value, given what is missing; null where nothing is known"),
        )
        readings = tuple(
            Output(
                r.suffix,
                f"{r.title} (at least {r.at_least}): true, false, or null where what is missing decides",
                "boolean",
            )
            for r in self.readings
        )
        return (Output("", meaning), *bounds, *readings, *self._item_outputs())

    def _item_outputs(self) -> tuple[Output, ...]:
        if not self.items_shown:
            return ()
        outputs: list[Output] = []
        for item in self.criteria:
            outputs.append(
                Output(f"__{item.name}", f"points for {item.title}; null where they cannot be known", item=True)
            )
            if isinstance(item, Item) and item.otherwise:
                meaning = f"which input gave the points: {item.name} or {item.otherwise.name}"
                outputs.append(Output(f"__{item.name}__by", meaning, "string", item=True))
        return tuple(outputs)

    def layers(self, name: str) -> list[Layer]:
        """Layers of columns on a table that holds the inputs: points by item, totals, readings."""
        return [self._points(name), self._totals(name), self._readings(name)]

    def _points(self, name: str) -> Layer:
        def columns(table: ibis.Table) -> Columns:
            made: Columns = {}
            for item in self.criteria:
                bounds = item.bounds(table)
                made[f"{name}__{item.name}__lowest"] = bounds.low
                made[f"{name}__{item.name}__highest"] = bounds.high
                chosen = item.chosen(table)
                if chosen is not None and self.items_shown:
                    made[f"{name}__{item.name}__by"] = chosen
            made[f"{name}__known"] = reduce(lambda a, b: a | b, [item.known(table) for item in self.criteria])
            return made

        return columns

    def _totals(self, name: str) -> Layer:
        def columns(table: ibis.Table) -> Columns:
            known = table[f"{name}__known"]
            made: Columns = {}
            for end in ("lowest", "highest"):
                points = [table[f"{name}__{item.name}__{end}"] for item in self.criteria]
                total = _worst(points) if self.worst else reduce(lambda a, b: a + b, points)
                made[f"{name}__{end}"] = known.ifelse(total.cast("int8"), ibis.null("int8"))
            if self.items_shown:
                for item in self.criteria:
                    low, high = (table[f"{name}__{item.name}__{end}"] for end in ("lowest", "highest"))
                    made[f"{name}__{item.name}"] = agreed(low, high)
            return made

        return columns

    def _readings(self, name: str) -> Layer:
        def columns(table: ibis.Table) -> Columns:
            low, high = table[f"{name}__lowest"], table[f"{name}__highest"]
            made: Columns = {name: agreed(low, high)}
            for reading in self.readings:
                made[name + reading.suffix] = ibis.cases(
                    (low >= reading.at_least, True), (high < reading.at_least, False), else_=ibis.null("boolean")
                )
            return made

        return columns


def _worst(points: Sequence[ir.Value]) -> ir.Value:
    return ibis.greatest(*points) if len(points) > 1 else points[0]
