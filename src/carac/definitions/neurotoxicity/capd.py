"""CAPD, the Cornell Assessment of Pediatric Delirium: 0 to 32, under 12 years; its grade of ICANS.

Source: Traube C et al. Crit Care Med 2014;42:656-663. doi:10.1097/CCM.0b013e3182a66b76. Eight items of 0 to 4; not
scored at RASS -4 or lower.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from carac.language.bands import Bands
from carac.language.comparisons import Interval, number
from carac.language.signs import Sign

ITEMS = {f"capd_{item}": 4 for item in range(1, 9)}
MOST = sum(ITEMS.values())
SIGNS = tuple(Sign(name) for name in ("capd_total", *ITEMS))
#: CAPD 1 to 8 is printed for grade 1 and for grade 2: consciousness tells them apart.
LEAST_GRADE = Bands(at_least={1: 1, 9: 3})
MOST_GRADE = Bands(at_least={1: 2, 9: 3})
#: Sedation at which CAPD is no longer scored.
DEEP_SEDATION = -4
UNABLE = 4


def grade(score: Interval, consciousness: ir.NumericValue, logic: str) -> Interval:
    """Grade by CAPD, 0 to 4; 0 to 3 or 4 where CAPD is not recorded.

    Parameters
    ----------
    score: the total.
    consciousness: 0 awake to 4 unarousable; null where unknown.
    logic: ``max``: the worse of CAPD and consciousness, CAPD 1 to 8 being 1; ``and``: the grade of which both
        conditions are met, wakefulness counting as awakening spontaneously.
    """
    low, high = ibis.coalesce(score.low, number(0)), ibis.coalesce(score.high, number(MOST))
    unrecorded = score.low.isnull()
    unable = unrecorded & (ibis.coalesce(consciousness, UNABLE) == UNABLE)
    if logic == "and":
        least = ibis.least(MOST_GRADE.points(low), _rank(consciousness, 1))
        most = ibis.least(MOST_GRADE.points(high), _rank(consciousness, 3))
    else:
        least = LEAST_GRADE.points(low)
        most = consciousness.isnull().ifelse(MOST_GRADE.points(high), LEAST_GRADE.points(high))
    return Interval(least, unable.ifelse(UNABLE, most))


def _rank(consciousness: ir.NumericValue, unknown: int) -> ir.IntegerValue:
    return ibis.greatest(ibis.coalesce(consciousness, unknown), 1)
