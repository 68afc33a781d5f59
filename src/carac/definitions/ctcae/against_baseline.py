"""Enzymes, bilirubin and creatinine against baseline: "x ULN if baseline was normal; x baseline if it was abnormal".

Source: National Cancer Institute, Common Terminology Criteria for Adverse Events, versions 5.0 and 6.0.
A baseline is abnormal where it lies above its own upper limit of normal. One that was never measured leaves a range: it
may have been normal, or so high that the value of the day is none; it is then taken to have had the limit of the day.
"""

from __future__ import annotations

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from carac.language.bands import Bands
from carac.language.combined import Change, ratio
from carac.language.comparisons import INFINITY, Interval, above, below
from carac.language.definition import Rule, interval
from carac.language.points import filled
from carac.vocabulary.types import Baseline, Input, Laboratory, Scale, Worse

NOTHING = 0
#: The nearest values above and below a limit: beyond the 1e-9 within which a value is a tie (catalogue, section 0).
JUST_ABOVE, JUST_BELOW = 1 + 1e-8, 1 - 1e-8


@dataclass(frozen=True)
class ByBaseline:
    """Points against the upper limit where the baseline was normal, against the baseline where it was not.

    Parameters
    ----------
    analyte, title: what is read.
    normal, abnormal: cut-points in multiples of the upper limit, and of an abnormal baseline.
    """

    analyte: str
    title: str
    normal: Bands
    abnormal: Bands
    name: str = "limit"

    @property
    def _today(self) -> Laboratory:
        return Laboratory(self.analyte, Worse.HIGHER)

    @property
    def _by_limit(self) -> Laboratory:
        return Laboratory(self.analyte, Worse.HIGHER, Scale.BY_UPPER_LIMIT)

    @property
    def _baseline_by_limit(self) -> Baseline:
        return Baseline(self.analyte, Scale.BY_UPPER_LIMIT)

    @property
    def inputs(self) -> tuple[Input, ...]:
        return (self._today, self._by_limit, Baseline(self.analyte), self._baseline_by_limit)

    @property
    def most(self) -> float:
        return max(self.normal.most, self.abnormal.most)

    @property
    def fewest(self) -> float:
        return NOTHING

    @property
    def rules(self) -> tuple[Rule, ...]:
        column = self._by_limit.column
        return (
            Rule(self.name, f"{self.title}, baseline normal", "x ULN", self.normal.as_tuples, column),
            Rule("multiple", f"{self.title}, baseline abnormal", "x baseline", self.abnormal.as_tuples),
        )

    def known(self, table: ibis.Table) -> ir.BooleanValue:
        return interval(table, self._today).known

    def bounds(self, table: ibis.Table) -> Interval:
        by_limit = interval(table, self._by_limit)
        normal = self._filled(self.normal.bounds(by_limit))
        baseline, before = interval(table, Baseline(self.analyte)), interval(table, self._baseline_by_limit)
        abnormal_baseline = Interval(_least_abnormal(baseline, before), baseline.high)
        abnormal = self._filled(self.abnormal.bounds(ratio(interval(table, self._today), abnormal_baseline)))
        # An abnormal baseline that nobody knows lay above the limit, so that its multiple is smaller.
        guessed = self._filled(self.abnormal.bounds(Interval(*(end / JUST_ABOVE for end in _ends(by_limit)))))
        zero = ibis.literal(NOTHING, "int8")
        low = baseline.known.ifelse(abnormal.low, zero)
        high = baseline.known.ifelse(abnormal.high, guessed.high)
        surely = above(before.low, 1.0).fill_null(False)
        never = (~above(before.high, 1.0)).fill_null(False)
        return Interval(
            ibis.cases((surely, low), (never, normal.low), else_=ibis.least(low, normal.low)),
            ibis.cases((surely, high), (never, normal.high), else_=ibis.greatest(high, normal.high)),
        )

    def _filled(self, points: Interval) -> Interval:
        return Interval(filled(points.low, NOTHING), filled(points.high, self.most))

    def chosen(self, table: ibis.Table) -> ir.StringValue | None:
        return None


def _ends(value: Interval) -> tuple[ir.NumericValue, ir.NumericValue]:
    return value.low, value.high


def _least_abnormal(baseline: Interval, by_limit: Interval) -> ir.FloatingValue:
    """The lowest value that a baseline known as an interval can have had if it was abnormal."""
    limit = limit_of(baseline, by_limit)
    return ibis.coalesce(ibis.greatest(baseline.low, limit * JUST_ABOVE), baseline.low)


def limit_of(value: Interval, by_limit: Interval) -> ir.FloatingValue:
    """The limit of normal that a value and its ratio to it imply; null where the limit is not known."""
    nothing = ibis.null("float64")
    finite = (by_limit.high > 0) & (by_limit.high < INFINITY)
    return ibis.cases(
        (finite, value.high / finite.ifelse(by_limit.high, nothing)),
        (by_limit.low > 0, value.low / (by_limit.low > 0).ifelse(by_limit.low, nothing)),
        else_=nothing,
    )


def rise(analyte: str, title: str, bands: Bands) -> Change:
    """The value of the day in multiples of its baseline, normal or not."""
    return Change("rise", f"{title} against its baseline", Laboratory(analyte, Worse.HIGHER), Baseline(analyte), bands)


@dataclass(frozen=True)
class RiseFromLow:
    """The rise from baseline, which counts only where the baseline lay below its lower limit of normal (6.0)."""

    analyte: str
    title: str
    bands: Bands
    name: str = "rise"

    @property
    def _rise(self) -> Change:
        return rise(self.analyte, self.title, self.bands)

    @property
    def _reference(self) -> Baseline:
        return Baseline(self.analyte, Scale.BY_LOWER_LIMIT)

    @property
    def inputs(self) -> tuple[Input, ...]:
        return (*self._rise.inputs, self._reference)

    @property
    def most(self) -> float:
        return self.bands.most

    @property
    def fewest(self) -> float:
        return NOTHING

    @property
    def rules(self) -> tuple[Rule, ...]:
        return (Rule(self.name, f"{self.title}, baseline below its lower limit", "x baseline", self.bands.as_tuples),)

    def known(self, table: ibis.Table) -> ir.BooleanValue:
        return self._rise.known(table)

    def bounds(self, table: ibis.Table) -> Interval:
        points, zero = self._rise.bounds(table), ibis.literal(NOTHING, "int8")
        before = interval(table, self._reference)
        surely = below(before.high, 1.0).fill_null(False)
        never = (~below(before.low, 1.0)).fill_null(False)
        return Interval(surely.ifelse(points.low, zero), never.ifelse(zero, points.high))

    def chosen(self, table: ibis.Table) -> ir.StringValue | None:
        return None
