"""The limb "transfusion indicated" in the grade 3 cell of CTCAE 6.0 "thrombocytopenia".

A platelet transfusion of the day makes grade 3 where the count does not (catalogue 14, P7). By default only one given
for bleeding does: below 50 the count itself is grade 3, and platelets before a puncture make no grade 3.
"""

from __future__ import annotations

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from carac.language.comparisons import Interval, below
from carac.language.definition import Rule, interval
from carac.parameters import Parameter
from carac.vocabulary.types import Exposure, Input, Laboratory, Scale, Worse

PLATELETS = Laboratory("platelets", Worse.LOWER)
BY_LIMIT = Laboratory("platelets", Worse.LOWER, Scale.BY_LOWER_LIMIT)
#: Below this, 10^9/L, a count is thrombocytopenia whatever its limit of normal.
LOW = 75
GRADE = 3
_AGENTS = ("platelet_transfusion",)
ANY = Exposure("platelets_transfused_today", _AGENTS)
POSSIBLY_FOR_BLEEDING = Exposure("platelets_not_prophylactic_today", _AGENTS, without_prophylaxis=True)
FOR_BLEEDING = Exposure("platelets_therapeutic_today", _AGENTS, only_therapeutic=True)

TRANSFUSION_COUNTS = Parameter(
    "transfusion_counts",
    "for_bleeding",
    "which platelet transfusion makes grade 3 of a count that does not: one given for bleeding, any, or none",
    ("for_bleeding", "any", "never"),
    source="catalogue 14, P7 (v6_plt_transfusion_counts)",
)


@dataclass(frozen=True)
class Transfused:
    """Grade 3 for platelets transfused on a day with thrombocytopenia.

    Parameters
    ----------
    counts: the word of the parameter.
    """

    counts: str = "for_bleeding"
    name: str = "transfused"
    title: str = "platelets transfused"
    most: float = GRADE
    fewest: float = 0

    @property
    def _given(self) -> tuple[Exposure, Exposure]:
        """What says that it was given, and what says that it may have been: an intent may be unrecorded."""
        return (ANY, ANY) if self.counts == "any" else (FOR_BLEEDING, POSSIBLY_FOR_BLEEDING)

    @property
    def inputs(self) -> tuple[Input, ...]:
        return (PLATELETS, BY_LIMIT, *dict.fromkeys(self._given if self.counts != "never" else ()))

    @property
    def rules(self) -> tuple[Rule, ...]:
        return (Rule(self.name, self.title, "", (("=", 1, GRADE),)),)

    def known(self, table: ibis.Table) -> ir.BooleanValue:
        return interval(table, PLATELETS).known

    def bounds(self, table: ibis.Table) -> Interval:
        nothing, grade = ibis.literal(0, "int8"), ibis.literal(GRADE, "int8")
        if self.counts == "never":
            return Interval(nothing, nothing)
        count, by_limit = interval(table, PLATELETS), interval(table, BY_LIMIT)
        surely_low = (below(count.high, LOW) | below(by_limit.high, 1.0)).fill_null(False)
        maybe_low = (below(count.low, LOW) | below(by_limit.low, 1.0)).fill_null(True)
        given, maybe_given = (table[exposure.name] for exposure in self._given)
        return Interval(
            (surely_low & given.fill_null(False)).ifelse(grade, nothing),
            (maybe_low & maybe_given.fill_null(True)).ifelse(grade, nothing),
        )

    def chosen(self, table: ibis.Table) -> ir.StringValue | None:
        return None
