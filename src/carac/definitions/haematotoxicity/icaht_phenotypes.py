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
    whole,
    window_parameters,
)
from carac.language.comparisons import above, at_least, below
from carac.language.definition import Certainty, Citation, Definition, Output, Rule, Status, Tables, Values
from carac.language.runs import joined_runs, longest_run
from carac.parameters import Parameter
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
    days = days.filter(days.low.notnull())
    days = days.mutate(severe=below(days.high, SEVERE), dip=below(days.high, DIP).ifelse(1, 0))
    earlier = ibis.window(group_by=list(KEYS), order_by="day", preceding=(None, 1))
    days = days.mutate(after_dip=(days.dip.max().over(earlier) == 1).fill_null(False))
    days = days.mutate(recovery=(days.after_dip & above(days.low, RECOVERED)).ifelse(1, 0))
    days = days.mutate(after_recovery=(days.recovery.max().over(earlier) == 1).fill_null(False))
    late = days.day >= whole(values, "second_dip_from")
    runs = joined_runs(days.filter(days.severe), KEYS, "day", ["severe"], 0)
    longest = runs.group_by(*KEYS).aggregate(longest=longest_run(runs, "day", "severe"))
    found = days.group_by(*KEYS).aggregate(
        dips=days.dip.max(),
        late_days=late.ifelse(1, 0).sum(),
        late_dips=(late & (days.dip == 1)).ifelse(1, 0).max(),
        late_open=(late & ~at_least(days.low, DIP) & (days.dip == 0)).ifelse(1, 0).max(),
        second=(late & days.after_recovery & (days.dip == 1)).ifelse(1, 0).max(),
        second_day=(late & days.after_recovery & (days.dip == 1)).ifelse(days.day, ibis.null("int32")).min(),
    )
    found = found.left_join(longest, list(KEYS))
    aplastic = found.longest.fill_null(0) >= whole(values, "aplastic_days")
    word = ibis.cases(
        (aplastic, "aplastic"),
        (found.second == 1, "intermittent"),
        ((found.late_days == 0) | (found.late_open == 1), ibis.null("string")),
        (found.dips == 0, "none"),
        (found.late_dips == 0, "quick"),
        else_="slow",
    )
    return found.select(
        *KEYS,
        **{
            NAME: word,
            f"{NAME}__longest_below_500": found.longest.fill_null(0).cast("int32"),
            f"{NAME}__second_dip_day": found.second_day.cast("int32"),
        },
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
            "Days without a count, also after interpolation, say nothing.",
            "Who is below 1000 from day 21 on without having recovered, and not aplastic, is slow: the source names "
            "three phenotypes only.",
        ),
    ),
)
