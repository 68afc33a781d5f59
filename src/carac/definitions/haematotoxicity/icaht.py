"""Immune effector cell-associated haematotoxicity (ICAHT), EHA/EBMT 2023: neutropenia after infusion.

Sources: Rejeski K, et al. Blood 2023;142:865-877, doi:10.1182/blood.2023020578 (`as_printed`); the open code of the
authors' group, emilyliangmd/automatedicahtgrading, commit c3e0109 (`as_in_authors_code`).

Input: lowest neutrophil count of each day, 10^9/L, compared in cells/µL (x 1000).
Output: grade 0 to 4, early (day 0 to 30) and late (day 31 to 100). Null is not grade 0: it means that there is no count
in the window, or that days without a count leave more than one grade possible.

Choices that the source leaves open, each a parameter: longest joined run or cumulated days; how long a recovery ends a
run; which days without a count are filled, and how; whether counts are rounded to 10; what "never above 500" means for
a late nadir, an early death or a day without a count; what ends the window; how two late counts are asked for; G-CSF.

The versions differ only in this: the authors' code rounds every early count to 10 (501 is then 500) and gives grade 4
also to a run that starts on day 0 to 3 and is still open on the last day. The late rule of both is the nadir with a
second count of at most 1500; the code does not round late counts.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import ibis
import ibis.expr.types as ir

from carac.definitions.haematotoxicity import (
    CENSORING,
    KEYS,
    ROUNDING,
    Alternatives,
    beside,
    comparator_parameter,
    counts,
    every_day,
    limits,
    low_flags,
    result,
    run_parameters,
    shared_outputs,
    tests_done,
    window_parameters,
    word,
)
from carac.language.bands import Bands
from carac.language.comparisons import Interval, agreed
from carac.language.definition import Certainty, Citation, Definition, Output, Rule, Status, Tables
from carac.language.runs import duration, half_to_even, joined_runs, reaches
from carac.parameters import Parameter, Value, Values, whole
from carac.vocabulary.types import Grain, Laboratory, Worse

NEUTROPHILS = Laboratory("neutrophils", Worse.LOWER)
CELLS_PER_MICROLITRE = 1000.0

SEVERE, PROFOUND = 500, 100
SEVERE_DAYS = Bands(at_least={14: 3, 7: 2, 1: 1})
PROFOUND_DAYS = Bands(at_least={14: 4, 7: 3})
NEVER_ABOVE = 4
LATE = Bands(at_most={100: 4, 500: 3, 1000: 2, 1500: 1})
LATE_SECOND = 1500

PRINTED, CODE = "as_printed", "as_in_authors_code"
SOURCE = "catalogue 2.1"

GCSF = Parameter(
    "gcsf_handling",
    "ignore",
    "whether G-CSF is ignored, flagged where given in the window, or ends the window on the day before it",
    ("ignore", "flag", "censor"),
    source=SOURCE,
)
GCSF_CLASS = "granulocyte_colony_stimulating_factor"


def _with_gcsf(tables: Tables, values: Values) -> tuple[Tables, ibis.Table | None]:
    """The tables with the window ended before G-CSF where asked for, and the infusions that had it in the window."""
    handling = word(values, "gcsf_handling")
    if handling == "ignore" or "treatments" not in tables.present:
        return tables, None
    given, first, last = tables.treatments, whole(values, "first_day"), whole(values, "last_day")
    in_window = (ibis.coalesce(given.end_day, given.start_day) >= first) & (given.start_day <= last)
    given = given.filter(given.agent_class == GCSF_CLASS, in_window)
    started = given.group_by(*KEYS).aggregate(gcsf_day=given.start_day.min())
    if handling == "flag":
        return tables, started
    joined = tables.infusions.left_join(started, list(KEYS))
    ended = ibis.least(joined.last_day.fill_null(last), joined.gcsf_day.fill_null(last + 1) - 1).cast("int32")
    infusions = joined.select(*KEYS, "first_day", *(f"{event}_day" for event in CENSORING), last_day=ended)
    return replace(tables, infusions=infusions), started


def _flagged(rows: ibis.Table, name: str, tables: Tables, given: ibis.Table | None) -> ibis.Table:
    """The result with its G-CSF flag; null where it was not asked for or the records hold no treatments."""
    if given is None:
        return rows.mutate(**{f"{name}__gcsf": ibis.null("boolean")})
    joined = rows.left_join(given, list(KEYS))
    return joined.select(*rows.columns, **{f"{name}__gcsf": joined.gcsf_day.notnull()})


def _compared(rows: ibis.Table, values: Values) -> tuple[ibis.Table, Interval]:
    """The rows and the counts that are compared: as measured or filled, or rounded to 10."""
    if word(values, "rounding") == "none":
        return rows, Interval(rows.low, rows.high)
    rows = rows.mutate(rounded_low=half_to_even(rows.low, 10.0), rounded_high=half_to_even(rows.high, 10.0))
    return rows, Interval(rows.rounded_low, rows.rounded_high)


def _early(name: str, tables: Tables, values: Values) -> ibis.Table:
    """Early ICAHT per infusion."""
    tables, given = _with_gcsf(tables, values)
    windows = limits(tables, values)
    tests = counts(tables, windows, values, NEUTROPHILS, CELLS_PER_MICROLITRE)
    days, count = _compared(every_day(tests, values), values)
    flagged = {
        flag: low
        for threshold in (SEVERE, PROFOUND)
        for flag, low in low_flags(count, word(values, "comparator"), threshold).items()
    }
    days = days.mutate(**flagged)
    # The other flags hold only where this one does.
    runs = joined_runs(days.filter(days[f"maybe_{SEVERE}"]), KEYS, "day", list(flagged), whole(values, "join_gap"))
    durations = {flag: duration(runs, "day", flag, word(values, "duration")) for flag in flagged}
    never = {f"never_{sure}": _never_above(runs, f"{sure}_{SEVERE}", values) for sure in ("surely", "maybe")}
    lows = runs.group_by(*KEYS).aggregate(
        unknown=runs.low.isnull().ifelse(1, 0).sum().cast("int32"),
        first_low=runs.surely_500.ifelse(runs.day, ibis.null("int32")).min(),
        **durations,
        **never,
    )
    absent: dict[str, Value] = {"unknown": 0, **dict.fromkeys(durations, 0), **dict.fromkeys(never, False)}
    graded = beside(windows, (tests_done(tests), {"counts": 0}), (lows, absent))
    lowest, highest = (
        ibis.greatest(
            SEVERE_DAYS.points(graded[f"{sure}_{SEVERE}"]),
            PROFOUND_DAYS.points(graded[f"{sure}_{PROFOUND}"]),
            graded[f"never_{sure}"].ifelse(NEVER_ABOVE, 0).cast("int8"),
        )
        for sure in ("surely", "maybe")
    )
    columns: dict[str, ir.Value] = {
        f"duration_{threshold}__{end}": graded[f"{sure}_{threshold}"]
        for threshold in (SEVERE, PROFOUND)
        for sure, end in (("surely", "lowest"), ("maybe", "highest"))
    }
    columns |= {"never_above_500": agreed(graded.never_surely, graded.never_maybe), "first_day": graded.first_low}
    columns |= {"last_day": graded.graded_to, "days_unknown": graded.unknown}
    return _flagged(result(tables, name, graded, columns, lowest, highest, graded.counts > 0), name, tables, given)


def _never_above(runs: ibis.Table, flag: str, values: Values) -> ir.BooleanScalar:
    """The limb "never above 500" by the parameter; an aggregate."""
    rule, first, last = word(values, "g4_rule"), whole(values, "first_day"), whole(values, "last_day")
    if rule == "start_d0_3_and_open":
        return reaches(runs, "day", flag, whole(values, "g4_latest_start"), "graded_to")
    low_days = runs[flag].ifelse(1, 0).sum()
    if rule == "strict_31_days":
        return low_days == last - first + 1
    return low_days == runs.graded_to.max() - runs.window_start.max() + 1


def _late(name: str, tables: Tables, values: Values) -> ibis.Table:
    """Late ICAHT per infusion: counts at most a threshold, wherever they lie in the window."""
    tables, given = _with_gcsf(tables, values)
    windows = limits(tables, values)
    # A day without a count is no test: it is neither low nor possibly low.
    tests, count = _compared(counts(tables, windows, values, NEUTROPHILS, CELLS_PER_MICROLITRE), values)
    low_tests = {
        flag: low.ifelse(1, 0).sum().cast("int32")
        for cut in LATE.cuts
        for flag, low in low_flags(count, word(values, "comparator"), cut.constant).items()
    }
    graded = beside(windows, (tests_done(tests, **low_tests), {"counts": 0}))
    lowest, highest = (_late_grade(graded, sure, word(values, "late_rule")) for sure in ("surely", "maybe"))
    columns: dict[str, ir.Value] = {"counts": graded.counts}
    columns |= {
        f"counts_{cut.constant:g}": agreed(graded[f"surely_{cut.constant:g}"], graded[f"maybe_{cut.constant:g}"])
        for cut in reversed(LATE.cuts)
    }
    enough = graded.counts >= whole(values, "late_minimum_values")
    return _flagged(result(tables, name, graded, columns, lowest, highest, enough), name, tables, given)


def _late_grade(graded: ibis.Table, sure: str, rule: str) -> ir.IntegerValue:
    """The worst threshold met; a single count is graded on itself."""
    single = graded.counts == 1
    second = graded[f"{sure}_{LATE_SECOND}"] >= 2
    branches = []
    for cut in LATE.cuts:
        low_counts = graded[f"{sure}_{cut.constant:g}"]
        if rule == "nadir_with_second":
            met = (low_counts >= 1) & (second | single)
        else:
            met = (low_counts >= 2) | ((low_counts >= 1) & single)
        branches.append((met, ibis.literal(cut.points, "int8")))
    return ibis.cases(*branches, else_=ibis.literal(0, "int8"))


def _early_parameters(preset: str) -> tuple[Parameter, ...]:
    code = preset == CODE
    return (
        *window_parameters(0, 30, ("death", "follow_up_end"), SOURCE),
        comparator_parameter("<=", SOURCE),
        *run_parameters("longest_joined", 2, "linear", 7, "nearest", SOURCE),
        Parameter(
            "rounding",
            "ten_half_to_even" if code else "none",
            "whether every count, measured or filled, is rounded to 10 cells/µL before it is compared",
            ROUNDING,
            source=SOURCE,
        ),
        Parameter(
            "g4_rule",
            "start_d0_3_and_open" if code else "strict_31_days",
            "what never above 500 means: a run that starts early and is open on the last day observed; every day of "
            "the whole window low; every day low up to death or last follow-up",
            ("start_d0_3_and_open", "strict_31_days", "never_above"),
            source=SOURCE,
        ),
        Parameter(
            "g4_latest_start", 3, "latest first day of the run under start_d0_3_and_open", lowest=0, source=SOURCE
        ),
        GCSF,
    )


def _late_parameters() -> tuple[Parameter, ...]:
    return (
        *window_parameters(31, 100, ("death", "follow_up_end", "progression", "next_therapy"), SOURCE),
        comparator_parameter("<=", SOURCE),
        Parameter("rounding", "none", "whether counts are rounded to 10 cells/µL before they are compared", ROUNDING),
        Parameter(
            "late_rule",
            "nadir_with_second",
            "whether the nadir is graded if a second count is at most 1500, or each threshold needs two counts",
            ("nadir_with_second", "each_threshold_twice"),
            source="catalogue 12 #5",
        ),
        Parameter("late_minimum_values", 1, "days with a count that a late grade needs", lowest=1, source=SOURCE),
        GCSF,
    )


PRINTED_CITATION = Citation(
    "Rejeski K, Subklewe M, Aljurf M, et al. Blood 2023;142:865-877", doi="10.1182/blood.2023020578"
)
CODE_CITATION = Citation(
    "Rejeski K, Subklewe M, Aljurf M, et al. Blood 2023;142:865-877, computed as in the open code of Liang EC, et al. "
    "(Bone Marrow Transplant 2024;59:910-917; github.com/emilyliangmd/automatedicahtgrading, commit c3e0109)",
    doi="10.1182/blood.2023020578",
)
GCSF_OUTPUT = Output(
    "__gcsf",
    "true where G-CSF was given in the window; null where gcsf_handling is ignore or treatments are absent",
    "boolean",
)
EARLY_OUTPUTS = (
    *shared_outputs(
        "0 no day at most 500/µL; 1 under 7 days at most 500; 2 for 7 to 13; 3 from 14, or 7 to 13 at most 100; "
        "4 never above 500, or from 14 at most 100.",
        "/uL",
        "day 0 to 30, to death or last follow-up if earlier",
        "the window has no count",
    ),
    *(
        Output(
            f"__duration_{threshold}__{end}",
            f"days at most {threshold}/µL by the duration rule, unknown days taken as {taken}; null without a count",
            "int32",
            "d",
        )
        for threshold in (SEVERE, PROFOUND)
        for end, taken in (("lowest", "above it"), ("highest", "not above it"))
    ),
    Output("__never_above_500", "whether the limb never above 500 holds; null where unknown days decide", "boolean"),
    Output(
        "__first_day", "first day surely at most 500/µL, measured or filled; null where there is none", "int32", "d"
    ),
    Output("__last_day", "last day of the window that was graded; null without a count", "int32", "d"),
    Output("__days_unknown", "days that stay without a count after filling; null without a count", "int32", "d"),
    GCSF_OUTPUT,
)
LATE_OUTPUTS = (
    *shared_outputs(
        "0 no count at most 1500/µL, or only one of several; 1 nadir at most 1500; 2 at most 1000; 3 at most 500; "
        "4 at most 100.",
        "/uL",
        "day 31 to 100, to the censoring event if earlier",
        "the window has fewer counts than late_minimum_values",
    ),
    Output("__counts", "days of the window with a count", "int32"),
    *(
        Output(
            f"__counts_{cut.constant:g}",
            f"counts at most {cut.constant:g}/µL; null where a range leaves it open",
            "int32",
        )
        for cut in reversed(LATE.cuts)
    ),
    GCSF_OUTPUT,
)


def _early_rules(name: str) -> tuple[Rule, ...]:
    days = {SEVERE: SEVERE_DAYS, PROFOUND: PROFOUND_DAYS}
    return (
        *(
            Rule(
                f"days_at_most_{threshold}",
                f"days with neutrophils at most {threshold}/µL, by the duration rule",
                "d",
                tuple((cut.comparison, cut.constant, cut.points) for cut in bands.cuts),
                column=f"{name}__duration_{threshold}__lowest",
            )
            for threshold, bands in days.items()
        ),
        Rule(
            "never_above_500", "days at most 500/µL of the 31 of day 0 to 30 (g4_rule)", "d", (("≥", 31, NEVER_ABOVE),)
        ),
    )


def _late_rules(name: str) -> tuple[Rule, ...]:
    cuts = tuple((cut.comparison, cut.constant, cut.points) for cut in LATE.cuts)
    return (
        Rule("nadir", "lowest neutrophil count, with a second at most 1500/µL", "/uL", cuts, column=f"{name}__nadir"),
    )


EARLY_CHOICES = (
    "Duration: the paper speaks of the duration of neutropenia, the authors' code takes the longest joined run; both "
    "versions take the run, joined over recoveries of at most two days, and cumulated days are a parameter.",
    "Days without a count: gaps of up to seven days are filled on the line between their neighbours, at the ends of "
    "the window with the nearest count; the text of the code says five, its command seven. Longer gaps stay unknown "
    "and widen the range, where the code counts them as recovered.",
    "Never above 500: the authors' two scripts disagree. As printed, all 31 days have to be low, so that a death "
    "before day 30 cannot give grade 4 by this limb; the code asks for a run from day 0 to 3 that is open on the last "
    "day.",
    "The window ends at death or last follow-up; the authors' code does not end early ICAHT at progression or next "
    "therapy.",
    "Neutropenia of the days before infusion does not count. G-CSF is ignored unless asked for.",
    "Rounding to 10 cells/µL makes 501 to 505 a low count in the version of the code.",
)
LATE_CHOICES = (
    "Two time points: the nadir is graded if a second count is at most 1500/µL; the stricter reading asks for two "
    "counts under each threshold.",
    "A single count after day 30 is graded on itself; late_minimum_values 2 leaves it ungraded.",
    "The window ends on day 100, which the printed text does not say, or at death, progression, next therapy or last "
    "follow-up.",
    "Days without a count are no tests and do not widen the range. Nothing is filled and nothing is rounded, as in the "
    "authors' code; so both versions agree.",
)


def _definition(when: str, preset: str) -> Definition:
    early = when == "early"
    name = f"icaht_{when}_{preset}"
    printed = preset == PRINTED
    return Definition(
        name=name,
        title=f"{when.capitalize()} ICAHT ({'day 0 to 30' if early else 'after day 30'}), {preset.replace('_', ' ')}",
        instrument="ICAHT",
        version=f"EHA/EBMT 2023, {preset.replace('_', ' ')}",
        citation=PRINTED_CITATION if printed else CODE_CITATION,
        status=Status.CONSENSUS if printed else Status.CONVENTION,
        certainty=Certainty.VERIFIED,
        population="patients after infusion of CAR T-cells or other immune effector cells",
        grain=Grain.INFUSION,
        inputs=(NEUTROPHILS,),
        typed_units=(("neutrophils", "/uL"),),
        outputs=EARLY_OUTPUTS if early else LATE_OUTPUTS,
        rows=partial(_early if early else _late, name),
        parameters=_early_parameters(preset) if early else _late_parameters(),
        rules=_early_rules(name) if early else _late_rules(name),
        lowest=0,
        highest=4,
        choices=EARLY_CHOICES if early else LATE_CHOICES,
    )


DEFINITIONS = tuple(_definition(when, preset) for when in ("early", "late") for preset in (PRINTED, CODE))

#: Other values for a sensitivity analysis; words and booleans come from the parameters themselves.
ALTERNATIVES = Alternatives(
    numbers={
        "join_gap": (0, 6),
        "maximum_gap": (0, 3, 5, 14),
        "g4_latest_start": (0, 7),
        "late_minimum_values": (2,),
    },
    idle={
        "maximum_gap": ("imputation", "none"),
        "end_gaps": ("imputation", "none"),
        "g4_latest_start": ("g4_rule", "strict_31_days"),
    },
)


def sensitivity_sets() -> dict[str, list[dict[str, Value]]]:
    """Per definition: the preset (no change), then each parameter alone at each of its other meaningful values."""
    return {definition.name: ALTERNATIVES.of(definition) for definition in DEFINITIONS}
