"""The baseline limb of CTCAE "fibrinogen decreased", and the anticoagulation limb of "INR increased".

Version 5.0 and 6.0 print the fall of fibrinogen behind "if abnormal"; 4.03 prints "or". Whether "abnormal" means the
current value or the baseline is open (catalogue, P6): a parameter.
"""

from __future__ import annotations

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from carac.definitions.ctcae.against_baseline import JUST_BELOW, limit_of
from carac.language.bands import Bands
from carac.language.combined import ratio
from carac.language.comparisons import INFINITY, Interval, below, number
from carac.language.definition import Rule, interval
from carac.parameters import Parameter
from carac.vocabulary.types import Baseline, Exposure, Input, Laboratory, Scale, Worse

FIBRINOGEN = Laboratory("fibrinogen", Worse.LOWER)
FIBRINOGEN_BY_LIMIT = Laboratory("fibrinogen", Worse.LOWER, Scale.BY_LOWER_LIMIT)
FIBRINOGEN_BASELINE = Baseline("fibrinogen")
FIBRINOGEN_BASELINE_BY_LIMIT = Baseline("fibrinogen", Scale.BY_LOWER_LIMIT)
INR = Laboratory("inr", Worse.HIGHER)
INR_BASELINE = Baseline("inr")
ANTICOAGULANT = Exposure(
    "anticoagulant",
    (
        *(
            "vitamin_k_antagonist",
            "direct_oral_anticoagulant",
            "unfractionated_heparin",
            "low_molecular_weight_heparin",
        ),
        *("fondaparinux", "argatroban"),
    ),
    without_prophylaxis=True,
)


INR_MODE = Parameter(
    "inr_mode",
    "baseline_if_anticoagulated",
    "whether the INR counts against its baseline under a therapeutic anticoagulant, never, or always if that is worse",
    ("absolute", "baseline_if_anticoagulated", "worst"),
    source="catalogue 3.1; 12 no. 8",
)


@dataclass(frozen=True)
class FallFromBaseline:
    """Points for the share of the baseline that is left, where the value (or the baseline) is abnormal.

    Parameters
    ----------
    bands: cut-points of current value over baseline.
    only_if_abnormal: False is the "or" of version 4.03.
    abnormal: ``current`` or ``baseline``: which of the two has to lie below its lower limit.
    """

    bands: Bands
    only_if_abnormal: bool = True
    abnormal: str = "current"
    name: str = "fall"
    title: str = "fall of fibrinogen from baseline"

    @property
    def inputs(self) -> tuple[Input, ...]:
        by_limits = (FIBRINOGEN_BY_LIMIT, *((self._reference,) if self.abnormal == "baseline" else ()))
        return (FIBRINOGEN, FIBRINOGEN_BASELINE, *(by_limits if self.only_if_abnormal else ()))

    @property
    def _reference(self) -> Laboratory | Baseline:
        return FIBRINOGEN_BY_LIMIT if self.abnormal == "current" else FIBRINOGEN_BASELINE_BY_LIMIT

    @property
    def most(self) -> float:
        return self.bands.most

    @property
    def fewest(self) -> float:
        return 0

    @property
    def rules(self) -> tuple[Rule, ...]:
        return (Rule(self.name, self.title, "x baseline", self.bands.as_tuples),)

    def known(self, table: ibis.Table) -> ir.BooleanValue:
        return interval(table, FIBRINOGEN).known

    def bounds(self, table: ibis.Table) -> Interval:
        points = self.bands.bounds(self._left(table))
        low = ibis.coalesce(points.low, ibis.literal(0, "int8"))
        high = ibis.coalesce(points.high, ibis.literal(self.most, "int8"))
        if not self.only_if_abnormal:
            return Interval(low, high)
        by_limit = interval(table, self._reference)
        surely = below(ibis.coalesce(by_limit.high, number(INFINITY)), 1.0)
        possibly = below(ibis.coalesce(by_limit.low, number(0.0)), 1.0)
        return Interval(surely.ifelse(low, ibis.literal(0, "int8")), possibly.ifelse(high, ibis.literal(0, "int8")))

    def _left(self, table: ibis.Table) -> Interval:
        """What is left of the baseline; if the baseline has to be abnormal, of one that lay below its limit."""
        today, baseline = interval(table, FIBRINOGEN), interval(table, FIBRINOGEN_BASELINE)
        left = ratio(today, baseline)
        if not self.only_if_abnormal or self.abnormal == "current":
            return left
        limit = limit_of(baseline, interval(table, FIBRINOGEN_BASELINE_BY_LIMIT))
        most = ibis.coalesce(ibis.least(baseline.high, limit * JUST_BELOW), baseline.high)
        # A baseline that was never measured is taken to have had the limit of the day.
        guessed = interval(table, FIBRINOGEN_BY_LIMIT).low / JUST_BELOW
        divisor = (most > 0).ifelse(most, ibis.null("float64"))
        low = baseline.known.ifelse(today.low / divisor, guessed)
        return Interval(low, left.high)

    def chosen(self, table: ibis.Table) -> ir.StringValue | None:
        return None


