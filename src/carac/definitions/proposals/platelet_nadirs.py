"""Biphasic platelet nadirs: day and depth of the first and of a second fall. A proposal of carac's own.

Source: none has an algorithm; Lee D, Danielian PLLB, Leader A. Bleeding Thromb Vasc Biol 2026;5(s1):461.
doi:10.4081/btvb.2026.461 speaks of nadirs around day 5 and day 30 (catalogue, section 6.6).
Inputs: the lowest platelet count of each day from the infusion on, without the days that follow a platelet transfusion.
Values: biphasic where the count, after a first nadir, rises to a multiple of it and by a number, and then loses a share
of the highest count reached; monophasic where it fell and did not do so; no_nadir where it never was low; null where
counts are too few. Every constant is a parameter.
Five drawn courses that it gets right and two that it does not are in tests/cases/platelet_nadirs.toml.
"""

from __future__ import annotations

import ibis

from carac.definitions.haematotoxicity import without_days_after
from carac.language.comparisons import TIE
from carac.language.definition import Certainty, Citation, Definition, Output, Rule, Status, Tables, Values
from carac.parameters import Parameter, numeric, whole
from carac.vocabulary.types import Grain, Laboratory, Worse

NAME = "platelet_nadirs_proposal"
KEYS = ("patient_id", "infusion_number")
PLATELETS = Laboratory("platelets", Worse.LOWER)
SOURCE = "proposal of carac"

PARAMETERS = (
    Parameter("low_below", 100.0, "count (10^9/L) below which there is a nadir at all", lowest=1.0, source=SOURCE),
    Parameter("first_nadir_until", 20, "last day of the first nadir", lowest=1, source=SOURCE),
    Parameter("last_day", 60, "last day of the second nadir", lowest=2, source=SOURCE),
    Parameter("rise_times", 1.5, "how many times the first nadir it rises in between", lowest=1.0, source=SOURCE),
    Parameter("rise_by", 20.0, "by how much (10^9/L) the count rises in between", lowest=0.0, source=SOURCE),
    Parameter(
        "second_fall", 0.3, "share of the highest count in between that is lost again", lowest=0.05, highest=0.95,
        source=SOURCE,
    ),
    Parameter("days_after_transfusion", 1, "days left out after a platelet transfusion", lowest=1, source=SOURCE),
    Parameter("counts_needed", 5, "how many days with a count are needed", lowest=2, source=SOURCE),
)  # fmt: skip


def rows(tables: Tables, values: Values) -> ibis.Table:
    """One row per infusion with a plain count."""
    days = tables.days
    # A count that is only an interval has no depth.
    exact = days[PLATELETS.low] == days[PLATELETS.high]
    inside = (days.day >= 0) & (days.day <= whole(values, "last_day"))
    counted = days.filter(exact, inside).select(*KEYS, "day", count=days[PLATELETS.low])
    if "treatments" in tables.present:
        after = whole(values, "days_after_transfusion")
        counted = without_days_after(counted, tables.treatments, "platelet_transfusion", after)
    first = _with_first_nadir(counted, whole(values, "first_nadir_until"))
    second = _with_second_fall(first, values)
    return _results(first, second, values)


def _with_first_nadir(counted: ibis.Table, until: int) -> ibis.Table:
    early = counted.filter(counted.day <= until)
    lowest = early.group_by(*KEYS).aggregate(first_nadir=early["count"].min())
    joined = early.inner_join(lowest, list(KEYS)).filter(lambda t: t["count"] == t.first_nadir)
    where = joined.group_by(*KEYS).aggregate(first_nadir=joined.first_nadir.min(), first_day=joined.day.min())
    found = counted.left_join(where, list(KEYS))
    return found.select(*counted.columns, "first_nadir", "first_day")


