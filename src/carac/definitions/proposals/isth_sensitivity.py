"""The ISTH score of 2001 without platelets, with platelets only after a fall, without fibrinogen after tocilizumab.

Proposals, on request.

Source: Taylor FB Jr et al. Thromb Haemost 2001;86:1327-1330. doi:10.1055/s-0037-1616068; catalogue 4.1 (confounders
after CAR T cells: exploratory, not validated): marrow suppression alone gives 2 points for platelets in most patients,
and tocilizumab lowers fibrinogen (Perl M et al. Haematologica 2024;109:2969-2977).
Inputs: those of the score with D-dimer from 10 x ULN; for the second, platelets of the two days before; for the third,
tocilizumab.
Values: without platelets 0 to 6, for which no threshold is defined; with falling platelets 0 to 8, platelets scoring
only where the lowest of the day is at most half of the highest of one of the two days before; without fibrinogen after
tocilizumab 0 to 8, fibrinogen scoring only before tocilizumab and after its days. Null where what is missing decides,
with the lowest and highest possible score.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import ibis
import ibis.expr.types as ir

from carac.definitions.coagulation import isth_overt_dic_2001 as isth
from carac.language.comparisons import INFINITY, at_most
from carac.language.conditions import SetAside, any_true
from carac.language.definition import Certainty, Columns, Definition, Layer, Rule, Status, Values, interval
from carac.language.event_rules import certainly, possibly
from carac.language.points import Total
from carac.language.score import About, score
from carac.parameters import Parameter, numeric, whole
from carac.vocabulary.types import Exposure, Laboratory, Worse

WITHOUT, FALLING = "isth_2001_without_platelets_proposal", "isth_2001_falling_platelets_proposal"
FIBRINOGEN_ASIDE = "isth_2001_fibrinogen_aside_proposal"
PLATELETS, FIBRINOGEN = "platelets", "fibrinogen"
SCHEME = next(scheme for scheme in isth.SCHEMES if scheme.suffix == "10xuln")
TODAY = Laboratory(PLATELETS, Worse.LOWER)
BEFORE = tuple(Laboratory(PLATELETS, Worse.HIGHER, before=days) for days in (1, 2))
FALL = Rule("fall", "platelets left of an earlier count, so that they score", "x the earlier value", (("≤", 0.5, 1),))
LEFT = Parameter(
    "share_left", FALL.cuts[0][1], "share of an earlier count that is left after a fall that counts",
    lowest=0.1, highest=0.9, source="catalogue 4.1: a fall of 50 % or more against the previous 48 h",
)  # fmt: skip
DAYS = Parameter(
    "tocilizumab_days", 21, "days after tocilizumab, its own included, on which fibrinogen gives no points",
    lowest=1, highest=60, source="catalogue 4.1, 6.6, 12 #13",
)  # fmt: skip


def without_platelets(values: Values) -> Total:
    """Three items, and no reading: no threshold is defined for them."""
    printed = isth.total(values, SCHEME.item)
    return replace(printed, criteria=tuple(c for c in printed.criteria if c.name != PLATELETS), readings=())


def falling_platelets(values: Values) -> Total:
    """Four items; platelets count only where they fell."""
    printed = isth.total(values, SCHEME.item)
    criteria = (SetAside(c, (f"{FALLING}__steady",)) if c.name == PLATELETS else c for c in printed.criteria)
    return replace(printed, criteria=tuple(criteria))


def fibrinogen_aside(values: Values) -> Total:
    """Four items; fibrinogen gives no points while tocilizumab may keep it low."""
    printed, given = isth.total(values, SCHEME.item), (_tocilizumab(values).name,)
    criteria = (SetAside(c, given) if c.name == FIBRINOGEN else c for c in printed.criteria)
    return replace(printed, criteria=tuple(criteria))


def _tocilizumab(values: Values) -> Exposure:
    days = whole(values, DAYS.name)
    return Exposure(f"tocilizumab_within_{days}_days", ("interleukin_6_receptor_blocker",), days_after=days)


def _steady(values: Values) -> Layer:
    """Whether platelets did not fall: false where they surely did, null where a count that is missing decides."""
    left = numeric(values, "share_left")

    def columns(table: ibis.Table) -> Columns:
        today, earlier = interval(table, TODAY), [interval(table, day) for day in BEFORE]
        # The lowest reading of the fall and the highest: an earlier day without a count may have had any.
        surely = [certainly(at_most(_share(today.high, day.low), left)) for day in earlier]
        perhaps = [possibly(at_most(_share(today.low, day.high), left)) for day in earlier]
        fell, may_have = (any_true(*readings) for readings in (surely, perhaps))
        return {f"{FALLING}__steady": ibis.cases((fell, False), (~may_have, True), else_=ibis.null("boolean"))}

    return columns


def _share(now: ir.NumericValue, before: ir.NumericValue) -> ir.NumericValue:
    """What is left of an earlier count; of 0 nothing can be lost, whatever there is now."""
    some = before > 0
    return ibis.cases((some, now / some.ifelse(before, ibis.null("float64"))), (~some, INFINITY))


def _definition(
    name: str, title: str, total: Callable[[Values], Total], more: tuple[Parameter, ...], choice: str
) -> Definition:
    about = About(
        name=name,
        title=f"ISTH overt DIC 2001, {SCHEME.title}, {title}",
        instrument="ISTH overt DIC sensitivity",
        version="proposal 1",
        citation=isth.CITATION,
        certainty=Certainty.LOW,
        status=Status.PROPOSAL,
        population="recipients of CAR T cells",
        meaning="points; null where what is missing decides",
        parameters=(*isth.PARAMETERS, *more),
        by_default=False,
        monotone=name != FALLING,
        choices=("Exploratory and not validated.", choice),
        low_items=("inr", "prothrombin_time_ratio"),
    )
    return score(about, total)


_falling = _definition(
    FALLING,
    "platelets only after a fall",
    falling_platelets,
    (LEFT,),
    "The two calendar days before stand for 48 hours; a count that stands on a transfusion is not left out.",
)

_fibrinogen_aside = _definition(
    FIBRINOGEN_ASIDE,
    "fibrinogen set aside after tocilizumab",
    fibrinogen_aside,
    (DAYS,),
    "For how long tocilizumab keeps fibrinogen low is not agreed: 21 days here.",
)

DEFINITIONS: tuple[Definition, ...] = (
    _definition(WITHOUT, "without platelets", without_platelets, (), "No threshold is defined: there is no reading."),
    replace(
        _falling,
        inputs=(*_falling.inputs, *BEFORE),
        rules=(*_falling.rules, FALL),
        inputs_of=lambda values: (*falling_platelets(values).inputs, *BEFORE),
        layers=lambda values: [_steady(values), *falling_platelets(values).layers(FALLING)],
    ),
    replace(
        _fibrinogen_aside,
        inputs=(*_fibrinogen_aside.inputs, _tocilizumab({DAYS.name: DAYS.default})),
        inputs_of=lambda values: (*fibrinogen_aside(values).inputs, _tocilizumab(values)),
    ),
)