@dataclass(frozen=True)
class BaselineIfAnticoagulated:
    """Points of an INR against its baseline while on a therapeutic anticoagulant, else of the INR by `absolute`.

    `mode` is ``baseline_if_anticoagulated``; ``absolute``, whatever is given; or ``worst``: the worse of both wherever
    a baseline was measured, as if everybody were anticoagulated.
    """

    absolute: Bands
    relative: Bands
    absolute_input: Laboratory = INR
    mode: str = "baseline_if_anticoagulated"
    name: str = "inr"
    title: str = "INR, against its baseline while on anticoagulation"

    @property
    def inputs(self) -> tuple[Input, ...]:
        return (self.absolute_input, INR, INR_BASELINE, ANTICOAGULANT)

    @property
    def fewest(self) -> float:
        return 0

    @property
    def most(self) -> float:
        return max(self.absolute.most, self.relative.most)

    @property
    def rules(self) -> tuple[Rule, ...]:
        unit = "" if self.absolute_input == INR else "x ULN"
        return (
            Rule(
                "absolute",
                "INR without anticoagulation",
                unit,
                self.absolute.as_tuples,
                self.absolute_input.column,
            ),
            Rule("relative", "INR on anticoagulation", "x baseline", self.relative.as_tuples),
        )

    def known(self, table: ibis.Table) -> ir.BooleanValue:
        return interval(table, INR).known

    def bounds(self, table: ibis.Table) -> Interval:
        absolute = _filled(self.absolute.bounds(interval(table, self.absolute_input)), self.absolute.most)
        against = ratio(interval(table, INR), interval(table, INR_BASELINE))
        relative = _filled(self.relative.bounds(against), self.relative.most)
        if self.mode == "absolute":
            return absolute
        if self.mode == "worst":
            measured = interval(table, INR_BASELINE).known
            low, high = (
                measured.ifelse(ibis.greatest(*ends), ends[0])
                for ends in ((absolute.low, relative.low), (absolute.high, relative.high))
            )
            return Interval(low, high)
        on = table[ANTICOAGULANT.name]
        # Without a treatment table nobody knows whether the patient was anticoagulated: both rules bound the grade.
        low = ibis.cases((on, relative.low), (~on, absolute.low), else_=ibis.least(absolute.low, relative.low))
        high = ibis.cases((on, relative.high), (~on, absolute.high), else_=ibis.greatest(absolute.high, relative.high))
        return Interval(low, high)

    def chosen(self, table: ibis.Table) -> ir.StringValue | None:
        return None


def _filled(points: Interval, most: float) -> Interval:
    low = ibis.coalesce(points.low, ibis.literal(0, "int8"))
    return Interval(low, ibis.coalesce(points.high, ibis.literal(most, "int8")))