def _with_second_fall(first: ibis.Table, values: Values) -> ibis.Table:
    """The days after a rise on which a share of the highest count since the first nadir is lost, the lowest of them."""
    later = first.filter(first.day > first.first_day)
    so_far = ibis.window(group_by=list(KEYS), order_by="day", preceding=None, following=0)
    later = later.mutate(peak=later["count"].max().over(so_far))
    risen = (later.peak >= later.first_nadir * (numeric(values, "rise_times") * (1 - TIE))) & (
        later.peak - later.first_nadir >= numeric(values, "rise_by") * (1 - TIE)
    )
    low = later["count"] <= later.peak * ((1 - numeric(values, "second_fall")) * (1 + TIE))
    fallen = later.filter(risen, low)
    lowest = fallen.group_by(*KEYS).aggregate(second_nadir=fallen["count"].min())
    joined = fallen.inner_join(lowest, list(KEYS)).filter(lambda t: t["count"] == t.second_nadir)
    return joined.group_by(*KEYS).aggregate(
        second_nadir=joined.second_nadir.min(), second_day=joined.day.min(), peak=joined.peak.min()
    )


def _results(first: ibis.Table, second: ibis.Table, values: Values) -> ibis.Table:
    per_infusion = first.group_by(*KEYS).aggregate(
        counts=first.count().cast("int32"), first_nadir=first.first_nadir.min(), first_day=first.first_day.min()
    )
    found = per_infusion.left_join(second, list(KEYS))
    enough = (found.counts >= whole(values, "counts_needed")) & found.first_nadir.notnull()
    was_low = found.first_nadir < numeric(values, "low_below") * (1 - TIE)
    second_low = found.second_nadir < numeric(values, "low_below") * (1 - TIE)
    word = ibis.cases(
        (~enough, ibis.null("string")),
        ((was_low & second_low).fill_null(False), "biphasic"),
        (was_low, "monophasic"),
        else_="no_nadir",
    )
    shown = (enough & was_low & second_low).fill_null(False)
    nothing = ibis.null("float64")
    return found.select(
        *KEYS,
        **{
            NAME: word,
            f"{NAME}__first_nadir": found.first_nadir,
            f"{NAME}__first_day": found.first_day.cast("int32"),
            f"{NAME}__peak_between": shown.ifelse(found.peak, nothing),
            f"{NAME}__second_nadir": shown.ifelse(found.second_nadir, nothing),
            f"{NAME}__second_day": shown.ifelse(found.second_day, ibis.null("int32")).cast("int32"),
        },
    )


DEFINITIONS: tuple[Definition, ...] = (
    Definition(
        name=NAME,
        title="Biphasic platelet nadirs",
        instrument="Platelet nadirs",
        version="proposal",
        citation=Citation("Lee D et al. Bleeding Thromb Vasc Biol 2026;5(s1):461", "10.4081/btvb.2026.461"),
        status=Status.PROPOSAL,
        certainty=Certainty.LOW,
        population="recipients of CAR T cells",
        grain=Grain.INFUSION,
        inputs=(PLATELETS,),
        outputs=(
            Output("", "biphasic, monophasic or no_nadir; null with too few counts", "string"),
            Output("__first_nadir", "lowest count of the first nadir; null without a count", "float64", "10^9/L"),
            Output("__first_day", "first day of that count; null without a count", "int32", "d"),
            Output("__peak_between", "highest count in between; null unless biphasic", "float64", "10^9/L"),
            Output("__second_nadir", "lowest count of the second nadir; null unless biphasic", "float64", "10^9/L"),
            Output("__second_day", "first day of that count; null unless biphasic", "int32", "d"),
        ),
        rows=rows,
        parameters=PARAMETERS,
        rules=(
            Rule("low", "platelets at a nadir", "10^9/L", (("<", 100, 1),), PLATELETS.column),
            Rule("rise", "highest count in between", "x first nadir", (("≥", 1.5, 1),)),
            Rule("second", "second nadir", "x highest count in between", (("≤", 0.7, 1),)),
        ),
        lowest=None,
        monotone=False,
        by_default=False,
        choices=(
            "No source has an algorithm: every constant is carac's own.",
            "Counts on the day after a platelet transfusion are left out; an interval has no depth and is left out.",
        ),
    ),
)
