"""Vienna CATS nomogram, 2018: six-month risk of venous thrombosis. Not derived after CAR T cells.

Source: Pabinger I et al. Lancet Haematol 2018;5:e289, as given in catalogue 9.4 (a slip of its source corrected).
Inputs: risk of the cancer site (judged; lymphoma is high), D-dimer before lymphodepletion (ug/mL).
Values: risk in percent, and the points it comes from; null where an input is missing or known only as an interval, and
where D-dimer lies outside 0.1 to 32 ug/mL, for which the nomogram has no line.
"""

from __future__ import annotations

import ibis

from carac.definitions.risk.before_infusion import NOT_DERIVED
from carac.language.comparisons import Interval, agreed, at_least, at_most, number
from carac.language.definition import (
    Certainty,
    Citation,
    Columns,
    Definition,
    Layer,
    Output,
    Rule,
    Status,
    interval,
)
from carac.vocabulary.types import Assessed, Baseline, Grain, Span

NAME = "vienna_cats_nomogram"
D_DIMER = Baseline("d_dimer")
SITE = Assessed("cancer_site_risk", span=Span.BEFORE_INFUSION)
#: Points of a site of low or intermediate, high, very high risk.
SITES = (0.0, 48.2, 98.4)
#: Coefficients of D-dimer, from the cube down, for two ranges.
LOW_RANGE, HIGH_RANGE = (0.1431, -2.624, 19.65, -1.155), (0.002424, -0.1808, 5.547, 26.88)
FROM, BETWEEN, TO = 0.1, 8.0, 32.0
RISK = (2.89e-6, -2.721e-5, 0.0417, 2.004)


def _cubic(x: ibis.Value, coefficients: tuple[float, float, float, float]) -> ibis.Value:
    a, b, c, d = (number(coefficient) for coefficient in coefficients)
    return ((a * x + b) * x + c) * x + d


def _of_d_dimer(x: ibis.Value) -> ibis.Value:
    inside = at_least(x, FROM) & at_most(x, TO)
    points = at_most(x, BETWEEN).ifelse(_cubic(x, LOW_RANGE), _cubic(x, HIGH_RANGE))
    return inside.ifelse(points, ibis.null("float64"))


def _points(table: ibis.Table) -> Columns:
    d_dimer, site = interval(table, D_DIMER), table[SITE.column]
    of_site = ibis.cases(*((site == place, number(points)) for place, points in enumerate(SITES)))
    ends = Interval(*(_of_d_dimer(end) + of_site for end in (d_dimer.low, d_dimer.high)))
    return {f"{NAME}__points_low": ends.low, f"{NAME}__points_high": ends.high}


def _risk(table: ibis.Table) -> Columns:
    low, high = table[f"{NAME}__points_low"], table[f"{NAME}__points_high"]
    lowest, highest = _cubic(low, RISK), _cubic(high, RISK)
    both = lowest.notnull() & highest.notnull()
    nothing = ibis.null("float64")
    return {
        f"{NAME}__points": agreed(low, high),
        f"{NAME}__lowest": both.ifelse(lowest, nothing),
        f"{NAME}__highest": both.ifelse(highest, nothing),
    }


def _value(table: ibis.Table) -> Columns:
    return {NAME: agreed(table[f"{NAME}__lowest"], table[f"{NAME}__highest"])}


def _layers() -> list[Layer]:
    return [_points, _risk, _value]


DEFINITIONS: tuple[Definition, ...] = (
    Definition(
        name=NAME,
        title="Vienna CATS nomogram (not derived after CAR T cells)",
        instrument="Vienna CATS",
        version="2018",
        citation=Citation("Pabinger I et al. Lancet Haematol 2018;5:e289"),
        status=Status.CONSENSUS,
        certainty=Certainty.VERIFIED,
        population="patients with solid cancer",
        grain=Grain.INFUSION,
        inputs=(D_DIMER, SITE),
        outputs=(
            Output("", "risk of venous thrombosis within 6 months; null where an input is missing", "float64", "%"),
            Output("__lowest", "lowest possible risk; null where an input is missing", "float64", "%"),
            Output("__highest", "highest possible risk; null where an input is missing", "float64", "%"),
            Output("__points", "points of site and D-dimer; null where an input is missing", "float64"),
        ),
        layers=lambda _: _layers(),
        rules=(
            Rule("site", "points of the site: other 0, high 48.2, very high 98.4", "", ()),
            Rule("d_dimer", "points of D-dimer: a cubic from 0.1 to 8, another from 8 to 32", "ug/mL", ()),
        ),
        lowest=None,
        monotone=False,
        choices=(NOT_DERIVED, "D-dimer outside 0.1 to 32 ug/mL has no risk."),
    ),
)
