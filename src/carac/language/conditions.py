"""Criteria about what surrounds a value: an agent that was given, the denial of a criterion, points set aside.

Each gives points like an item (see `points`), 1 for met and 0 for not; a condition that nobody can know gives 0 to 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import reduce

import ibis
import ibis.expr.types as ir

from carac.language.combined import Combined
from carac.language.comparisons import Interval
from carac.language.definition import Rule
from carac.language.points import Criterion
from carac.vocabulary.types import Exposure, Input


def point(met: ir.BooleanValue) -> ir.IntegerValue:
    """1 where a condition is met, else 0; never null."""
    return met.fill_null(False).ifelse(1, 0).cast("int8")


def truth(points: Interval) -> ir.BooleanValue:
    """True where a criterion of one point is surely met, false where it surely is not, else null."""
    return ibis.cases((points.low > 0, True), (points.high < 1, False), else_=ibis.null("boolean"))


def all_of(*conditions: ir.BooleanValue) -> ir.BooleanValue:
    """True where all are, false where one is false, else null: alike on every engine."""
    return reduce(lambda one, other: one & other, conditions)


def any_true(*conditions: ir.BooleanValue) -> ir.BooleanValue:
    """True where one is, false where all are false, else null: alike on every engine."""
    return reduce(lambda one, other: one | other, conditions)


@dataclass(frozen=True)
class Given:
    """A point where an agent was given, or still acts; without a table of treatments nobody knows."""

    name: str
    title: str
    exposure: Exposure
    most: float = 1
    fewest: float = 0

    @property
    def inputs(self) -> tuple[Input, ...]:
        return (self.exposure,)

    @property
    def rules(self) -> tuple[Rule, ...]:
        return (Rule(self.name, self.title, "", (("=", 1, 1),), self.exposure.name),)

    def known(self, table: ibis.Table) -> ir.BooleanValue:
        return ibis.literal(False)

    def bounds(self, table: ibis.Table) -> Interval:
        given = table[self.exposure.name]
        return Interval(point(given), point(given.fill_null(True)))

    def chosen(self, table: ibis.Table) -> ir.StringValue | None:
        return None


@dataclass(frozen=True)
class Not:
    """A point where a criterion of one point gives none."""

    criterion: Criterion
    most: float = 1
    fewest: float = 0

    @property
    def name(self) -> str:
        return f"not_{self.criterion.name}"

    @property
    def title(self) -> str:
        return f"not: {self.criterion.title}"

    @property
    def inputs(self) -> tuple[Input, ...]:
        return self.criterion.inputs

    @property
    def rules(self) -> tuple[Rule, ...]:
        return self.criterion.rules

    def known(self, table: ibis.Table) -> ir.BooleanValue:
        return self.criterion.known(table)

    def bounds(self, table: ibis.Table) -> Interval:
        points = self.criterion.bounds(table)
        return Interval(point(points.high < 1), point(points.low < 1))

    def chosen(self, table: ibis.Table) -> ir.StringValue | None:
        return None


@dataclass(frozen=True)
class SetAside:
    """A criterion whose points do not count where one of these columns, results of other definitions, is true.

    Parameters
    ----------
    criterion: as the score prints it.
    explained_by: boolean columns; one that is null leaves open whether the points count.
    """

    criterion: Criterion
    explained_by: tuple[str, ...]

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
        points, nothing = self.criterion.bounds(table), ibis.literal(0, "int8")
        aside = any_true(*(table[column] for column in self.explained_by))
        low = ibis.cases((aside, nothing), (~aside, points.low), else_=ibis.least(points.low, nothing))
        high = ibis.cases((aside, nothing), (~aside, points.high), else_=ibis.greatest(points.high, nothing))
        return Interval(low, high)

    def chosen(self, table: ibis.Table) -> ir.StringValue | None:
        return None


def set_aside(criterion: Criterion, explained: Mapping[str, tuple[str, ...]]) -> Criterion:
    """The criterion with the points of each explained item set aside, its parts too.

    Parameters
    ----------
    explained: name of an item, and the columns that explain it.
    """
    if criterion.name in explained:
        return SetAside(criterion, explained[criterion.name])
    if isinstance(criterion, Combined):
        return replace(criterion, parts=tuple(set_aside(part, explained) for part in criterion.parts))
    return criterion
