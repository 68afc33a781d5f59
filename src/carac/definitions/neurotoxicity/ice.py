"""ICE, the immune effector cell-associated encephalopathy score: 10 points, from age 12; its grade of ICANS."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from carac.language.bands import Bands
from carac.language.comparisons import Interval, at_most, number
from carac.language.signs import Sign
from carac.vocabulary.types import Worse

#: Most points of each item.
ITEMS = {
    "ice_year": 1,
    "ice_month": 1,
    "ice_city": 1,
    "ice_hospital": 1,
    "ice_naming": 3,
    "ice_command": 1,
    "ice_writing": 1,
    "ice_attention": 1,
}
MOST = sum(ITEMS.values())
SIGNS = tuple(Sign(name, worse=Worse.LOWER) for name in ("ice_total", *ITEMS))
BANDS = Bands(at_most={9: 1, 6: 2, 2: 3})
UNABLE = 4


def total(table: ibis.Table, whole: str, items: dict[str, int]) -> Interval:
    """The total, or the sum of the items with the missing ones at 0 and at their most; null where none is recorded."""
    none = ibis.null("float64")
    anything = ibis.coalesce(*(table[item] for item in items)).notnull()
    least = sum((ibis.coalesce(table[item], number(0)) for item in items), start=number(0))
    most = sum((ibis.coalesce(table[item], number(points)) for item, points in items.items()), start=number(0))
    return Interval(
        ibis.coalesce(table[whole], anything.ifelse(least, none)),
        ibis.coalesce(table[whole], anything.ifelse(most, none)),
    )


def grade(score: Interval, consciousness: ir.NumericValue, global_aphasia: ir.BooleanValue) -> Interval:
    """Grade by ICE, 0 to 4; 0 to 3 or 4 where ICE is not recorded.

    ICE 0 is 3 in a patient who can be roused, and 4 in one who cannot; global aphasia is seen in those who are awake.
    """
    low, high = ibis.coalesce(score.low, number(0)), ibis.coalesce(score.high, number(MOST))
    unarousable = ibis.coalesce(consciousness, 0) == UNABLE
    perhaps_unarousable = unarousable | (consciousness.isnull() & ~global_aphasia)
    return Interval(
        (at_most(high, 0) & unarousable).ifelse(UNABLE, BANDS.points(high)),
        (at_most(low, 0) & perhaps_unarousable).ifelse(UNABLE, BANDS.points(low)),
    )
