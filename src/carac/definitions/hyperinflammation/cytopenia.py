"""A cytopenia that is new or worse, against the median of the three days before (catalogue, P16: all LOW).

Met where the count is below the cut-point of grade 3 and the median was not, or where at most half of the median is
left. Days without a value are left out of the median; without any it is unknown.
"""

from __future__ import annotations

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from carac.language.combined import ratio
from carac.language.comparisons import Interval, at_least, at_most, below
from carac.language.definition import Rule, interval
from carac.vocabulary.types import Input, Laboratory, Worse

DAYS = (1, 2, 3)
#: Share of the median that is left after a fall of half.
HALF = 0.5


@dataclass(frozen=True)
class NewOrWorse:
    """A point for a count that is new under a threshold, or has lost half since the median of three days.

    Parameters
    ----------
    analyte, title, unit: what is read.
    threshold: the cut-point of grade 3.
    left: the share of the median that is left at the most after a fall that counts.
    """

    analyte: str
    title: str
    unit: str
    threshold: float
    left: float = HALF

    @property
    def name(self) -> str:
        return f"new_or_worse_{self.analyte}"

    @property
    def _today(self) -> Laboratory:
        return Laboratory(self.analyte, Worse.LOWER)

    @property
    def _earlier(self) -> tuple[Laboratory, ...]:
        return tuple(Laboratory(self.analyte, Worse.LOWER, before=day) for day in DAYS)

    @property
    def inputs(self) -> tuple[Input, ...]:
        return (self._today, *self._earlier)

    @property
    def most(self) -> float:
        return 1

    @property
    def fewest(self) -> float:
        return 0

    @property
    def rules(self) -> tuple[Rule, ...]:
        return (
            Rule(self.name, f"{self.title}, new", self.unit, (("<", self.threshold, 1),)),
            Rule(f"half_{self.analyte}", f"{self.title} against three days", "x median", (("≤", self.left, 1),)),
        )

    def known(self, table: ibis.Table) -> ir.BooleanValue:
        return interval(table, self._today).known

    def bounds(self, table: ibis.Table) -> Interval:
        today, before = interval(table, self._today), self._median(table)
        left, most = ratio(today, before), self.left
        surely = (below(today.high, self.threshold) & at_least(before.low, self.threshold)) | at_most(left.high, most)
        never = ~((below(today.low, self.threshold) & at_least(before.high, self.threshold)) | at_most(left.low, most))
        return Interval(_point(surely.fill_null(False)), _point(~never.fill_null(False)))

    def _median(self, table: ibis.Table) -> Interval:
        days = [interval(table, day) for day in self._earlier]
        return Interval(_middle([day.low for day in days]), _middle([day.high for day in days]))

    def chosen(self, table: ibis.Table) -> ir.StringValue | None:
        return None


def _point(met: ir.BooleanValue) -> ir.IntegerValue:
    return met.ifelse(1, 0).cast("int8")


def _middle(values: list[ir.FloatingValue]) -> ir.FloatingValue:
    """The median of three values, of two their mean, of one itself; null for none."""
    known = [value.notnull().ifelse(1, 0) for value in values]
    count = known[0] + known[1] + known[2]
    filled = [ibis.coalesce(value, ibis.literal(0.0, "float64")) for value in values]
    total = filled[0] + filled[1] + filled[2]
    three = total - ibis.greatest(*values) - ibis.least(*values)
    return ibis.cases((count == 3, three), (count > 0, total / count.nullif(0)), else_=ibis.null("float64"))
