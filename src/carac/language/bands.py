"""Bands: cut-points with the points or grade they give, as data that reads like the printed table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import ibis
import ibis.expr.types as ir

from carac.language.comparisons import COMPARISONS, Interval
from carac.vocabulary.types import Worse


class Cut(NamedTuple):
    """One cut-point: the comparison, its constant, and what a value that meets it gets."""

    comparison: str
    constant: float
    points: int

    def __str__(self) -> str:
        return f"{self.comparison} {self.constant:g} gives {self.points}"


@dataclass(frozen=True)
class Bands:
    """What a value gets: the points of the worst cut-point that it meets, else 0.

    Exactly one of the four mappings (constant to points) is given. `below` and `at_most` make low values the worse
    ones, `above` and `at_least` high values.
    """

    below: Mapping[float, int] = field(default_factory=dict)
    at_most: Mapping[float, int] = field(default_factory=dict)
    above: Mapping[float, int] = field(default_factory=dict)
    at_least: Mapping[float, int] = field(default_factory=dict)

    @property
    def worse(self) -> Worse:
        """Which direction is worse."""
        return Worse.LOWER if self.below or self.at_most else Worse.HIGHER

    @property
    def cuts(self) -> list[Cut]:
        """The cut-points, worst first."""
        written = [("<", self.below), ("≤", self.at_most), (">", self.above), ("≥", self.at_least)]
        cuts = [Cut(sign, constant, points) for sign, bands in written for constant, points in bands.items()]
        return sorted(cuts, key=lambda cut: -cut.points)

    @property
    def as_tuples(self) -> tuple[tuple[str, float, int], ...]:
        """The cut-points as plain tuples, worst first."""
        return tuple((cut.comparison, cut.constant, cut.points) for cut in self.cuts)

    @property
    def most(self) -> int:
        """The points of the worst band."""
        return max(cut.points for cut in self.cuts)

    def points(self, value: ir.NumericValue) -> ir.IntegerValue:
        """The points of an exact value; null for null."""
        branches = [(value.isnull(), ibis.null("int8"))]
        branches += [
            (COMPARISONS[sign](value, constant), ibis.literal(points, "int8")) for sign, constant, points in self.cuts
        ]
        return ibis.cases(*branches, else_=ibis.literal(0, "int8"))

    def bounds(self, value: Interval) -> Interval:
        """Fewest and most points over the interval: bands are monotone, so the two ends decide. Null for null."""
        better, worse = (value.high, value.low) if self.worse is Worse.LOWER else (value.low, value.high)
        return Interval(self.points(better), self.points(worse))

    def __str__(self) -> str:
        return "; ".join(str(cut) for cut in self.cuts)
