"""IL-10 and EASIX before lymphodepletion: groups for bleeding after CAR T cells, 2023.

Source: Wang X et al. Ann Hematol 2023;102:3575-3585. doi:10.1007/s00277-023-05477-y.
Inputs: interleukin-10 (pg/mL), and lactate dehydrogenase (U/L), creatinine (mg/dL) and platelets (10^9/L), all before
lymphodepletion.
Values: how many of two are raised (interleukin-10 above 7.98, EASIX above 7.65): 0, 1 or 2; null where what is missing
decides. Derived in 56 patients: bleeding in 11.8, 38.5 and 100 %, which will not hold elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from carac.definitions.endothelium.easix import quotient
from carac.definitions.risk.before_infusion import value
from carac.language.bands import Bands
from carac.language.comparisons import Interval
from carac.language.definition import Certainty, Citation, Definition, Rule, interval
from carac.language.points import Total, filled
from carac.language.score import About, score
from carac.vocabulary.types import Baseline, Grain, Input

PRODUCT = (Baseline("lactate_dehydrogenase"), Baseline("creatinine"))
PLATELETS = Baseline("platelets")


@dataclass(frozen=True)
class EasixBefore:
    """A point for EASIX before lymphodepletion above the cut-off."""

    bands: Bands
    name: str = "easix"
    title: str = "EASIX before lymphodepletion"
    most: float = 1
    fewest: float = 0

    @property
    def inputs(self) -> tuple[Input, ...]:
        return (*PRODUCT, PLATELETS)

    @property
    def rules(self) -> tuple[Rule, ...]:
        return (Rule(self.name, self.title, "", self.bands.as_tuples),)

    def known(self, table: ibis.Table) -> ir.BooleanValue:
        return self._value(table).known

    def _value(self, table: ibis.Table) -> Interval:
        return quotient([interval(table, factor) for factor in PRODUCT], interval(table, PLATELETS))

    def bounds(self, table: ibis.Table) -> Interval:
        points = self.bands.bounds(self._value(table))
        return Interval(filled(points.low, 0), filled(points.high, 1))

    def chosen(self, table: ibis.Table) -> ir.StringValue | None:
        return None


TOTAL = Total(
    (
        value("interleukin_10", "interleukin_10", "interleukin-10", "pg/mL", Bands(above={7.98: 1})),
        EasixBefore(Bands(above={7.65: 1})),
    )
)

DEFINITIONS: tuple[Definition, ...] = (
    score(
        About(
            name="wang_bleeding",
            title="IL-10 and EASIX groups for bleeding",
            instrument="IL-10 and EASIX",
            version="2023",
            citation=Citation("Wang X et al. Ann Hematol 2023;102:3575-3585", "10.1007/s00277-023-05477-y"),
            certainty=Certainty.VERIFIED,
            population="adults before CAR T cells",
            meaning="how many of two markers are raised, 0 to 2; null where what is missing decides",
            grain=Grain.INFUSION,
            choices=("Derived in 56 patients: expect miscalibration.",),
        ),
        lambda _: TOTAL,
    ),
)
