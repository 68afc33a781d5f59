"""Phenotypes of neutrophil recovery after infusion: quick, intermittent, aplastic.

Source: Rejeski K et al. Blood 2021;138:2499-2513. doi:10.1182/blood.2020010543 (thresholds and day 21 from memory,
moderate).
Inputs: the lowest neutrophil count of each day (cells/uL), gaps of up to 7 days filled linearly as in ICAHT.
Values: aplastic (below 500 on 14 days in a row or more); intermittent (above 1500 after a fall below 1000, and again
below 1000 on day 21 or later); quick (recovered, and never below 1000 on day 21 or later); slow (neither); none (never
below 1000). Null without a count, or without one on day 21 or later.
Open in the source: "sustained recovery" without a number; here at least 1000 on every known day from day 21 on.
"""

from __future__ import annotations

import ibis

from carac.definitions.haematotoxicity import (
    counts,
    every_day,
    limits,
    run_parameters,
    window_parameters,
)
from carac.language.comparisons import above, at_least, below
from carac.language.definition import Certainty, Citation, Definition, Output, Rule, Status, Tables, Values
from carac.language.runs import joined_runs, longest_run
from carac.parameters import Parameter, whole
from carac.vocabulary.types import Grain, Laboratory, Worse

NAME = "neutrophil_recovery_phenotype"
KEYS = ("patient_id", "infusion_number")
NEUTROPHILS = Laboratory("neutrophils", Worse.LOWER)
PER_MICROLITRE = 1000.0
SOURCE = "catalogue 2.3"
SEVERE, DIP, RECOVERED = 500.0, 1000.0, 1500.0

PARAMETERS = (
    *window_parameters(0, 60, ("death", "follow_up_end"), SOURCE),
    Parameter("second_dip_from", 21, "day from which on a count below 1000 is a second dip", lowest=1, source=SOURCE),
    Parameter("aplastic_days", 14, "days in a row below 500 that make it aplastic", lowest=1, source=SOURCE),
    *run_parameters("longest_joined", 0, "linear", 7, "unknown", SOURCE)[2:],
)


def rows(tables: Tables, values: Values) -> ibis.Table:
    """One row per infusion with a count."""
    windows = limits(tables, values)
    days = every_day(counts(tables, windows, values, NEUTROPHILS, PER_MICROLITRE), values)
    found = _dips(days.filter(days.low.notnull()), whole(values, "second_dip_from"))
    longest = _longest_severe(days)
    found = found.left_join(longest, list(KEYS))
    needed = whole(values, "aplastic_days")
    nothing = ibis.null("string")
    word = ibis.cases(
        (found.surely_severe.fill_null(0) >= needed, "aplastic"),
        (found.maybe_severe.fill_null(0) >= needed, nothing),
        (found.second == 1, "intermittent"),
        (found.second_maybe == 1, nothing),
        ((found.late_days == 0) | (found.late_open == 1), nothing),
        (found.dips_maybe == 0, "none"),
        (found.dips == 0, nothing),
        (found.late_dips == 0, "quick"),
        else_="slow",
    )
    return found.select(
        *KEYS,
        **{
            NAME: word,
            f"{NAME}__longest_below_500": found.surely_severe.fill_null(0).cast("int32"),
            f"{NAME}__second_dip_day": found.second_day.cast("int32"),
        },
    )


def _longest_severe(days: ibis.Table) -> ibis.Table:
    """The longest run surely, and the longest possibly, below 500; unknown days count between two counts only."""
    series = ibis.window(group_by=list(KEYS))
    counted = days.low.notnull().ifelse(days.day, ibis.null("int32"))
    inside = (days.day >= counted.min().over(series)) & (days.day <= counted.max().over(series))
    days = days.mutate(
        surely_severe=below(days.high, SEVERE).fill_null(False),
        maybe_severe=inside & below(days.low, SEVERE).fill_null(True),
    )
    flags = ("surely_severe", "maybe_severe")
    runs = joined_runs(days.filter(days.maybe_severe), KEYS, "day", flags, 0)
    return runs.group_by(*KEYS).aggregate(**{flag: longest_run(runs, "day", flag) for flag in flags})


