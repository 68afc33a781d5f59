"""Bands: cut-points with the points or grade they give, as data that reads like the printed table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
    points: float

    def __str__(self) -> str:
        return f"{self.comparison} {self.constant:g} gives {self.points}"


@dataclass(frozen=True)
class Bands:
    """What a value gets: the points of the worst cut-point that it meets, else those of `otherwise`.

    `below` and `at_most` make low values the worse ones, `above` and `at_least` high values; the two directions are
    not mixed. Points may be negative (a normal antithrombin gives -1) or not whole (VTE-BLEED).
    """

    below: Mapping[float, float] = field(default_factory=dict)
    at_most: Mapping[float, float] = field(default_factory=dict)
    above: Mapping[float, float] = field(default_factory=dict)
    at_least: Mapping[float, float] = field(default_factory=dict)
    otherwise: float = 0

    @property
    def worse(self) -> Worse:
        """Which direction is worse."""
        return Worse.LOWER if self.below or self.at_most else Worse.HIGHER

    @property
    def cuts(self) -> list[Cut]:
        """The cut-points, the strictest first: of a printed table that is the worst."""
        written = [("<", self.below), ("≤", self.at_most), (">", self.above), ("≥", self.at_least)]
        cuts = [Cut(sign, constant, points) for sign, bands in written for constant, points in bands.items()]
        # The strictest first: what meets it meets the others too. At one constant, < and > are the stricter signs.
        toward = 1 if self.worse is Worse.LOWER else -1
        return sorted(cuts, key=lambda cut: (toward * cut.constant, cut.comparison in "≤≥"))

    @property
    def as_tuples(self) -> tuple[tuple[str, float, float], ...]:
        """The cut-points as plain tuples, worst first."""
        return tuple((cut.comparison, cut.constant, cut.points) for cut in self.cuts)

    @property
    def _every(self) -> list[float]:
        return [*(cut.points for cut in self.cuts), self.otherwise]

    @property
    def most(self) -> float:
        """The points of the worst band."""
        return max(self._every)

    @property
    def fewest(self) -> float:
        """The points of the best band."""
        return min(self._every)

    @property
    def type(self) -> str:
        """The smallest type of Ibis that holds the points."""
        return type_of_points(self._every)

    def points(self, value: ir.NumericValue) -> ir.NumericValue:
        """The points of an exact value; null for null."""
        branches = [(value.isnull(), ibis.null(self.type))]
        branches += [
            (COMPARISONS[sign](value, constant), ibis.literal(points, self.type))
            for sign, constant, points in self.cuts
        ]
        return ibis.cases(*branches, else_=ibis.literal(self.otherwise, self.type))

    def bounds(self, value: Interval) -> Interval:
        """Fewest and most points over the interval: bands are monotone, so the two ends decide. Null for null."""
        better, worse = (value.high, value.low) if self.worse is Worse.LOWER else (value.low, value.high)
        if max(cut.points for cut in self.cuts) < self.otherwise:
            # What meets the cut-point gets fewer points, such as liver failure in the JSTH score.
            better, worse = worse, better
        return Interval(self.points(better), self.points(worse))

    def __str__(self) -> str:
        return "; ".join(str(cut) for cut in self.cuts)


def type_of_points(points: Iterable[float]) -> str:
    """The smallest type of Ibis that holds these points: float64 where one is not whole."""
    points = list(points)
    if any(float(p) != int(p) for p in points):
        return "float64"
    return "int8" if all(abs(p) <= 127 for p in points) else "int16"