def _dips(days: ibis.Table, second_dip_from: int) -> ibis.Table:
    """The dips below 1000, the recoveries above 1500 after one, and the second dips, surely and possibly."""
    earlier = ibis.window(group_by=list(KEYS), order_by="day", preceding=(None, 1))
    days = days.mutate(
        dip=below(days.high, DIP).ifelse(1, 0),
        dip_maybe=below(days.low, DIP).ifelse(1, 0),
        high_enough=above(days.low, RECOVERED),
        high_enough_maybe=above(days.high, RECOVERED),
    )
    for end in ("", "_maybe"):
        after_dip = (days[f"dip{end}"].max().over(earlier) == 1).fill_null(False)
        days = days.mutate(**{f"recovery{end}": (after_dip & days[f"high_enough{end}"]).ifelse(1, 0)})
        after_recovery = (days[f"recovery{end}"].max().over(earlier) == 1).fill_null(False)
        second = (days.day >= second_dip_from) & after_recovery & (days[f"dip{end}"] == 1)
        days = days.mutate(**{f"second{end}": second})
    late = days.day >= second_dip_from
    return days.group_by(*KEYS).aggregate(
        dips=days.dip.max(),
        dips_maybe=days.dip_maybe.max(),
        late_days=late.ifelse(1, 0).sum(),
        late_dips=(late & (days.dip == 1)).ifelse(1, 0).max(),
        late_open=(late & ~at_least(days.low, DIP) & (days.dip == 0)).ifelse(1, 0).max(),
        second=days.second.ifelse(1, 0).max(),
        second_maybe=days.second_maybe.ifelse(1, 0).max(),
        second_day=days.second.ifelse(days.day, ibis.null("int32")).min(),
    )


DEFINITIONS: tuple[Definition, ...] = (
    Definition(
        name=NAME,
        title="Phenotype of neutrophil recovery",
        instrument="ICAHT phenotype",
        version="2021",
        citation=Citation("Rejeski K et al. Blood 2021;138:2499-2513", "10.1182/blood.2020010543"),
        status=Status.CONSENSUS,
        certainty=Certainty.MEMORY_MODERATE,
        population="recipients of CAR T cells",
        grain=Grain.INFUSION,
        inputs=(NEUTROPHILS,),
        typed_units=(("neutrophils", "/uL"),),
        outputs=(
            Output("", "aplastic, intermittent, quick, slow or none; null where what is missing decides", "string"),
            Output("__longest_below_500", "longest run of days below 500/uL; null without a count", "int32", "d"),
            Output("__second_dip_day", "first day of the second dip; null where there is none", "int32", "d"),
        ),
        rows=rows,
        parameters=PARAMETERS,
        rules=(
            Rule("severe", "neutrophils on 14 days in a row: aplastic", "/uL", (("<", SEVERE, 1),), NEUTROPHILS.column),
            Rule("dip", "neutrophils: dip", "/uL", (("<", DIP, 1),), NEUTROPHILS.column),
            Rule("recovery", "neutrophils: recovery", "/uL", ((">", RECOVERED, 1),), NEUTROPHILS.column),
        ),
        lowest=None,
        monotone=False,
        choices=(
            "Thresholds 500, 1000 and 1500 and day 21 are from memory, moderate.",
            "Days without a count, also after interpolation, are no dip; between two counts they may have been below "
            "500, and where they could make 14 days in a row the phenotype is null.",
            "Quick is without a second dip at or after day 21, intermittent with one after it: day 21 itself counts.",
            "Who is below 1000 from day 21 on without having recovered, and not aplastic, is slow: the source names "
            "three phenotypes only.",
        ),
    ),
)
